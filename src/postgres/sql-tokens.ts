/**
 * Statements that pg_dump writes about a database, taken apart as the server's lexer would: names and texts
 * in them are people's and may look like anything, so nothing is told by searching the text.
 *
 * https://www.postgresql.org/docs/current/sql-syntax-lexical.html
 */

/** One piece of a statement. */
export interface SqlToken {
  /**
   * `word`: a key word, or a name without quotes; as it stands. `name`: a quoted name. `text`: a literal.
   * `number`. `sign`: one character.
   */
  readonly kind: "word" | "name" | "text" | "number" | "sign";
  /** What it means: without quotes, what was doubled once. */
  readonly value: string;
}

const BLANKS = /(?:\s|--[^\n]*(?:\n|$))+/y;
const PIECES: readonly (readonly [SqlToken["kind"] | "escaped", RegExp])[] = [
  ["escaped", /[eE]'((?:[^'\\]|''|\\.)*)'/sy],
  ["text", /'((?:[^']|'')*)'/y],
  ["name", /"((?:[^"]|"")+)"/y],
  ["word", /([A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)/y],
  ["number", /([+-]?\d+)/y],
  ["sign", /([=,.;()*])/y],
];

/**
 * The statements of a script, each without its semicolon.
 *
 * @param standardStrings whether a backslash in a plain literal is itself
 * @returns undefined for what holds anything else, or ends in the middle
 */
export function sqlStatements(
  sql: string,
  standardStrings: boolean,
): readonly (readonly SqlToken[])[] | undefined {
  const statements: SqlToken[][] = [[]];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(sql);
    if (found !== null) at = pattern.lastIndex;
    return found === null ? undefined : (found[1] ?? "");
  };
  for (match(BLANKS); at < sql.length; match(BLANKS)) {
    const token = nextToken(match, standardStrings);
    if (token === undefined) return undefined;
    if (token.kind === "sign" && token.value === ";") statements.push([]);
    else statements.at(-1)!.push(token);
  }
  return statements.pop()!.length === 0 ? statements : undefined;
}

function nextToken(
  match: (pattern: RegExp) => string | undefined,
  standardStrings: boolean,
): SqlToken | undefined {
  for (const [kind, pattern] of PIECES) {
    const found = match(pattern);
    if (found === undefined) continue;
    if (kind === "name") return { kind, value: found.replaceAll('""', '"') };
    if (kind !== "text" && kind !== "escaped") return { kind, value: found };
    const value = found.replaceAll("''", "'");
    if (kind === "text" && (standardStrings || !value.includes("\\"))) return { kind, value };
    return unescaped(value);
  }
  return undefined;
}

/** pg_dump doubles every backslash and escapes nothing else; what is otherwise is not taken for anything. */
function unescaped(value: string): SqlToken | undefined {
  return /^(?:[^\\]|\\\\)*$/.test(value)
    ? { kind: "text", value: value.replaceAll("\\\\", "\\") }
    : undefined;
}
