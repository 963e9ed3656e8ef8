/**
 * SQL that is true for a schema that is not the server's own: names that begin with `pg_` are reserved for
 * those. https://www.postgresql.org/docs/current/ddl-schemas.html#DDL-SCHEMAS-CATALOG
 *
 * @param nspname the column, of pg_namespace, as the statement calls it
 */
export function isUsersSchema(nspname = "n.nspname"): string {
  return `(${nspname} !~ '^pg_' AND ${nspname} <> 'information_schema')`;
}
