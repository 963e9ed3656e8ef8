import { basename, dirname } from "node:path";
import { isNode, LineCounter, parseDocument, type Document } from "yaml";
import type * as z from "zod";
import { HoldfastError } from "../../kernel/errors.ts";
import type { SourceTree } from "../../ports/source-tree.ts";
import { protection, type Protection } from "./settings.ts";

/**
 * The section `protection` of a settings file; a stop-gap until settings are a noun, and the only place that
 * knows how they are read. Every problem is told, each with line and column.
 *
 * @throws input.malformed; source.missing, source.unreadable
 */
export async function readProtection(tree: Pick<SourceTree, "files">, path: string): Promise<Protection> {
  const { files } = await tree.files(dirname(path), (each) => each === basename(path));
  const [file] = files;
  if (file === undefined) {
    throw new HoldfastError("input.malformed", `there is no settings file ${path}`, {
      hint: "Give its path with --settings, from the folder you are in; a link is not followed.",
    });
  }
  const lines = new LineCounter();
  const document = parseDocument(file.bytes.toString("utf8"), { lineCounter: lines });
  const [broken] = document.errors;
  if (broken !== undefined) throw wrong(path, [at(lines, broken.pos[0], broken.message)]);
  const { protection: section } = contentOf(document, path);
  const read = protection.safeParse(section ?? {});
  if (read.success) return read.data;
  const issues = read.error.issues.flatMap(oneByOne);
  throw wrong(
    path,
    issues.map((issue) => located(document, lines, issue)),
  );
}

/** How often what is referred to may be repeated; a file of a few bytes could fill the memory. */
const ALIASES_MAX = 100;

function contentOf(document: Document, path: string): { readonly protection?: unknown } {
  try {
    return (document.toJS({ maxAliasCount: ALIASES_MAX }) ?? {}) as { protection?: unknown };
  } catch (error) {
    throw wrong(path, [error instanceof Error ? error.message : "its references cannot be followed"]);
  }
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
  const path = ["protection", ...issue.path.map(String)];
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
