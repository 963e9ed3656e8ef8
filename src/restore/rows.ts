import { HoldfastError, isHoldfastError } from "../kernel/errors.ts";
import { qualifiedName } from "../kernel/sql.ts";
import type { DatabaseSession } from "../ports/database.ts";
import type { TocEntry } from "../ports/dump-tools.ts";

/** A table, however it was found. */
interface Named {
  readonly schema: string;
  readonly name: string;
}

/**
 * Settings under which rows are loaded into tables that have triggers and foreign keys already: neither may act, because the rows are the result of what
 * they did at the source, and cycles of foreign keys have no right order.
 *
 * https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-SESSION-REPLICATION-ROLE
 */
export const QUIET_TRIGGERS = { session_replication_role: "replica" } as const;

/** Which of the tables exist at the target, and which of those hold rows. */
export async function tablesAt(session: DatabaseSession, tables: readonly Named[]): Promise<{ present: Named[]; filled: Named[] }> {
  const present: Named[] = [];
  const filled: Named[] = [];
  for (const { schema, name } of tables) {
    const [row] = await session.query<{ there: boolean }>("SELECT to_regclass($1) IS NOT NULL AS there", [qualifiedName(schema, name)]);
    if (!row?.there) continue;
    present.push({ schema, name });
    const [first] = await session.query<{ some: boolean }>(`SELECT EXISTS (SELECT FROM ONLY ${qualifiedName(schema, name)}) AS some`);
    if (first?.some) filled.push({ schema, name });
  }
  return { present, filled };
}

/**
 * Makes sure that loading rows will set nothing off: either the role may quiet triggers, or the tables have none.
 *
 * @throws database.permission naming the first table with triggers
 */
export async function requireQuiet(session: DatabaseSession, tables: readonly Named[], canQuiet: boolean): Promise<void> {
  if (canQuiet) return;
  for (const { schema, name } of tables) {
    const [row] = await session.query<{ count: number }>(
      "SELECT count(*)::int AS count FROM pg_catalog.pg_trigger WHERE tgrelid = to_regclass($1)::oid AND tgenabled <> 'D'",
      [qualifiedName(schema, name)],
    );
    if ((row?.count ?? 0) === 0) continue;
    throw new HoldfastError("database.permission", `${schema}.${name} has triggers or foreign keys, and this role may not keep them from firing`, {
      hint: "Use a superuser, or on PostgreSQL 15 and later GRANT SET ON PARAMETER session_replication_role to this role; or restore the whole backup into an empty database.",
    });
  }
}

/** Removes all rows of the tables without setting anything off, in one transaction. */
export async function emptyTables(session: DatabaseSession, tables: readonly Named[], canQuiet: boolean): Promise<void> {
  if (tables.length === 0) return;
  const names = tables.map((table) => qualifiedName(table.schema, table.name));
  await session.query("BEGIN");
  if (canQuiet) await session.query("SET LOCAL session_replication_role = 'replica'");
  await session.query("SAVEPOINT before_truncate");
  try {
    await session.query(`TRUNCATE ONLY ${names.join(", ONLY ")}`);
  } catch (error) {
    // A table outside the list refers to one in it: TRUNCATE refuses that even with triggers quiet, DELETE does not.
    if (!isHoldfastError(error, "database.query") || !canQuiet) {
      await session.query("ROLLBACK");
      throw error;
    }
    await session.query("ROLLBACK TO before_truncate");
    for (const name of names) await session.query(`DELETE FROM ONLY ${name}`);
  }
  await session.query("COMMIT");
}

/** Large objects that exist are written over from their beginning and would keep their old ends. */
export async function emptyLargeObjects(session: DatabaseSession): Promise<void> {
  await session.query("BEGIN");
  // 131072 is INV_WRITE; descriptors are closed at the end of the transaction.
  await session.query("SELECT pg_catalog.lo_truncate(pg_catalog.lo_open(oid, 131072), 0) FROM pg_catalog.pg_largeobject_metadata");
  await session.query("COMMIT");
}

/**
 * Rows alone are loaded into large objects that exist; pg_restore stops at the first that does not, when the tables have been emptied already.
 *
 * @throws database.lacks naming the first that is gone
 */
export async function requireLargeObjects(session: DatabaseSession, entries: readonly TocEntry[]): Promise<void> {
  // `- 12345 owner`; from PostgreSQL 17 on also `- 12345..12399 owner` for many, of which the first is looked for.
  const wanted = entries.flatMap(({ type, rest }) => (type === "BLOB" || type === "BLOB METADATA" ? (/^- (\d+)/.exec(rest)?.[1] ?? []) : []));
  if (wanted.length === 0) return;
  const [gone] = await session.query<{ oid: string }>(
    "SELECT o AS oid FROM unnest($1::text[]) AS o WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata l WHERE l.oid = o::oid) LIMIT 1",
    [wanted],
  );
  if (!gone) return;
  throw new HoldfastError("database.lacks", `the target has no large object ${gone.oid} to put bytes into`, {
    hint: "Restore the whole backup, or name the tables to restore; rows alone are loaded into large objects that exist. Nothing was touched.",
  });
}
