import type { ParseResult } from "./grammar.ts";
import { lineAt, type Script, type Statement, type SyntaxProblem } from "./script.ts";
import { psqlProblem } from "./psql-only.ts";

/**
 * Takes a script apart by PostgreSQL's own grammar (of the newest major, which reads what older ones read).
 * Nothing is run.
 *
 * @param text as it will be sent: without a byte order mark
 * @param firstLine the line of the file on which the text begins, where it is a part of one
 */
export async function parseScript(text: string, firstLine = 1): Promise<Script> {
  const { parse } = await import("./grammar.ts");
  // What psql alone understands makes the grammar fail somewhere behind it, or even not at all.
  const psql = psqlProblem(text);
  if (psql !== undefined) return { text, statements: [], problem: shifted(psql, firstLine) };
  if (isBlank(text)) return { text, statements: [], problem: undefined };
  try {
    return { text, statements: statementsOf(text, await parse(text), firstLine), problem: undefined };
  } catch (error) {
    return { text, statements: [], problem: shifted(syntaxProblem(text, error), firstLine) };
  }
}

/** Only white space, comments and semicolons, for which the parser has an error of its own. */
export function isBlank(text: string): boolean {
  // In place: a copy for each comment would make a long file of comments take the square of its length.
  const piece = /[\s;]+|--[^\n]*|\/\*(?:(?!\/\*)[\s\S])*?\*\//y;
  while (piece.lastIndex < text.length) if (!piece.test(text)) return false;
  return true;
}

function shifted(problem: SyntaxProblem, firstLine: number): SyntaxProblem {
  return { ...problem, line: problem.line + firstLine - 1 };
}

function syntaxProblem(text: string, error: unknown): SyntaxProblem {
  const { message, sqlDetails } = error as { message: string; sqlDetails?: { cursorPosition?: number } };
  const characters = sqlDetails?.cursorPosition ?? 0;
  return { message, line: lineAt(text, codeUnits(text, characters)), hint: undefined };
}

/**
 * The parser counts bytes of UTF-8, a string code units; walked once, because a seed file may have a hundred
 * thousand statements.
 */
function statementsOf(text: string, { stmts }: ParseResult, firstLine: number): Statement[] {
  const bytes = Buffer.from(text, "utf8");
  const plain = bytes.byteLength === text.length;
  const found: Statement[] = [];
  let [atByte, atUnit, line] = [0, 0, firstLine];
  const forward = (to: number): number => {
    const end = plain ? to : atUnit + bytes.subarray(atByte, to).toString("utf8").length;
    for (
      let next = text.indexOf("\n", atUnit);
      next !== -1 && next < end;
      next = text.indexOf("\n", next + 1)
    ) {
      line += 1;
    }
    [atByte, atUnit] = [to, end];
    return end;
  };
  for (const { stmt, stmt_location: from = 0, stmt_len: length } of stmts ?? []) {
    if (stmt === undefined) continue;
    const start = forward(from);
    const first = line;
    // The last statement of a text without a semicolon has no length.
    const end = forward(length === undefined || length === 0 ? bytes.byteLength : from + length);
    found.push({
      text: text.slice(start, end).trimEnd(),
      start,
      line: first,
      type: Object.keys(stmt)[0] ?? "",
      tree: stmt,
    });
  }
  return found;
}

/** The place of the character (code point) with this number, from 0, in code units. */
export function codeUnits(text: string, characters: number): number {
  let at = 0;
  for (let left = characters; left > 0 && at < text.length; left -= 1) {
    at += text.codePointAt(at)! > 0xffff ? 2 : 1;
  }
  return at;
}
