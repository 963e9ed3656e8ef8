/** What a server says of a name that it does not find. */
const NOT_FOUND = /\b(?:relation|function|type|operator|schema|text search (?:configuration|dictionary)) .*does not exist/;

/** The innermost function in whose body it happened, as the server's context line names it. */
const IN_FUNCTION = /(?:SQL function "([^"]+)"|PL\/pgSQL function ([^\s(]+)\()/;

/**
 * The commonest way in which a good database cannot be restored: functions that find what they use only under the application's search path, while
 * pg_restore, and PostgreSQL 17 itself when it refreshes or indexes, set an empty one
 * (https://www.postgresql.org/docs/current/ddl-schemas.html#DDL-SCHEMAS-PATH).
 *
 * @param message what failed, in the server's words
 * @param certainly whether something that was written for the application's search path failed, also where no function is named
 * @returns the end of a sentence that says how to mend it, or undefined when it is something else
 */
export function searchPathRemedy(message: string, certainly = false): string | undefined {
  if (!NOT_FOUND.test(message)) return undefined;
  const found = IN_FUNCTION.exec(message);
  const name = found?.[1] ?? found?.[2];
  if (name === undefined && !certainly) return undefined;
  const what = name === undefined ? "the functions it calls (ALTER FUNCTION … SET search_path = …)" : `that function (ALTER FUNCTION ${name} … SET search_path = …)`;
  return `; at the source, give ${what} the schemas it needs, or write them before the names, and back up again`;
}
