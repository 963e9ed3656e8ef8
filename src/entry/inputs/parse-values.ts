import type { InputSpec } from "../../commands/define.ts";
import { parseDuration } from "../../kernel/duration.ts";
import { Secret } from "../../kernel/secret.ts";
import { nearest } from "../../kernel/suggest.ts";

/** What a person wrote is not understood; `accepts` completes the sentence "… which is not …". */
export class MalformedValue extends Error {
  readonly accepts: string;
  readonly shown: string;

  constructor(shown: string, accepts: string) {
    super(accepts);
    this.shown = shown;
    this.accepts = accepts;
  }
}

const TRUE = /^(true|True|TRUE)$/;
const FALSE = /^(false|False|FALSE)$/;

/**
 * Turns the text of one input into its value.
 *
 * @param texts what was written: one element, or several for a repeated list flag
 * @throws MalformedValue; never holds the text of a secret
 */
export function parseValue(spec: InputSpec, texts: readonly string[]): unknown {
  const text = (texts.at(-1) ?? "").trim();
  switch (spec.type) {
    case "secret":
      return new Secret(text);
    case "string":
      if (spec.pattern !== undefined && !spec.pattern.test(text)) {
        throw new MalformedValue(
          text,
          `${spec.accepts ?? `text matching ${spec.pattern}`}${didYouMean(text, spec.words ?? [])}`,
        );
      }
      return text;
    case "choice":
      return parseChoice(text, spec.choices);
    case "list":
      return parseList(spec, texts);
    case "boolean":
      if (TRUE.test(text)) return true;
      if (FALSE.test(text)) return false;
      throw new MalformedValue(text, "true or false");
    case "integer":
      return parseInteger(text, spec.min, spec.max);
    case "duration":
      return parsePositiveDuration(text);
    case "instant":
      return parseInstant(text);
  }
}

function parseChoice(text: string, choices: readonly string[]): string {
  if (choices.includes(text)) return text;
  throw new MalformedValue(text, `one of ${choices.join(", ")}${didYouMean(text, choices)}`);
}

function didYouMean(text: string, words: readonly string[]): string {
  const near = nearest(text, words);
  return near === undefined ? "" : ` (did you mean ${near}?)`;
}

function parseList(spec: InputSpec & { type: "list" }, texts: readonly string[]): readonly string[] {
  const items = texts
    .flatMap((text) => text.split(spec.oneALine === true ? /\r?\n/ : /[,\n]/))
    .map((item) => item.trim())
    .filter((item) => item !== "");
  for (const item of items) {
    if (spec.choices !== undefined) parseChoice(item, spec.choices);
    if (spec.pattern !== undefined && !spec.pattern.test(item)) {
      throw new MalformedValue(item, spec.accepts ?? `text matching ${spec.pattern}`);
    }
  }
  return Object.freeze([...new Set(items)]);
}

function parseInteger(text: string, min: number, max: number): number {
  const value = Number(text);
  if (!/^[+-]?\d+$/.test(text) || value < min || value > max) {
    throw new MalformedValue(text, `a whole number from ${min} to ${max}`);
  }
  return value;
}

function parsePositiveDuration(text: string): number {
  try {
    const value = parseDuration(text, "it");
    if (value > 0) return value;
  } catch {
    // The accepted form is said below, in the words every other input uses.
  }
  throw new MalformedValue(
    text,
    "a duration above zero: a number and a unit, such as 45s, 30m, 1h30m, 7d or 2w",
  );
}

/**
 * A day means its last moment in UTC, so that "before 2026-11-22" includes the backups of that day's
 * morning and evening.
 */
function parseInstant(text: string): Date {
  const accepts = "a day (2026-11-22) or an instant with a time zone (2026-11-22T18:30:00Z)";
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text);
  if (!day && !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/.test(text)) {
    throw new MalformedValue(text, accepts);
  }
  const value = new Date(day ? `${text}T23:59:59.999Z` : text);
  // JavaScript reads 2026-02-30 as 2 March; a day that does not exist must not become another one in silence.
  const [year, month, date] = text.slice(0, 10).split("-").map(Number) as [number, number, number];
  const existing = new Date(Date.UTC(year, month - 1, date)).getUTCDate() === date;
  if (Number.isNaN(value.getTime()) || !existing) throw new MalformedValue(text, `${accepts} that exists`);
  return value;
}
