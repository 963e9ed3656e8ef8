import { textMatching } from "./pattern-text.ts";

/** What conditions on a column speak of: the likeliest values to satisfy them. */
export interface Hints {
  /** Texts they compare with. */
  readonly texts: readonly string[];
  /** Numbers they compare with, and the next ones. */
  readonly numbers: readonly string[];
  /** Lengths they ask for. */
  readonly lengths: readonly number[];
  /** Regular expressions and LIKE patterns, these as regular expressions. */
  readonly patterns: readonly string[];
}

const LITERAL = /[eE]?'((?:[^']|'')*)'/g;
const LENGTH = /length|cardinality|array_upper|array_ndims/i;
/** Longest value that is made because a condition speaks of a number beside a length. */
const LENGTH_MAX = 4096;

/** @param conditions as the server prints them */
export function hintsIn(conditions: readonly string[]): Hints {
  const patterns = conditions.flatMap(patternsIn);
  const texts = conditions.flatMap((condition) =>
    [...condition.matchAll(LITERAL)].map(([, text]) => unquoted(text!)),
  );
  const found = conditions.flatMap((condition) =>
    [
      ...condition
        .replace(LITERAL, (literal) =>
          /^'-?\d+(?:\.\d+)?'$/.test(literal) ? literal.replaceAll("'", " ") : "",
        )
        .matchAll(/(?<![\w.])-?\d+(?:\.\d+)?/g),
    ].map(([number]) => number),
  );
  const numbers = found.flatMap((number) => [number, String(Number(number) + 1), String(Number(number) - 1)]);
  const lengths = conditions.some((condition) => LENGTH.test(condition))
    ? numbers.map(Number).filter((each) => Number.isInteger(each) && each >= 0 && each <= LENGTH_MAX)
    : [];
  return {
    texts: [...new Set(texts)].filter((text) => !patterns.includes(text)),
    numbers: [...new Set(numbers)],
    lengths: [...new Set(lengths)],
    patterns,
  };
}

function unquoted(literal: string): string {
  return literal.replaceAll("''", "'");
}

/** `x ~ 'expression'`, `x ~~ 'pattern'`; what is to be matched not is no hint. */
function patternsIn(condition: string): string[] {
  return [...condition.matchAll(/(?<!!)(~~?)(\*?) (?:\(?ANY \(ARRAY\[)?'((?:[^']|'')*)'/g)].map(
    ([, operator, , text]) => (operator === "~" ? unquoted(text!) : fromLike(unquoted(text!))),
  );
}

/** https://www.postgresql.org/docs/current/functions-matching.html#FUNCTIONS-LIKE */
function fromLike(pattern: string): string {
  return pattern.replace(
    /\\(.)|(%)|(_)|([^\w\s])/g,
    (
      _,
      escaped: string | undefined,
      any: string | undefined,
      one: string | undefined,
      other: string | undefined,
    ) =>
      escaped !== undefined
        ? `\\${escaped}`
        : any !== undefined
          ? "[a-z]*"
          : one !== undefined
            ? "[a-z]"
            : `\\${other!}`,
  );
}

/** Texts for a row that these hints lead to: of a length, of a pattern, of both. */
export function textsOf({ texts, numbers, lengths, patterns }: Hints, row: number): string[] {
  const matching = patterns.flatMap((pattern) => textMatching(pattern, row) ?? []);
  const long = lengths.map((length) =>
    `${row}`
      .padStart(Math.min(length, 8), "c")
      .slice(-Math.max(length, 0))
      .padEnd(length, "c")
      .slice(0, length),
  );
  return [...new Set([...matching, ...texts, ...long, ...numbers])];
}
