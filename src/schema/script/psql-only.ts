import { anyOf } from "../../kernel/pattern.ts";
import { lineAt, type SyntaxProblem } from "./script.ts";

/**
 * What only psql understands: commands that begin with a backslash, and rows
 * that stand in the script behind `COPY … FROM stdin`. A server takes neither.
 * https://www.postgresql.org/docs/current/app-psql.html#APP-PSQL-META-COMMANDS
 */

/**
 * Everything in which a backslash or COPY is text: comments, literals, dollar quotes, quoted names; a doubled
 * quote makes two of one, which is the same here.
 */
const QUOTED = anyOf(
  /--[^\n]*|\/\*/g,
  /[eE]'(?:[^'\\]+|''|\\[\s\S])*'|'[^']*'|"[^"]*"/g,
  /\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$[\s\S]*?\$\1\$/g,
);
const COMMAND = /^[ \t]*\\([A-Za-z!?]+)/m;
const COPY = /(?:^|;)\s*COPY\b[^;]*\bFROM\s+stdin\b[^;]*;/i;

/** The first place that only psql understands, or undefined. */
export function psqlProblem(text: string): SyntaxProblem | undefined {
  if (!text.includes("\\") && !/stdin/i.test(text)) return undefined;
  const bare = withoutQuoted(text);
  const copy = COPY.exec(bare);
  const command = COMMAND.exec(bare);
  if (copy !== null && (command === null || copy.index < command.index)) {
    const at = copy.index + copy[0].search(/COPY/i);
    return {
      message: "COPY … FROM stdin with its rows in the script, which only psql reads",
      line: lineAt(text, at),
      hint: "Write the rows as INSERT statements.",
    };
  }
  if (command === null) return undefined;
  const [found, word = ""] = command;
  const dump = /^(?:un)?restrict$/.test(word)
    ? " pg_dump writes it: take it out, or dump with --restrict-key and cut those two lines."
    : "";
  return {
    message: `\\${word} is a command of psql, which no server understands`,
    line: lineAt(text, command.index + found.length),
    hint: `Take the line out and write what it does as SQL.${dump}`,
  };
}

/** The text with blanks for everything quoted, and the same line ends. */
function withoutQuoted(text: string): string {
  const parts: string[] = [];
  const quoted = new RegExp(QUOTED);
  let at = 0;
  for (let found = quoted.exec(text); found !== null; found = quoted.exec(text)) {
    const end = found[0] === "/*" ? commentEnd(text, found.index) : found.index + found[0].length;
    parts.push(text.slice(at, found.index), text.slice(found.index, end).replace(/[^\n]/g, " "));
    quoted.lastIndex = at = end;
  }
  return parts.join("") + text.slice(at);
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
