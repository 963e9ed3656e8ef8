import { anyOf } from "../../kernel/pattern.ts";

/**
 * Everything in which words are text: comments, literals, dollar quotes, quoted names; a doubled quote makes
 * two of one, which is the same here. https://www.postgresql.org/docs/current/sql-syntax-lexical.html
 */
const QUOTED = anyOf(
  /--[^\n]*|\/\*/g,
  /[eE]'(?:[^'\\]+|''|\\[\s\S])*'|'[^']*'|"[^"]*"/g,
  /\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$[\s\S]*?\$\1\$/g,
);

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

function* quotedIn(text: string): Generator<{ readonly from: number; readonly to: number }> {
  const quoted = new RegExp(QUOTED);
  for (let found = quoted.exec(text); found !== null; found = quoted.exec(text)) {
    const from = found.index;
    const to = found[0] === "/*" ? commentEnd(text, from) : from + found[0].length;
    quoted.lastIndex = to;
    yield { from, to };
  }
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
