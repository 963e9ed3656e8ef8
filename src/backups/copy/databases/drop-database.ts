import { isHoldfastError } from "../../../kernel/errors.ts";
import { quoteIdentifier } from "../../../postgres/quoting.ts";
import { endSessions } from "../../../nouns/server/end-sessions.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { DatabaseSession } from "../../../ports/database.ts";

/**
 * Drops a database that Holdfast made, if it is there, and whatever is connected to it. A subscription in it
 * forbids that; it was never enabled, so it is cut off from its replication slot, which is the source's, and
 * dropped first (https://www.postgresql.org/docs/current/sql-dropsubscription.html, "slot_name = NONE").
 *
 * @param admin in another database of the same server
 * @param connect a session in the database
 */
export async function dropDatabase(
  admin: DatabaseSession,
  name: string,
  connect: () => Promise<DatabaseSession>,
): Promise<void> {
  const subscriptions = await admin.query<{ name: string }>(
    `
      SELECT s.subname::text AS name FROM pg_catalog.pg_subscription s
        JOIN pg_catalog.pg_database d ON d.oid = s.subdbid WHERE d.datname = $1 ORDER BY 1
    `,
    [name],
  );
  const names = subscriptions.map((one) => one.name);
  if (names.length > 0) await dropSubscriptions(names, connect);
  await dropForced(admin, name);
}

/** Tries to remove a database; sessions that were told to go need a moment on a busy server. */
const TRIES = 4;
/** Each waits for a login that nobody answers. */
const TRIES_UNREACHABLE = 2;
/** Milliseconds between two tries. */
const PAUSE_MS = 1_000;

/**
 * Drops a database that Holdfast made, in several tries with a session each: the connection in which one
 * failed may be what broke.
 *
 * @param connect a session in the named database, or in another one of the same server
 * @throws what the last try met; the database may still be there
 */
export async function dropPersistently(
  name: string,
  connect: (database?: string) => Promise<DatabaseSession>,
  clock: Pick<Clock, "sleep">,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await using admin = await connect();
      await dropDatabase(admin, name, () => connect(name));
      return;
    } catch (error) {
      const isGone = isHoldfastError(error, "database.unreachable");
      if (attempt === (isGone ? TRIES_UNREACHABLE : TRIES)) throw error;
    }
    await clock.sleep(PAUSE_MS);
  }
}

/**
 * Drops it under sessions that still use it. `WITH (FORCE)` came with PostgreSQL 13; on 12 those sessions are
 * ended first (https://www.postgresql.org/docs/current/sql-dropdatabase.html).
 */
async function dropForced(admin: DatabaseSession, name: string): Promise<void> {
  const [server] = await admin.query<{ knows: boolean }>(
    "SELECT pg_catalog.current_setting('server_version_num')::int >= 130000 AS knows",
  );
  if (server!.knows) {
    await admin.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`);
    return;
  }
  await endSessions(admin, [name]);
  await admin.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)}`);
}

/**
 * A subscription can only be dropped inside a transaction when it has no slot at its
 * publisher any more; giving that up asks nothing of the publisher, which may be out of reach.
 * https://www.postgresql.org/docs/current/sql-dropsubscription.html
 */
export async function dropSubscription(session: DatabaseSession, name: string): Promise<void> {
  await session.query(`ALTER SUBSCRIPTION ${quoteIdentifier(name)} DISABLE`);
  await session.query(`ALTER SUBSCRIPTION ${quoteIdentifier(name)} SET (slot_name = NONE)`);
  await session.query(`DROP SUBSCRIPTION ${quoteIdentifier(name)}`);
}

async function dropSubscriptions(
  names: readonly string[],
  connect: () => Promise<DatabaseSession>,
): Promise<void> {
  try {
    await using session = await connect();
    for (const name of names) await dropSubscription(session, name);
  } catch (error) {
    // Gone meanwhile: then so are they.
    if (!isHoldfastError(error, "database.missing")) throw error;
  }
}
