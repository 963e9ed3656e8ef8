import { anyOf } from "../../../kernel/pattern.ts";

/**
 * One spelling for what the server prints of an expression or query.
 *
 * Printing a definition and reading it back does not always print the same again, so a faithful copy
 * would look changed:
 *
 * - `x IN ('a', 'b')` on a varchar prints `(ARRAY['a'::character varying, …])::text[]`, and after a restore
 *   `ARRAY[('a'::character varying)::text, …]`: casts are moved to the elements;
 * - `a BETWEEN 1 AND 2 AND b` prints nested `AND`s, and after a restore one flat list: nested lists of the
 *   same operator are made flat, which cannot change their meaning.
 *
 * PostgreSQL's own upgrade tests work around the same two (src/test/perl/PostgreSQL/Test/AdjustUpgrade.pm).
 */
export function canonical(definition: string): string {
  const tokens = tokensOf(definition);
  const items = readItems({ tokens, next: 0 });
  return write(rewrite(items));
}

/**
 * Quoted strings, dollar quotes, quoted identifiers, words and numbers, casts, single characters. White
 * space separates.
 */
function tokensOf(definition: string): string[] {
  const tokens: string[] = [];
  for (let at = 0; at < definition.length;) {
    const length = quotedAt(definition, at) ?? matchAt(PLAIN, definition, at)?.length;
    if (length === undefined) at += 1;
    else {
      tokens.push(definition.slice(at, at + length));
      at += length;
    }
  }
  return tokens;
}

/** Words, numbers, casts, single characters. */
const PLAIN = /[\p{L}_][\p{L}\p{N}_$]*|\d[\w.]*|::|\S/uy;
const OPENING = anyOf(/[EeBbXxUuNn]?'/y, /"/y, /\$(?:[A-Za-z_]\w*)?\$/y);

/** How long what is quoted from there on is; undefined where nothing is, or what is opened never closed. */
function quotedAt(text: string, at: number): number | undefined {
  const opening = matchAt(OPENING, text, at);
  if (opening === undefined) return undefined;
  const from = at + opening.length;
  const end = opening.startsWith("$") ? text.indexOf(opening, from) : closing(text, from, opening.at(-1)!);
  return end === -1 ? undefined : end - at + (opening.startsWith("$") ? opening.length : 1);
}

/** The place of the quote that ends it; two of them are one of the text. */
function closing(text: string, from: number, quote: string): number {
  for (let at = text.indexOf(quote, from); at !== -1; at = text.indexOf(quote, at + 2)) {
    if (text[at + 1] !== quote) return at;
  }
  return -1;
}

function matchAt(sticky: RegExp, text: string, at: number): string | undefined {
  sticky.lastIndex = at;
  return sticky.exec(text)?.[0];
}

/** A word, or a bracketed group. */
type Item = string | Group;
interface Group {
  readonly open: "(" | "[";
  readonly items: readonly Item[];
}

const CLOSING = { "(": ")", "[": "]" } as const;

function readItems(input: { tokens: readonly string[]; next: number }, until?: string): Item[] {
  const items: Item[] = [];
  while (input.next < input.tokens.length) {
    const token = input.tokens[input.next]!;
    input.next += 1;
    if (token === until) return items;
    if (token === "(" || token === "[") items.push({ open: token, items: readItems(input, CLOSING[token]) });
    else items.push(token);
  }
  return items;
}

function rewrite(items: readonly Item[]): Item[] {
  const inner = items.map((item) =>
    typeof item === "string" ? item : { ...item, items: rewrite(item.items) },
  );
  return flatten(pushCasts(inner));
}

/** `(ARRAY[a, b])::type[]` → `ARRAY[(a)::type, (b)::type]`. */
function pushCasts(items: readonly Item[]): Item[] {
  const result: Item[] = [];
  for (let at = 0; at < items.length; at += 1) {
    const item = items[at]!;
    const elements = arrayElements(item);
    const cast = elements === undefined ? undefined : arrayCast(items, at + 1);
    if (elements === undefined || cast === undefined) {
      result.push(item);
      continue;
    }
    const moved = elements.flatMap((element, index): Item[] => [
      ...(index > 0 ? [","] : []),
      { open: "(", items: element },
      "::",
      ...cast.type,
    ]);
    result.push("ARRAY", { open: "[", items: moved });
    at = cast.last;
  }
  return result;
}

/** The elements of `(ARRAY[…])`, each as its items, or undefined when the item is something else. */
function arrayElements(item: Item): Item[][] | undefined {
  if (typeof item === "string" || item.open !== "(" || item.items.length !== 2 || item.items[0] !== "ARRAY") {
    return undefined;
  }
  const list = item.items[1]!;
  if (typeof list === "string" || list.open !== "[") return undefined;
  const elements: Item[][] = [[]];
  for (const each of list.items) {
    if (each === ",") elements.push([]);
    else elements.at(-1)!.push(each);
  }
  return elements;
}

const WORD = /^[\p{L}_"]/u;

/**
 * `:: some type [ ]` from position `at`: the type without its brackets, and the position of the last item.
 */
function arrayCast(items: readonly Item[], at: number): { type: Item[]; last: number } | undefined {
  if (items[at] !== "::") return undefined;
  const type: Item[] = [];
  for (let position = at + 1; position < items.length; position += 1) {
    const item = items[position]!;
    if (typeof item !== "string" && item.open === "[") {
      return item.items.length === 0 && type.length > 0 ? { type, last: position } : undefined;
    }
    if (typeof item === "string" ? item !== "." && !WORD.test(item) : false) return undefined;
    type.push(item);
  }
  return undefined;
}

/**
 * Where a group's operands are all joined by one of AND, OR, and an operand is itself such a group in
 * brackets, takes the brackets off.
 */
function flatten(items: readonly Item[]): Item[] {
  const operator = ["AND", "OR"].find((word) => items.includes(word));
  if (operator === undefined) return [...items];
  return items.flatMap((item, at): Item[] => {
    const standsAlone = isEdge(items[at - 1], operator) && isEdge(items[at + 1], operator);
    return standsAlone && typeof item !== "string" && item.open === "(" && isList(item.items, operator)
      ? [...item.items]
      : [item];
  });
}

function isEdge(item: Item | undefined, operator: string): boolean {
  return item === undefined || item === operator;
}

/** True for `(…) AND (…) AND …`: brackets around every operand, so that nothing else can hide between. */
function isList(items: readonly Item[], operator: string): boolean {
  return (
    items.length >= 3 &&
    items.length % 2 === 1 &&
    items.every((item, at) =>
      at % 2 === 1 ? item === operator : typeof item !== "string" && item.open === "(",
    )
  );
}

function write(items: readonly Item[]): string {
  return items
    .map((item) =>
      typeof item === "string" ? item : `${item.open} ${write(item.items)} ${CLOSING[item.open]}`,
    )
    .join(" ");
}
