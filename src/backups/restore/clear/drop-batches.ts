import { isHoldfastError } from "../../../kernel/errors.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import { isUsersSchema } from "../../../postgres/schemas.ts";

/** Runs work in a transaction of its own. */
type InTransaction = (session: DatabaseSession, work: () => Promise<void>) => Promise<void>;

/**
 * Locks a table takes with its row type, its out-of-line storage, a few indexes and constraints: a first
 * guess, see {@link inBatches}.
 */
const LOCKS_PER_OBJECT = 20;

/** The server's table of locks, or its memory, is full. */
const OUT_OF_MEMORY = /SQLSTATE 53200/;

/**
 * Drops relations, routines and types, what was made last first: views before their tables, partitions before
 * the whole. What depends on one in another batch goes with it, and is then found gone. A partitioned table
 * is noted as a part of itself: of the columns that divide it.
 */
export async function dropRelationsInBatches(
  session: DatabaseSession,
  locks: number,
  inTransaction: InTransaction,
): Promise<void> {
  const statements = await session.query<{ sql: string }>(`
    WITH parts AS (SELECT classid, objid
                     FROM pg_catalog.pg_depend
                    WHERE deptype IN ('e', 'i') AND NOT (refclassid = classid AND refobjid = objid))
    SELECT sql FROM (
      SELECT c.oid,
             format('DROP %s IF EXISTS %I.%I CASCADE',
                    CASE c.relkind
                         WHEN 'v' THEN 'VIEW'
                         WHEN 'm' THEN 'MATERIALIZED VIEW'
                         WHEN 'S' THEN 'SEQUENCE'
                         WHEN 'f' THEN 'FOREIGN TABLE'
                         ELSE 'TABLE' END,
                    n.nspname,
                    c.relname) AS sql
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND ${isUsersSchema()}
         AND NOT EXISTS (SELECT FROM parts
                          WHERE classid = 'pg_catalog.pg_class'::regclass AND objid = c.oid)
      UNION ALL
      SELECT p.oid,
             format('DROP %s IF EXISTS %I.%I(%s) CASCADE',
                    CASE p.prokind WHEN 'a' THEN 'AGGREGATE' WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END,
                           n.nspname,
                    p.proname,
                    CASE WHEN p.prokind = 'a'
                           AND p.pronargs = 0 THEN '*'
                         ELSE pg_catalog.pg_get_function_identity_arguments(p.oid) END)
        FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
       WHERE ${isUsersSchema()}
         AND NOT EXISTS (SELECT FROM parts WHERE classid = 'pg_catalog.pg_proc'::regclass AND objid = p.oid)
      UNION ALL
      SELECT t.oid, format('DROP TYPE IF EXISTS %I.%I CASCADE', n.nspname, t.typname)
        FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
       WHERE t.typtype IN ('e', 'c', 'd', 'r') AND ${isUsersSchema()}
         AND NOT EXISTS (SELECT FROM parts WHERE classid = 'pg_catalog.pg_type'::regclass AND objid = t.oid)
    ) AS found ORDER BY oid DESC
  `);
  await inBatches(statements, Math.ceil(locks / LOCKS_PER_OBJECT), (batch) =>
    inTransaction(session, async () => {
      for (const { sql } of batch) await session.query(sql);
    }),
  );
}

/** Removes every large object; each is locked. */
export async function unlinkInBatches(
  session: DatabaseSession,
  locks: number,
  inTransaction: InTransaction,
): Promise<void> {
  const rows = await session.query<{ oid: string }>(
    "SELECT oid::text AS oid FROM pg_catalog.pg_largeobject_metadata ORDER BY oid",
  );
  await inBatches(rows, Math.ceil(locks / 2), (batch) =>
    inTransaction(session, async () => {
      await session.query("SELECT pg_catalog.lo_unlink(oid::oid) FROM unnest($1::text[]) AS oid", [
        batch.map((row) => row.oid),
      ]);
    }),
  );
}

/** Goes through all of them; where a batch is too much for the server's table of locks, in smaller ones. */
async function inBatches<T>(
  all: readonly T[],
  first: number,
  run: (batch: readonly T[]) => Promise<void>,
): Promise<void> {
  let size = Math.max(1, first);
  for (let at = 0; at < all.length;) {
    try {
      await run(all.slice(at, at + size));
      at += size;
    } catch (error) {
      if (size === 1 || !isHoldfastError(error) || !OUT_OF_MEMORY.test(error.message)) throw error;
      size = Math.ceil(size / 2);
    }
  }
}
