import type { DatabaseSession } from "../../../ports/database.ts";
import type { Difference } from "../compare/difference.ts";
import { displayName } from "../../../postgres/display-name.ts";
import type { LeftOut } from "../left-out.ts";
import type { ContentScope } from "../record.ts";
import { IN_SCOPE, scopeValues } from "../scope.ts";

/**
 * Unlogged tables and sequences of a standby: their definitions are there and nothing else, because
 * what is not logged is not sent, and to read them is an error. pg_dump leaves their rows out by itself
 * (`--no-unlogged-table-data`). None on a primary.
 *
 * https://www.postgresql.org/docs/current/sql-createtable.html, under UNLOGGED
 */
export async function unloggedOnStandby(session: DatabaseSession, scope: ContentScope): Promise<LeftOut[]> {
  return await session.query<LeftOut>(
    `
      SELECT CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END AS kind, n.nspname AS schema,
             c.relname AS name, pg_get_userbyid(c.relowner) AS owner, c.oid::int8::text AS oid
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE pg_is_in_recovery() AND c.relpersistence = 'u' AND c.relkind IN ('r', 'S') AND ${IN_SCOPE}
       ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
    `,
    scopeValues(scope),
  );
}

/** What a backup lacks of them. */
export function withoutTheirRows(unlogged: readonly LeftOut[]): Difference[] {
  return unlogged.map((relation) => ({
    severity: "gap",
    about: relation.kind,
    name: displayName(relation),
    message:
      "is unlogged, and the source is a standby, which has " +
      `no ${relation.kind === "table" ? "rows" : "value"} of it: only the definition is in this backup`,
  }));
}
