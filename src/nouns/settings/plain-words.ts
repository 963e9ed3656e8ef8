import type * as z from "zod";

/** Of a value that is of another kind than is wanted, what it is and how the wanted one is written. */
export function wrongKind(
  issue: z.core.$ZodIssueInvalidType,
  value: unknown,
  keys: readonly string[],
): string | undefined {
  const wanted = WANTED[issue.expected];
  if (wanted === undefined) return undefined;
  const [noun, how] = wanted;
  const is = kindOf(value);
  if (noun === "a map" && keys[0] !== undefined) return `is ${is}, and a map is wanted: { ${keys[0]}: … }`;
  return `is ${is}, and ${noun} is wanted: ${how}`;
}

/** By zod's words: a noun, and how it is written. The value itself is not repeated: it might be a secret. */
const WANTED: Readonly<Partial<Record<string, readonly [string, string]>>> = {
  object: ["a map", "{ key: value }, or a line for each"],
  record: ["a map", "{ key: value }, or a line for each"],
  array: ["a list", "[one, another], or a line with a dash for each"],
  boolean: ["true or false", "write it so, without quotes; yes and no are texts"],
  number: ["a number", "write it without quotes"],
  int: ["a number", "write it without quotes"],
  string: ["a text", "put it into quotes"],
};

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  if (typeof value === "boolean") return "true or false";
  return typeof value === "string" ? "a text" : "a number";
}

/** What YAML's own words leave to be guessed, by a part of them. */
const MEANT: readonly (readonly [RegExp, string])[] = [
  [/^Alias cannot be an empty string/, 'a value that begins with * is to be in quotes: "*"'],
  [/^Unresolved alias/, 'a value that begins with * is to be in quotes, as in "*.md"'],
  [/^Unresolved tag/, 'a value that begins with ! is to be in quotes, as in "!docs/**"'],
  [/^Anchor /, 'a value that begins with & is to be in quotes: "&"'],
  [/cannot start with (?:reserved character|directive indicator|.* character)/, "put the value into quotes"],
  [/^Nested mappings/, 'a value that holds ": " is to be in quotes'],
  [/^Map keys must be unique/, "what is below both belongs below one"],
];

/** YAML's words for a mistake, and ours after them where they say what to do. */
export function yamlWords(message: string): string {
  const [, meant] = MEANT.find(([words]) => words.test(message)) ?? [];
  return meant === undefined ? message : `${message}; ${meant}`;
}

/** The place of the first conflict that `git merge` has left; -1 where there is none. */
export function conflictAt(text: string): number {
  return /^>{7}(?: |\r?$)/m.test(text) ? text.search(/^<{7}(?: |\r?$)/m) : -1;
}

/** Where a text says `*name` first; 0 where it does not. */
export function aliasAt(text: string, message: string): number {
  const [, name] = /^Unresolved alias .*: (.+)$/.exec(message) ?? [];
  return name === undefined ? 0 : Math.max(0, text.indexOf(`*${name}`));
}
