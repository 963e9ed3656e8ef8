import type { DatabaseSession } from "../../ports/database.ts";

/**
 * Locks on relations are kept to the end of a transaction, and all sessions of a server share one table of
 * them; pg_dump needs its part of that. A transaction whose snapshot must stay gives locks back by rolling
 * back to a savepoint, which changes nothing for a reader.
 *
 * Source: https://www.postgresql.org/docs/current/explicit-locking.html, on locks taken after a savepoint
 */
const MARK = "holdfast_locks";

/** Begins to keep note of locks; needs a transaction. */
export async function markLocks(session: DatabaseSession): Promise<void> {
  await session.query(`SAVEPOINT ${MARK}`);
}

/** Gives back every lock taken since {@link markLocks}; the mark stays. */
export async function giveLocksBack(session: DatabaseSession): Promise<void> {
  await session.query(`ROLLBACK TO SAVEPOINT ${MARK}`);
}

/**
 * Runs reading statements and gives back the locks they took. After an error the transaction is of no more
 * use, as without this.
 */
export async function lockingBriefly<T>(session: DatabaseSession, read: () => Promise<T>): Promise<T> {
  await markLocks(session);
  const result = await read();
  await giveLocksBack(session);
  await session.query(`RELEASE SAVEPOINT ${MARK}`);
  return result;
}

/** How many locks on relations all sessions of this server together may hold, at least. */
export async function lockCapacity(session: DatabaseSession): Promise<number> {
  const [row] = await session.query<{ capacity: number }>(`
    SELECT current_setting('max_locks_per_transaction')::int * (
      current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int) AS
        capacity
  `);
  return row!.capacity;
}
