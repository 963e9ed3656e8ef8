import { HoldfastError, isHoldfastError } from "../../../kernel/errors.ts";
import { quoteIdentifier } from "../../../postgres/quoting.ts";
import { endSessions, otherSessions } from "../../../nouns/server/end-sessions.ts";
import type { Database, DatabaseSession } from "../../../ports/database.ts";

/** The three names of an exchange. */
export interface SwapNames {
  readonly live: string;
  readonly next: string;
  readonly old: string;
}

/**
 * Exchanges names: `live` becomes `old`, `next` becomes `live`, in one transaction. Whoever connects sees
 * either the old or the new database.
 *
 * A rename waits up to five seconds for other sessions to leave, and no new session can enter while it waits.
 * So the rename is begun first and the sessions are ended from a second connection: application pools that
 * reconnect at once cannot slip in between.
 *
 * @throws when it could not be done; the hint says what is known about the names
 */
export async function swapNames(target: Database, names: SwapNames): Promise<void> {
  const maintenance = names.live === "postgres" ? "template1" : "postgres";
  try {
    await exchangePersistently(target, maintenance, names);
  } catch (cause) {
    // The answer to COMMIT may have been lost: what the server has now decides, not what we heard.
    const done = await isExchanged(target, maintenance, names).catch(() => undefined);
    if (done === true) return;
    const there = done === false ? await stillThere(target, maintenance, names) : "";
    const rename = (from: string, to: string): string =>
      `ALTER DATABASE ${quoteIdentifier(from)} RENAME TO ${quoteIdentifier(to)};`;
    const asItWas =
      `The target is as it was, and the proved copy stays as ${names.next}. ${there}Stop ` +
      `the applications, then exchange the names from another database: ${rename(names.live, names.old)} ` +
      `${rename(names.next, names.live)} (or drop ${names.next} and restore again).`;
    const unknown =
      `Look for a database ${names.old} on the server: if there is one, the exchange is done; ` +
      `if not, nothing has changed and the proved copy stays as ${names.next}.`;
    throw new HoldfastError(
      isHoldfastError(cause) ? cause.code : "database.query",
      `could not exchange the names of ${names.live} and ${names.next}: ${(cause as Error).message}`,
      {
        hint: done === false ? asItWas : unknown,
        cause,
      },
    );
  }
}

/**
 * How often it is tried: who may not be ended may go by itself, as a monitor does, and autovacuum may come
 * at any time.
 */
const TRIES = 4;

async function exchangePersistently(target: Database, maintenance: string, names: SwapNames): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await exchange(target, maintenance, names);
      return;
    } catch (error) {
      // Only that somebody is there may be otherwise a moment later.
      if (attempt === TRIES || !/SQLSTATE 55006/.test((error as Error).message)) throw error;
    }
  }
}

/** Leaving before COMMIT was heard ends the session, and with it the transaction. */
async function exchange(target: Database, maintenance: string, names: SwapNames): Promise<void> {
  await using session = await target.connect({
    purpose: "swap",
    whenCancelled: "finish",
    database: maintenance,
  });
  await using ender = await target.connect({
    purpose: "swap",
    whenCancelled: "finish",
    database: maintenance,
  });
  const both = [names.live, names.next];
  await session.query("BEGIN");
  const renaming = session.query(
    `ALTER DATABASE ${quoteIdentifier(names.live)} RENAME TO ${quoteIdentifier(names.old)}`,
  );
  await Promise.all([renaming, endThemAll(ender, both)]);
  await session.query(
    `ALTER DATABASE ${quoteIdentifier(names.next)} RENAME TO ${quoteIdentifier(names.live)}`,
  );
  await session.query("COMMIT");
}

async function isExchanged(target: Database, maintenance: string, names: SwapNames): Promise<boolean> {
  await using session = await target.connect({
    purpose: "swap",
    whenCancelled: "finish",
    database: maintenance,
  });
  const rows = await session.query<{ name: string }>(
    "SELECT datname::text AS name FROM pg_catalog.pg_database WHERE datname = ANY ($1)",
    [[names.live, names.next, names.old]],
  );
  const present = new Set(rows.map((row) => row.name));
  return present.has(names.old) && present.has(names.live) && !present.has(names.next);
}

/** Ends sessions for as long as the rename may be waiting for them. */
async function endThemAll(session: DatabaseSession, databases: readonly string[]): Promise<void> {
  for (let round = 0; round < 8; round += 1) {
    await endSessions(session, databases);
    if ((await otherSessions(session, databases)).length === 0) return;
    await session.query("SELECT pg_catalog.pg_sleep(0.25)");
  }
}

/** Who is there still, for the message; nobody where that cannot be asked. */
async function stillThere(target: Database, maintenance: string, { live, next }: SwapNames): Promise<string> {
  try {
    await using session = await target.connect({
      purpose: "swap",
      whenCancelled: "finish",
      database: maintenance,
    });
    const others = await otherSessions(session, [live, next]);
    if (others.length === 0) return "";
    const words = others.map(
      ({ pid, role, application }) =>
        `process ${pid} of role ${role}${application === "" ? "" : ` (${application})`}`,
    );
    return `Connected and not ended: ${words.join(", ")}. `;
  } catch {
    return "";
  }
}
