import type * as z from "zod";
import { nearest } from "../../kernel/suggest.ts";
import { ACROSS } from "./across.ts";
import { keyText, SettingsDocument, type SettingsProblem } from "./document.ts";
import { knownKeys } from "./known-keys.ts";
import { wrongKind, wrongValue } from "./plain-words.ts";
import { SECTIONS, type SectionName } from "./section.ts";
import { withPlaces } from "./secret-setting.ts";

/** A settings file held against what sections are declared to be. */
export interface Examined {
  readonly document: SettingsDocument;
  /** By name, with their defaults; without those that are wrong or not in the file. */
  readonly values: ReadonlyMap<SectionName, unknown>;
  /** Sections that are wrong, as they would be without what is wrong in them; where that can be said. */
  readonly salvaged: ReadonlyMap<SectionName, unknown>;
  /** In the order of their places. */
  readonly problems: readonly SettingsProblem[];
}

/**
 * Reads the sections that are asked for, and tells everything that is wrong in them, and every section that
 * nobody knows. Never throws for what the file holds.
 *
 * @param path for messages
 */
export function examine(
  text: string,
  path: string,
  schemas: Readonly<Partial<Record<SectionName, z.ZodType>>>,
): Examined {
  const document = new SettingsDocument(text);
  const problems: SettingsProblem[] = [...document.broken];
  const values = new Map<SectionName, unknown>();
  const salvaged = new Map<SectionName, unknown>();
  const { content } = document;
  for (const key of Object.keys(content)) {
    if ((SECTIONS as readonly string[]).includes(key)) continue;
    const message = `is no section that is known here${meant(key, SECTIONS)}`;
    problems.push({ key, ...document.keyPlaceOf([key]), message });
  }
  for (const [name, schema] of Object.entries(schemas) as [SectionName, z.ZodType][]) {
    if (!Object.hasOwn(content, name)) continue;
    const read = schema.safeParse(content[name] ?? {});
    if (read.success) {
      const placeOf = (below: readonly PropertyKey[]): string => {
        const { line, column } = document.placeOf(below);
        return `${path}:${line}:${column} ${keyText(below)}`;
      };
      values.set(name, withPlaces(read.data, [name], placeOf));
    } else {
      problems.push(...read.error.issues.flatMap((issue) => told(issue, { schema, name, document })));
      const rest = salvage(schema, content[name]);
      if (rest !== undefined) salvaged.set(name, rest);
    }
  }
  problems.push(...contradictions(schemas, { document, values, salvaged }));
  return { document, values, salvaged, problems: problems.sort(byPlace) };
}

/** What sections say against each other; one that is wrong is taken as it would be without that. */
function contradictions(
  schemas: Readonly<Partial<Record<SectionName, z.ZodType>>>,
  { document, values, salvaged }: Omit<Examined, "problems">,
): SettingsProblem[] {
  return (Object.entries(schemas) as [SectionName, z.ZodType][]).flatMap(([name, schema]) => {
    const across = ACROSS.get(schema);
    const value = values.get(name) ?? salvaged.get(name);
    if (across === undefined || value === undefined || !Object.hasOwn(schemas, across.against)) return [];
    return across
      .contradictions(value, document.content[across.against])
      .map(({ path, message }) => ({ key: keyText(path), ...document.placeOf(path), message }));
  });
}

/** Keys that are not known are told together, at the place of what they are in; here each at its own. */
function told(
  issue: z.core.$ZodIssue,
  { schema, name, document }: { schema: z.ZodType; name: SectionName; document: SettingsDocument },
): SettingsProblem[] {
  const path = [name, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      key: keyText([...path, key]),
      ...document.keyPlaceOf([...path, key]),
      message: `is no key that is known here${meant(key, knownKeys(schema, issue.path))}`,
    }));
  }
  const words =
    issue.code === "invalid_type"
      ? wrongKind(issue, document.valueOf(path), knownKeys(schema, issue.path))
      : wrongValue(issue, document.valueOf(path));
  const message = document.has(path) ? (words ?? issue.message.split("\n")[0] ?? "") : "is missing";
  return [{ key: keyText(path), ...document.placeOf(path), message }];
}

function meant(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === undefined ? "" : `; did you mean ${near}?`;
}

/** Taking something out may bring another complaint; more rounds than these help nobody. */
const ROUNDS_MAX = 10;

/**
 * A section without the keys that are wrong, so that the rest of it can be held against what is there: all
 * mistakes are told together. Entries of lists stay, or every later one would have another place.
 */
function salvage(schema: z.ZodType, content: unknown): unknown {
  const rest: unknown = structuredClone(content);
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const read = schema.safeParse(rest);
    if (read.success) return read.data;
    const wrong = read.error.issues.flatMap((issue) =>
      issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [issue.path],
    );
    if (!wrong.every((path) => takeOut(rest, path))) return undefined;
  }
  return undefined;
}

function takeOut(from: unknown, path: readonly PropertyKey[]): boolean {
  const last = path.at(-1);
  let parent = from;
  for (const key of path.slice(0, -1)) {
    if (typeof parent !== "object" || parent === null) return false;
    parent = (parent as Record<PropertyKey, unknown>)[key];
  }
  if (last === undefined || typeof parent !== "object" || parent === null) return false;
  if (Array.isArray(parent) || !Object.hasOwn(parent, last)) return false;
  return Reflect.deleteProperty(parent, last);
}

function byPlace(a: SettingsProblem, b: SettingsProblem): number {
  return a.line - b.line || a.column - b.column;
}
