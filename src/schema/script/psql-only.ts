import { withoutQuoted } from "./quoted.ts";
import { lineAt, type SyntaxProblem } from "./script.ts";

/**
 * What only psql understands: commands that begin with a backslash, and rows
 * that stand in the script behind `COPY … FROM stdin`. A server takes neither.
 * https://www.postgresql.org/docs/current/app-psql.html#APP-PSQL-META-COMMANDS
 */

const COMMAND = /^[ \t]*\\([A-Za-z!?]+)/m;

/** The first place that only psql understands, or undefined. */
export function psqlProblem(text: string): SyntaxProblem | undefined {
  if (!text.includes("\\") && !/stdin/i.test(text)) return undefined;
  const bare = withoutQuoted(text);
  const copy = copyAt(bare);
  const command = COMMAND.exec(bare);
  if (copy !== undefined && (command === null || copy < command.index)) {
    return {
      message: "COPY … FROM stdin with its rows in the script, which only psql reads",
      line: lineAt(text, copy),
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

/** Where the first statement is that copies from what follows it in the script; undefined without one. */
function copyAt(bare: string): number | undefined {
  for (let at = 0, end = bare.indexOf(";"); end !== -1; at = end + 1, end = bare.indexOf(";", at)) {
    const statement = bare.slice(at, end);
    const isCopy = /^\s*COPY\b/i.test(statement) && /\bFROM\s+stdin\b/i.test(statement);
    if (isCopy) return at + statement.search(/\S/);
  }
  return undefined;
}
