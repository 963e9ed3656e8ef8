import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { quoteIdentifier } from "../../postgres/quoting.ts";
import type { Database, DatabaseSession } from "../../ports/database.ts";

/** The three names of an exchange. */
export interface SwapNames {
  readonly live: string;
  readonly next: string;
  readonly old: string;
}

/**
 * Exchanges names: `live` becomes `old`, `next` becomes `live`, in one transaction. Whoever connects sees either the old or the new database.
 *
 * A rename waits up to five seconds for other sessions to leave, and no new session can enter while it waits. So the rename is begun first and the
 * sessions are ended from a second connection: application pools that reconnect at once cannot slip in between.
 *
 * @throws when it could not be done; the hint says what is known about the names
 */
export async function swapNames(target: Database, names: SwapNames): Promise<void> {
  const maintenance = names.live === "postgres" ? "template1" : "postgres";
  try {
    await exchange(target, maintenance, names);
  } catch (cause) {
    // The answer to COMMIT may have been lost: what the server has now decides, not what we heard.
    const done = await isExchanged(target, maintenance, names).catch(() => undefined);
    if (done === true) return;
    const asItWas = `The target is as it was, and the proved copy stays as ${names.next}. Stop the applications, then rename it by hand or restore again.`;
    const unknown = `Look for a database ${names.old} on the server: if there is one, the exchange is done; if not, nothing has changed and the proved copy stays as ${names.next}.`;
    throw new HoldfastError(isHoldfastError(cause) ? cause.code : "database.query", `could not exchange the names of ${names.live} and ${names.next}: ${(cause as Error).message}`, {
      hint: done === false ? asItWas : unknown,
      cause,
    });
  }
}

/** Leaving before COMMIT was heard ends the session, and with it the transaction. */
async function exchange(target: Database, maintenance: string, names: SwapNames): Promise<void> {
  await using session = await target.connect({ purpose: "swap", database: maintenance });
  await using ender = await target.connect({ purpose: "swap", database: maintenance });
  await session.query("BEGIN");
  const renaming = session.query(`ALTER DATABASE ${quoteIdentifier(names.live)} RENAME TO ${quoteIdentifier(names.old)}`);
  await Promise.all([renaming, endSessions(ender, [names.live, names.next])]);
  await session.query(`ALTER DATABASE ${quoteIdentifier(names.next)} RENAME TO ${quoteIdentifier(names.live)}`);
  await session.query("COMMIT");
}

async function isExchanged(target: Database, maintenance: string, names: SwapNames): Promise<boolean> {
  await using session = await target.connect({ purpose: "swap", database: maintenance });
  const rows = await session.query<{ name: string }>("SELECT datname::text AS name FROM pg_catalog.pg_database WHERE datname = ANY ($1)", [[names.live, names.next, names.old]]);
  const present = new Set(rows.map((row) => row.name));
  return present.has(names.old) && present.has(names.live) && !present.has(names.next);
}

/** Ends sessions for as long as the rename may be waiting for them. */
async function endSessions(session: DatabaseSession, databases: readonly string[]): Promise<void> {
  for (let round = 0; round < 8; round += 1) {
    await session.query(
      "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE datname = ANY ($1) AND pid <> pg_catalog.pg_backend_pid()",
      [databases],
    );
    const [row] = await session.query<{ left: string }>(`SELECT pg_catalog.count(*)::text AS "left" FROM pg_catalog.pg_stat_activity WHERE datname = ANY ($1)`, [databases]);
    if (row?.left === "0") return;
    await session.query("SELECT pg_catalog.pg_sleep(0.25)");
  }
}
