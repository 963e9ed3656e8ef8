/**
 * Quoting for SQL text that cannot be bound as a parameter: names and literals in DDL, in
 * `LOCK TABLE`, in generated queries. Values belong into `$1`; these are for the rest. Source:
 * https://www.postgresql.org/docs/current/sql-syntax-lexical.html
 */

/** Writes any name as a quoted identifier; always quoted, so that keywords and capitals need no list. */
export function quoteIdentifier(name: string): string {
  return `"${withoutNul(name).replaceAll('"', '""')}"`;
}

/** Writes `schema.name`, both quoted. */
export function qualifiedName(schema: string, name: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

/** Writes any text as a string literal that means the same whatever `standard_conforming_strings` is. */
export function quoteLiteral(text: string): string {
  const quoted = `'${withoutNul(text).replaceAll("'", "''").replaceAll("\\", "\\\\")}'`;
  return text.includes("\\") ? ` E${quoted}` : quoted;
}

/**
 * Writes settings as the `options` start-up parameter: `-c name=value`, spaces and backslashes escaped.
 * Source: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-OPTIONS
 */
export function startupOptions(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replace(/[\\\s]/g, "\\$&")}`)
    .join(" ");
}

/** PostgreSQL ends every name and literal at a NUL, so one inside would silently mean another object. */
function withoutNul(text: string): string {
  if (text.includes("\0")) throw new RangeError("a NUL character cannot be part of SQL");
  return text;
}
