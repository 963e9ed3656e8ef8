import type { DatabaseSession } from "../../../ports/database.ts";

/** How many locks emptying a database takes, and how many there are. */
export interface LockNeeds {
  /** Everything that is locked when it is dropped: relations with their parts, types, functions. */
  readonly objects: number;
  readonly largeObjects: number;
  /** What one transaction may take without taking the server's last: others need locks too. */
  readonly atOnce: number;
}

/**
 * Dropping locks every object, and the server's table of locks has
 * room for `max_locks_per_transaction` for each connection it may have:
 * https://www.postgresql.org/docs/current/runtime-config-locks.html#GUC-MAX-LOCKS-PER-TRANSACTION
 */
export async function readLockNeeds(session: DatabaseSession): Promise<LockNeeds> {
  const counts = [
    "pg_class",
    "pg_type",
    "pg_proc",
    "pg_constraint",
    "pg_attrdef",
    "pg_trigger",
    "pg_rewrite",
  ].map((catalog) => `(SELECT count(*) FROM pg_catalog.${catalog} WHERE oid >= 16384)`);
  const [row] = await session.query<LockNeeds>(`
    SELECT (${counts.join(" + ")})::int AS objects,
           (SELECT count(*)::int FROM pg_catalog.pg_largeobject_metadata) AS "largeObjects",
           current_setting('max_locks_per_transaction')::int * (
             current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int) /
           2 AS "atOnce"
  `);
  return row!;
}
