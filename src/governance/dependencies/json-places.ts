import { listed } from "../../kernel/listed.ts";
import { printableLine } from "../../kernel/printable.ts";
import { lineAt, withoutMark, type Placed, type PlacedEntry, type Trouble } from "./placed.ts";

/** Deeper than any manifest or lock file is, and shallow enough for the stack. */
const DEPTH_MAX = 100;

/** The tree, undefined where the text is no JSON; and everything that is wrong. */
export interface ReadText {
  readonly tree: Placed | undefined;
  readonly troubles: readonly Trouble[];
}

/**
 * Reads JSON with the lines of its keys. Keys that are there twice are troubles: programs do not agree on
 * which of the two counts.
 *
 * @param fix What to do where it is no JSON, a full sentence.
 */
export function readJson(given: string, fix: string): ReadText {
  const text = withoutMark(given);
  try {
    JSON.parse(text);
  } catch (error) {
    return { tree: undefined, troubles: [malformed(text, error, fix)] };
  }
  return new Scanner(text, fix).read();
}

function malformed(text: string, error: unknown, fix: string): Trouble {
  const said = error instanceof Error ? error.message : String(error);
  const offset = /at position (\d+)/.exec(said)?.[1];
  const cutShort = /Unexpected end/.test(said) || Number(offset) >= text.length;
  // Node's message quotes the text, of which a few words are enough.
  const why = printableLine(said.replace(/, .{0,60}"? is not valid JSON$/s, "")).slice(0, 120);
  if (text.trim() === "") return { line: 1, message: "the file is empty", fix };
  return {
    line: cutShort ? lineAt(text, text.length) : offset === undefined ? null : lineAt(text, Number(offset)),
    message: cutShort ? "the file is cut short: it ends in the middle of its JSON" : `no valid JSON: ${why}`,
    fix,
  };
}

/**
 * Goes through a text that JSON.parse has read, so that nothing is to be checked but what that does not
 * tell.
 */
class Scanner {
  readonly #text: string;
  readonly #fix: string;
  readonly #troubles: Trouble[] = [];
  #at = 0;
  #line = 1;

  constructor(text: string, fix: string) {
    this.#text = text;
    this.#fix = fix;
  }

  read(): ReadText {
    const tree = this.#value(0);
    return { tree, troubles: this.#troubles };
  }

  /** To the next character that is no space. */
  #next(): string {
    for (; ; this.#at += 1) {
      const character = this.#text[this.#at] as string;
      if (character === "\n") this.#line += 1;
      else if (character !== " " && character !== "\t" && character !== "\r") return character;
    }
  }

  #value(depth: number): Placed | undefined {
    if (depth > DEPTH_MAX) {
      const message = `values are nested more than ${DEPTH_MAX} deep`;
      this.#troubles.push({ line: this.#line, message, fix: this.#fix });
      this.#at = this.#text.length;
      return undefined;
    }
    const first = this.#next();
    if (first === "{") return this.#map(depth);
    if (first === "[") return this.#list(depth);
    const line = this.#line;
    if (first === '"') return { kind: "text", line, value: this.#string() };
    const rest = /[^\s,\]}]+/y;
    rest.lastIndex = this.#at;
    const [value] = rest.exec(this.#text) as RegExpExecArray;
    this.#at += value.length;
    return { kind: "other", line, value };
  }

  #map(depth: number): Placed | undefined {
    const line = this.#line;
    const entries = new Map<string, PlacedEntry>();
    const twice: string[] = [];
    let firstTwice: number | undefined;
    this.#at += 1;
    while (this.#next() !== "}") {
      const keyLine = this.#line;
      const key = this.#string();
      this.#next();
      this.#at += 1;
      const value = this.#value(depth + 1);
      if (value === undefined) return undefined;
      if (entries.has(key)) {
        firstTwice ??= keyLine;
        twice.push(`'${printableLine(key)}' (lines ${entries.get(key)?.line ?? "?"} and ${keyLine})`);
      }
      entries.set(key, { line: keyLine, value });
      if (this.#next() === ",") this.#at += 1;
    }
    this.#at += 1;
    if (firstTwice !== undefined) {
      this.#troubles.push({
        line: firstTwice,
        message: `the same key is there twice: ${listed(twice)}`,
        fix: "Keep one of the two: programs do not agree on which of them counts.",
      });
    }
    return { kind: "map", line, entries };
  }

  #list(depth: number): Placed | undefined {
    const line = this.#line;
    const items: Placed[] = [];
    this.#at += 1;
    while (this.#next() !== "]") {
      const value = this.#value(depth + 1);
      if (value === undefined) return undefined;
      items.push(value);
      if (this.#next() === ",") this.#at += 1;
    }
    this.#at += 1;
    return { kind: "list", line, items };
  }

  /** A string cannot hold a line feed, so that lines need no counting. */
  #string(): string {
    const start = this.#at;
    let end = this.#text.indexOf('"', start + 1);
    while (escaped(this.#text, end)) end = this.#text.indexOf('"', end + 1);
    this.#at = end + 1;
    const raw = this.#text.slice(start + 1, end);
    return raw.includes("\\") ? (JSON.parse(`"${raw}"`) as string) : raw;
  }
}

function escaped(text: string, quote: number): boolean {
  let slashes = 0;
  while (text[quote - 1 - slashes] === "\\") slashes += 1;
  return slashes % 2 === 1;
}
