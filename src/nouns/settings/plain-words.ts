import type * as z from "zod";
import { nearest } from "../../kernel/suggest.ts";

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

/** How zod's own messages begin; what schemas say by themselves stays. */
const OF_ZOD = /^(?:Invalid|Too big|Too small)\b/;

/**
 * What is wrong with a value of the right kind, where the schema has no words of its own for it. The value is
 * not repeated: it might be a secret.
 */
export function wrongValue(issue: z.core.$ZodIssue, value: unknown): string | undefined {
  if (!OF_ZOD.test(issue.message)) return undefined;
  if (issue.code === "invalid_value") return noneOf(issue.values.map(String), value);
  if (issue.code === "invalid_union") {
    return noneOf(issue.errors.map((ways) => ways[0]).flatMap(wantedBy), value);
  }
  if (issue.code === "too_small") return tooSmall(issue);
  if (issue.code === "too_big") return tooBig(issue);
  if (issue.code !== "not_multiple_of") return undefined;
  return issue.divisor === 0.01
    ? "has more than two digits behind the point"
    : `is no multiple of ${issue.divisor}`;
}

function noneOf(wanted: readonly string[], value: unknown): string {
  const all = wanted.join(", ");
  if (typeof value !== "string" && !wanted.includes("a number")) {
    // `false` is what other tools take for it.
    const near = value === false && wanted.includes("off") ? "; did you mean off?" : "";
    return `is ${kindOf(value)}, and one of ${all} is wanted${near}`;
  }
  const near = typeof value === "string" ? nearest(value, wanted) : undefined;
  return `is none of ${all}${near === undefined ? "" : `; did you mean ${near}?`}`;
}

/** What one way of a union would take. */
function wantedBy(issue: z.core.$ZodIssue | undefined): string[] {
  if (issue?.code === "invalid_value") return issue.values.map(String);
  const noun = issue?.code === "invalid_type" ? WANTED[issue.expected]?.[0] : undefined;
  return noun === undefined ? [] : [noun];
}

function tooSmall({ origin, minimum, inclusive }: z.core.$ZodIssueTooSmall): string {
  const isOne = Number(minimum) === 1;
  if (origin === "string" && isOne) return "is empty";
  if (origin === "array" && isOne) return "is an empty list, and one entry at least is wanted";
  const least = `${inclusive === false ? "more than" : "at least"} ${minimum}`;
  return `is too small: ${least}${countOf(origin)} wanted`;
}

function tooBig({ origin, maximum, inclusive }: z.core.$ZodIssueTooBig): string {
  const what = origin === "string" || origin === "array" ? "is too long" : "is too large";
  const most = `${inclusive === false ? "less than" : "at most"} ${maximum}`;
  return `${what}: ${most}${countOf(origin)} allowed`;
}

function countOf(origin: string): string {
  return { string: " characters are", array: " entries are" }[origin] ?? " is";
}

/** What YAML's own words leave to be guessed: a part of them, and what is said in their place. */
const MEANT: readonly (readonly [RegExp, string])[] = [
  [/^Alias cannot be an empty string/, 'a value that begins with * is to be in quotes: "*"'],
  [
    /^Unresolved alias/,
    'there is no anchor of this name; a value that begins with * is to be in quotes, as in "*.md"',
  ],
  [/^Unresolved tag/, 'a value that begins with ! is to be in quotes, as in "!docs/**"'],
  [/^Anchor /, 'a value that begins with & is to be in quotes: "&"'],
  [
    /cannot start with (?:reserved character|directive indicator|.* character)/,
    "a value that begins with this sign is to be in quotes",
  ],
  [/^Nested mappings/, 'a value that holds ": " is to be in quotes'],
  [/^Map keys must be unique/, "this key is here twice: what is below both belongs below one"],
  [/^Tabs are not allowed/, "lines are indented by spaces, and this one by a tab"],
];

/** YAML's words for a mistake, or ours where those leave to be guessed what to do. */
export function yamlWords(message: string): string {
  return MEANT.find(([words]) => words.test(message))?.[1] ?? message;
}

/** The place of the first conflict that `git merge` has left; -1 where there is none. */
export function conflictAt(text: string): number {
  return /^>{7}(?: |\r?$)/m.test(text) ? text.search(/^<{7}(?: |\r?$)/m) : -1;
}

/** Where a text says `*name` first; 0 where it does not. */
export function aliasAt(text: string, message: string): number {
  const [, name] = /^Unresolved alias [^:]*: (.+)$/.exec(message) ?? [];
  return name === undefined ? 0 : Math.max(0, text.indexOf(`*${name}`));
}
