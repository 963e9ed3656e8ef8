import { cutAfter, outsideQuotes } from "../../postgres/sql-quotes.ts";

/**
 * Leaves options of columns out of a definition as pg_dump writes it: `ALTER TABLE ONLY s.t ALTER COLUMN c
 * SET (n_distinct=5, x=7);` becomes `… SET (n_distinct=5);`, and a statement that would set nothing goes.
 *
 * A definition holds texts that people wrote (defaults, checks, names), which may look like anything; so
 * statements are told apart by reading quotes, as the server does. The deparser and pg_dump double quotes
 * within quotes, and write no other quoting here.
 */
export function withoutColumnOptions(definition: Buffer, names: ReadonlySet<string>): Buffer {
  // Every byte a character: server encodings never use an ASCII byte within another character.
  const text = definition.toString("latin1");
  return Buffer.from(
    cutAfter(text, ";")
      .map((statement) => withoutOptions(statement, names))
      .join(""),
    "latin1",
  );
}

/**
 * `ALTER [FOREIGN] TABLE [ONLY] … ALTER COLUMN … SET (`, up to the last parenthesis that opens
 * outside of quotes.
 */
const SETS_OPTIONS = /^\s*ALTER (?:FOREIGN )?TABLE .* ALTER COLUMN .* SET $/s;

function withoutOptions(statement: string, names: ReadonlySet<string>): string {
  const open = lastOutsideQuotes(statement, "(");
  if (
    open < 0 ||
    !SETS_OPTIONS.test(statement.slice(0, open)) ||
    !/^\)\s*;$/.test(statement.slice(statement.lastIndexOf(")")))
  ) {
    return statement;
  }
  const options = cutAfter(statement.slice(open + 1, statement.lastIndexOf(")")), ",");
  const left = options
    .map((option) => option.replace(/,$/, "").trim())
    .filter((option) => !names.has(option.split("=")[0]!));
  if (left.length === options.length) return statement;
  return left.length === 0 ? "" : `${statement.slice(0, open)}(${left.join(", ")});`;
}

function lastOutsideQuotes(text: string, mark: string): number {
  let last = -1;
  for (const at of outsideQuotes(text)) if (text[at] === mark) last = at;
  return last;
}
