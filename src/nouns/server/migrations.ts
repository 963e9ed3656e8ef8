import { createHash } from "node:crypto";
import { qualifiedName } from "../../postgres/quoting.ts";
import type { DatabaseSession } from "../../ports/database.ts";
import { MIGRATION_TABLES, type MigrationTable } from "./migration-tables.ts";

/**
 * Where the schema stood: which migration tool's table said so, its last entry, how many, and a hash over all
 * of them in order.
 */
export interface MigrationState {
  readonly version: { readonly last: string; readonly count: number; readonly table: string };
  /** SHA-256 (hex) over each entry's name and, where the tool records one, its checksum. */
  readonly hash: string;
}

/**
 * The schema version as recorded by a migration tool in the database itself, inside the caller's snapshot.
 * The first table that there is decides: a tool that was given up long ago may have left its own.
 *
 * @returns `undefined` where that table has no entry, may not be read or is not there: the version is
 *   unknown, which is no error
 */
export async function readMigrations(session: DatabaseSession): Promise<MigrationState | undefined> {
  const known = await deciding(session);
  if (known === undefined) return undefined;
  const rows = await session.query<{ name: string; checksum: string | null; counts: boolean }>(`
    SELECT (${known.name})::text AS name, (${known.checksum ?? "''"})::text AS checksum,
           (${known.isVersion ?? "true"}) AS counts
      FROM ${qualifiedName(known.schema, known.table)} m ${known.where ? `WHERE ${known.where}` : ""}
     ORDER BY ${known.order.join(", ")}
  `);
  const versions = rows.filter((row) => row.counts);
  const last = versions.at(-1);
  if (!last) return undefined;
  const hash = createHash("sha256");
  for (const row of rows) hash.update(`${row.name}\0${row.checksum ?? ""}\n`);
  return {
    version: { last: last.name, count: versions.length, table: `${known.schema}.${known.table}` },
    hash: hash.digest("hex"),
  };
}

/**
 * The first table that exists with the columns we know; undefined where it may not be read, or not whole:
 * what could not be asked is not none, and the next one's word is not this one's. Another tool's table of the
 * same name must not fail a backup. Columns of a type that somebody made do not count: its casts and
 * comparisons are somebody's functions, and would run with our rights. Nor do those without an order. All are
 * asked for at once: a server may be far away.
 */
async function deciding(session: DatabaseSession): Promise<MigrationTable | undefined> {
  const rows = await session.query<{
    schema: string;
    table: string;
    columns: string[];
    booleans: string[] | null;
    readable: boolean;
  }>(
    `
      SELECT n.nspname::text AS schema, c.relname::text AS table, array_agg(a.attname::text) AS columns,
             array_agg(a.attname::text) FILTER (WHERE a.atttypid = 'bool'::regtype) AS booleans,
             NOT row_security_active(c.oid)
               AND has_schema_privilege(n.oid, 'USAGE')
               AND has_table_privilege(c.oid, 'SELECT') AS readable
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
             AND a.attnum > 0
             AND NOT a.attisdropped
             AND a.atttypid < 16384
        JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
             AND (t.typcategory IN ('S', 'N', 'D', 'B') OR t.oid = 'text[]'::regtype)
       WHERE (n.nspname::text, c.relname::text) IN (SELECT * FROM unnest($1::text[], $2::text[]))
         AND c.relkind IN ('r', 'p')
       GROUP BY n.nspname, c.relname, n.oid, c.oid
    `,
    [MIGRATION_TABLES.map(({ schema }) => schema), MIGRATION_TABLES.map(({ table }) => table)],
  );
  for (const known of MIGRATION_TABLES) {
    const found = rows.find(({ schema, table }) => schema === known.schema && table === known.table);
    if (found === undefined) continue;
    const isUsable = (column: string): boolean =>
      found.columns.includes(column) &&
      (!(known.flags ?? []).includes(column) || (found.booleans ?? []).includes(column));
    if (known.columns.every(isUsable)) return found.readable ? known : undefined;
  }
  return undefined;
}
