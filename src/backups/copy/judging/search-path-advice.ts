import type { LoadProblem } from "../../../ports/dump-tools.ts";

/**
 * What to do about an error of pg_restore that comes from its empty search path
 * (https://www.postgresql.org/docs/release/10.3/, CVE-2018-1058). Such errors speak of a name without a
 * schema that does not exist, although it was loaded a moment before.
 */

/**
 * The server's words for a name it does not find; the name is without a schema, because what was qualified
 * is missing for another reason.
 */
const NOT_FOUND = new RegExp(
  [
    String.raw`(?:relation|type|text search configuration|text search dictionary|collation) "([^".]+)" ` +
      `does not exist`,
    String.raw`function ([^\s".(]+)\([^)]*\) does not exist`,
    String.raw`operator does not exist: (?:[^;]*? )?([-+*/<>=~!@#%^&|?]+) `,
  ].join("|"),
);

/** Whose body was running: https://www.postgresql.org/docs/current/error-message-reporting.html (CONTEXT) */
const RUNNING = /(?:SQL function "([^"]+)"|PL\/pgSQL function ("?[^\s(]+\([^)]*\)))/;

/** A value of type regclass that names what a restore makes after all rows: an index. */
const NAMED_BY_A_ROW =
  /^COPY failed .*relation "([^"]+)" does not exist; CONTEXT: +COPY [^;]*, line \d+, column ([^;:]+)/;

/**
 * Every operator that has to be named is dumped with its schema; so this one stands where none is printed.
 */
function operatorAdvice(operator: string): string {
  return (
    `pg_restore works with an empty search path, and ${operator} is meant here ` +
    "without being printed (USING, IS DISTINCT FROM, NULLIF, CASE x WHEN, (a, b) IN): " +
    "at the source, write that comparison with an operator (a = b); and back up again. Until then, what " +
    "is missing from a copy can be made in it by hand, under a search_path with the schema of the operator"
  );
}

/** The sentence that mends it at the source; `undefined` where the error has another cause. */
export function searchPathAdvice({ message, entry }: LoadProblem): string | undefined {
  const named = NAMED_BY_A_ROW.exec(message);
  if (named !== null) {
    return (
      `column ${named[2]!} holds the name of ${named[1]!}, which a restore makes after all rows, ` +
      `as it does with indexes: keep such names as text, not as regclass; and back up again`
    );
  }
  const missing = NOT_FOUND.exec(message);
  if (missing === null) return undefined;
  const name = missing.slice(1).find((found) => found !== undefined) ?? "";
  const running = RUNNING.exec(message);
  const body = running?.[1] ?? running?.[2];
  const why = `pg_restore works with an empty search path, and ${name} is named without its schema`;
  if (body !== undefined) {
    const signature = body.endsWith(")") ? body : `${body}(…)`;
    return (
      `${why} in function ${body}: at the source, ALTER FUNCTION ${signature} SET search_path = ` +
      `pg_catalog, <the schema of ${name}>; and back up again`
    );
  }
  return /^MATERIALIZED VIEW DATA /.test(entry)
    ? `${why} in a string or a function that the view calls: write it with its schema there, or ALTER ` +
        `FUNCTION … SET search_path = …; and back up again. Until then, ` +
        "REFRESH MATERIALIZED VIEW by hand fills it"
    : missing[3] === undefined
      ? undefined
      : operatorAdvice(missing[3]);
}
