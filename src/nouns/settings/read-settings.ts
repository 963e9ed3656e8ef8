import { isNode, LineCounter, parseDocument, type Document } from "yaml";
import type * as z from "zod";
import { HoldfastError } from "../../kernel/errors.ts";

/** Sections that a settings file may have; whose each is, the wing says that reads it. */
export const SECTIONS = ["policy", "coverage", "dependencies", "protection"] as const;

/** One section's name. */
export type SectionName = (typeof SECTIONS)[number];

type Schemas = Partial<Readonly<Record<SectionName, z.ZodType>>>;

/** What a settings file says, section by section; undefined where it has no such section. */
export type Settings<S extends Schemas> = {
  readonly [K in keyof S]: S[K] extends z.ZodType<infer T> ? T | undefined : never;
};

/**
 * Reads the sections that are asked for. Everything that is wrong in them is told together, each with line
 * and column, and so is a section that nobody knows.
 *
 * @param path for messages
 * @throws input.malformed
 */
export function readSettings<const S extends Schemas>(text: string, path: string, schemas: S): Settings<S> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const broken = document.errors.map(({ pos, message }) => at(lines, pos[0], message));
  if (broken.length > 0) throw wrong(path, broken);
  const content = contentOf(document, path);
  const problems: string[] = Object.keys(content)
    .filter((key) => !(SECTIONS as readonly string[]).includes(key))
    .map((key) => located(document, lines, { path: [key], message: "is no section that is known here" }));
  const read: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(schemas)) {
    if (!(name in content)) continue;
    const section = schema.safeParse(content[name] ?? {});
    if (section.success) read[name] = section.data;
    else {
      problems.push(
        ...section.error.issues
          .flatMap(oneByOne)
          .map((issue) => located(document, lines, { ...issue, path: [name, ...issue.path] })),
      );
    }
  }
  if (problems.length > 0) throw wrong(path, problems);
  return read as Settings<S>;
}

/** How often what is referred to may be repeated; a file of a few bytes could fill the memory. */
const ALIASES_MAX = 100;

function contentOf(document: Document, path: string): Readonly<Record<string, unknown>> {
  let content: unknown;
  try {
    content = document.toJS({ maxAliasCount: ALIASES_MAX }) ?? {};
  } catch (error) {
    throw wrong(path, [error instanceof Error ? error.message : "its references cannot be followed"]);
  }
  if (typeof content === "object" && content !== null && !Array.isArray(content)) {
    return content as Record<string, unknown>;
  }
  throw wrong(path, ["1:1 it is no map of sections"]);
}

interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Keys that are not known are told together, at the place of what they are in; here each at its own. */
function oneByOne(issue: z.core.$ZodIssue): Problem[] {
  if (issue.code !== "unrecognized_keys") return [issue];
  return issue.keys.map((key) => ({ path: [...issue.path, key], message: "is no key that is known here" }));
}

function located(document: Document, lines: LineCounter, issue: Problem): string {
  const path = issue.path.map(String);
  const key = path.join(".");
  for (let depth = path.length; depth > 0; depth -= 1) {
    const node = document.getIn(path.slice(0, depth), true);
    const start = isNode(node) ? node.range?.[0] : undefined;
    if (start !== undefined) return at(lines, start, `${key}: ${issue.message}`);
  }
  return `${key}: ${issue.message}`;
}

function at(lines: LineCounter, offset: number, text: string): string {
  const { line, col } = lines.linePos(offset);
  return `${line}:${col} ${text.split("\n")[0] ?? ""}`;
}

function wrong(path: string, problems: readonly string[]): HoldfastError {
  const list = problems.map((each) => `  - ${each}`).join("\n");
  return new HoldfastError("input.malformed", `the settings in ${path} are wrong:\n${list}`, {
    hint: "Correct all of them; nothing was asked and nothing was changed.",
  });
}
