/** The text with blanks for everything quoted and every comment, and the same line ends. */
export function withoutQuoted(text: string): string {
  return blanked(text, () => true);
}

/** The same, but quoted names stay. */
export function withoutTexts(text: string): string {
  return blanked(text, (from) => text[from] !== '"');
}

function blanked(text: string, isBlanked: (from: number) => boolean): string {
  const parts: string[] = [];
  let at = 0;
  for (const { from, to } of quotedIn(text)) {
    if (!isBlanked(from)) continue;
    parts.push(text.slice(at, from), text.slice(from, to).replace(/[^\n]/g, " "));
    at = to;
  }
  return parts.join("") + text.slice(at);
}

/** A comment, of a line or of a block. */
export interface Comment {
  /** With what begins and ends it. */
  readonly text: string;
  /** Where it begins, in UTF-16 code units. */
  readonly start: number;
}

/** Every comment; what looks like one in a literal or a function's body is none. */
export function* comments(text: string): Generator<Comment> {
  for (const { from, to } of quotedIn(text)) {
    if (text.startsWith("--", from) || text.startsWith("/*", from)) {
      yield { text: text.slice(from, to), start: from };
    }
  }
}

/** Comments that end with their line. */
export function* lineComments(text: string): Generator<Comment> {
  for (const comment of comments(text)) if (comment.text.startsWith("--")) yield comment;
}

/**
 * Everything in which words are text: comments, literals, dollar quotes, quoted names; a doubled quote makes
 * two of one, which is the same here. What is opened and never closed is none. By hand, because a script may
 * come from anybody: the time this takes grows with the script's length and no faster, whatever is in it.
 * https://www.postgresql.org/docs/current/sql-syntax-lexical.html
 */
function* quotedIn(text: string): Generator<{ readonly from: number; readonly to: number }> {
  const opening = /--|\/\*|['"$]/g;
  const dollars = new DollarQuotes(text);
  for (let found = opening.exec(text); found !== null; found = opening.exec(text)) {
    const [mark] = found;
    const isEscaping = mark === "'" && isEscapeString(text, found.index);
    const from = isEscaping ? found.index - 1 : found.index;
    const to = endOf(text, found.index, mark, { isEscaping, dollars });
    if (to === undefined) continue;
    opening.lastIndex = to;
    yield { from, to };
  }
}

/** Where what begins at a mark ends; undefined where it never does. */
function endOf(
  text: string,
  at: number,
  mark: string,
  { isEscaping, dollars }: { readonly isEscaping: boolean; readonly dollars: DollarQuotes },
): number | undefined {
  if (mark === "--") return after(text.indexOf("\n", at), 0) ?? text.length;
  if (mark === "/*") return commentEnd(text, at);
  if (mark === "$") return dollars.end(at);
  return isEscaping ? escapeStringEnd(text, at + 1) : after(text.indexOf(mark, at + 1), 1);
}

function after(found: number, length: number): number | undefined {
  return found === -1 ? undefined : found + length;
}

/** What may stand in a name, so that what follows it begins nothing. */
const IN_NAME = /[\w$\u0080-\uffff]/;

/** `E'…'`, where a backslash takes what follows it; `type'…'` is a name before a literal. */
function isEscapeString(text: string, quote: number): boolean {
  const isMarked = text[quote - 1] === "e" || text[quote - 1] === "E";
  return isMarked && !IN_NAME.test(text[quote - 2] ?? "");
}

function escapeStringEnd(text: string, from: number): number | undefined {
  const special = /['\\]/g;
  special.lastIndex = from;
  for (let found = special.exec(text); found !== null; found = special.exec(text)) {
    if (found[0] === "\\") special.lastIndex += 1;
    else if (text[found.index + 1] === "'") special.lastIndex += 1;
    else return found.index + 1;
  }
  return undefined;
}

/** Dollar quotes of a text: where each tag stands is looked for once, and not from each of them on. */
class DollarQuotes {
  readonly #text: string;
  /** Tag → places of its `$tag$`, in order. */
  #places: Map<string, number[]> | undefined;
  /** How far into the places of a tag the reading has come. */
  readonly #reached = new Map<string, number>();

  constructor(text: string) {
    this.#text = text;
  }

  /** Where the quote ends that begins at a `$`, if one does. */
  end(from: number): number | undefined {
    if (IN_NAME.test(this.#text[from - 1] ?? "")) return undefined;
    const tag = tagAt(this.#text, from);
    if (tag === undefined) return undefined;
    const places = this.#read().get(tag) ?? [];
    let next = this.#reached.get(tag) ?? 0;
    while (next < places.length && places[next]! < from + tag.length) next += 1;
    this.#reached.set(tag, next);
    return next < places.length ? places[next]! + tag.length : undefined;
  }

  #read(): Map<string, number[]> {
    if (this.#places !== undefined) return this.#places;
    this.#places = new Map();
    for (let at = this.#text.indexOf("$"); at !== -1; at = this.#text.indexOf("$", at + 1)) {
      const tag = tagAt(this.#text, at);
      if (tag === undefined) continue;
      const places = this.#places.get(tag);
      if (places === undefined) this.#places.set(tag, [at]);
      else places.push(at);
    }
    return this.#places;
  }
}

/** `$body$` or `$$` at a place; undefined where there is none. */
function tagAt(text: string, at: number): string | undefined {
  const tag = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
  tag.lastIndex = at;
  return tag.exec(text)?.[0];
}

/** Where a block comment ends: they nest, unlike in the SQL of others. */
function commentEnd(text: string, from: number): number {
  const mark = /\/\*|\*\//g;
  mark.lastIndex = from;
  let depth = 0;
  for (let found = mark.exec(text); found !== null; found = mark.exec(text)) {
    depth += found[0] === "/*" ? 1 : -1;
    if (depth === 0) return mark.lastIndex;
  }
  return text.length;
}
