import { createHash } from "node:crypto";
import { quoteIdentifier } from "../kernel/sql.ts";
import type { DatabaseSession } from "../ports/database.ts";

/** Where the schema stood: which migration tool's table said so, its last entry, how many, and a hash over all of them in order. */
export interface MigrationState {
  readonly version: { readonly last: string; readonly count: number; readonly table: string };
  /** SHA-256 (hex) over each entry's name and, where the tool records one, its checksum. */
  readonly hash: string;
}

/** A migration tool's bookkeeping: which column orders and names the migrations, and which proves their text, if any. */
interface MigrationTable {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  readonly checksum?: string;
  readonly where?: string;
}

/** In this order of preference: the first that exists, can be read and has rows tells the schema version. */
const KNOWN: readonly MigrationTable[] = [
  { schema: "holdfast", table: "migrations", name: "name", checksum: "sha256" },
  { schema: "supabase_migrations", table: "schema_migrations", name: "version", checksum: "statements" },
  { schema: "public", table: "_prisma_migrations", name: "migration_name", checksum: "checksum", where: "finished_at IS NOT NULL AND rolled_back_at IS NULL" },
  { schema: "public", table: "flyway_schema_history", name: "version", checksum: "checksum", where: "success AND version IS NOT NULL" },
  { schema: "graphile_migrate", table: "migrations", name: "filename", checksum: "hash" },
  { schema: "public", table: "pgmigrations", name: "name" },
  { schema: "public", table: "knex_migrations", name: "name" },
  { schema: "drizzle", table: "__drizzle_migrations", name: "created_at", checksum: "hash" },
  { schema: "public", table: "schema_migrations", name: "version" },
];

/**
 * The schema version as recorded by a migration tool in the database itself, inside the caller's snapshot.
 *
 * @returns `undefined` when no known tool's table has an entry: the version is unknown, which is no error
 */
export async function readMigrations(session: DatabaseSession): Promise<MigrationState | undefined> {
  for (const known of KNOWN) {
    if (!(await isReadable(session, known))) continue;
    const checksum = known.checksum ? `${quoteIdentifier(known.checksum)}::text` : "''";
    const rows = await session.query<{ name: string; checksum: string | null }>(
      `SELECT ${quoteIdentifier(known.name)}::text AS name, ${checksum} AS checksum FROM ${quoteIdentifier(known.schema)}.${quoteIdentifier(known.table)}
       ${known.where ? `WHERE ${known.where}` : ""} ORDER BY ${quoteIdentifier(known.name)}`,
    );
    const last = rows.at(-1);
    if (!last) continue;
    const hash = createHash("sha256");
    for (const row of rows) hash.update(`${row.name}\0${row.checksum ?? ""}\n`);
    return { version: { last: last.name, count: rows.length, table: `${known.schema}.${known.table}` }, hash: hash.digest("hex") };
  }
  return undefined;
}

/**
 * Whether the table exists with the columns we know and may be read: another tool's table of the same name must not fail a backup. Columns of a type
 * that somebody made do not count: its casts and comparisons are somebody's functions, and would run with our rights.
 */
async function isReadable(session: DatabaseSession, known: MigrationTable): Promise<boolean> {
  const wanted = [known.name, ...(known.checksum ? [known.checksum] : []), ...(known.table === "_prisma_migrations" ? ["finished_at", "rolled_back_at"] : [])];
  if (known.table === "flyway_schema_history") wanted.push("success");
  const rows = await session.query<{ columns: string[] }>(
    `SELECT array_agg(a.attname::text) FILTER (WHERE NOT a.attname = 'success' OR a.atttypid = 'bool'::regtype) AS columns
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid < 16384
      WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity
        AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
      GROUP BY c.oid`,
    [known.schema, known.table],
  );
  const columns = rows[0]?.columns ?? [];
  return wanted.every((column) => columns.includes(column));
}
