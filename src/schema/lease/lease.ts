import { formatDuration } from "../../kernel/duration.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import type { Clock, Random } from "../../ports/clock.ts";
import type { Database, DatabaseSession } from "../../ports/database.ts";
import type { Log } from "../../ports/log.ts";
import { makeHistory } from "../history/table.ts";
import { patiently } from "../history/patience.ts";
import type { RunIdentity } from "../../ports/run-identity.ts";

/**
 * Who may change the schema. Two things are held together: a session lock of the server's (advisory), which
 * nobody can forget to give back, and a row that says who it is, renewed while the work lasts. The row alone
 * says the holder's name; the lock alone is gone in the moment in which the holder is.
 *
 * Nobody waits inside of a transaction: CREATE INDEX CONCURRENTLY waits for every snapshot, and one that
 * waits for the lock would be waited for by its holder.
 */

/**
 * Any number will do, so long as it is always the same: the first 63 bits of the SHA-256 of
 * `holdfast migrations`.
 */
const KEY = "6033277340932434121";
const RENEW_EVERY_MS = 10_000;
/** A holder that did not renew for so long is taken for dead, by the server's clock. */
export const LEASE_STALE_MS = 60_000;
const POLL_MS = 1_000;

/** What is needed to hold it. */
export interface LeaseRequest {
  readonly database: Database;
  /** What is done with it, such as `migrate`. */
  readonly doing: string;
  readonly run: RunIdentity;
  /** How long to wait for another holder, in milliseconds; 0 not at all. */
  readonly waitMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Pick<Log, "info" | "warn">;
  readonly cancelled: AbortSignal;
}

/** The held lease. Disposing gives it back. */
export interface Lease extends AsyncDisposable {
  /** Proves to the server that it is still held: SQL that writes something only where it is. */
  readonly token: string;
  /** Aborts when it was lost: the session ended, or another run has taken it over. */
  readonly lost: AbortSignal;
}

interface Holder {
  readonly token: string;
  readonly doing: string;
  readonly holder: string;
  readonly url: string | null;
  readonly since: Date;
  readonly seconds: number;
  readonly stale: boolean;
  readonly alive: boolean;
  readonly pid: number;
}

/**
 * Takes the lease, and makes the tables of the history where they are not there.
 *
 * @throws lock.held, naming who holds it, since when and where its run can be seen; database.lock-timeout
 */
export async function takeLease(request: LeaseRequest): Promise<Lease> {
  const { database, clock, log, cancelled } = request;
  await refuseWhileReplaced(database);
  await makeHistory(database);
  const session = await database.connect({ purpose: "lease", whenCancelled: "finish" });
  try {
    const until = clock.elapsed() + request.waitMs;
    for (let told = false; ;) {
      cancelled.throwIfAborted();
      const token = await patiently(session, () => tryTake(session, request));
      if (token !== undefined) return keep(session, token, request);
      const holder = await patiently(session, () => readHolder(session));
      if (clock.elapsed() >= until) throw held(request, holder);
      if (!told) log.info(`waiting for ${described(holder)}`);
      told = true;
      await clock.sleep(POLL_MS, cancelled);
    }
  } catch (error) {
    await session.close();
    throw error;
  }
}

/**
 * A restore that holds the lease has taken the history's tables away, and brings its own: none are made then.
 *
 * @throws lock.held
 */
async function refuseWhileReplaced(database: Database): Promise<void> {
  await using session = await database.connect({ purpose: "lease", whenCancelled: "finish" });
  const [row] = await session.query<{ held: boolean }>(`
    SELECT pg_catalog.to_regclass('holdfast.lease') IS NULL
           AND EXISTS (SELECT FROM pg_catalog.pg_locks l, pg_catalog.pg_database d
                        WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
                          AND d.datname = pg_catalog.current_database() AND l.database = d.oid
                          AND (l.classid::bigint << 32) | l.objid::bigint = ${KEY}) AS held
  `);
  if (!row!.held) return;
  throw new HoldfastError("lock.held", "the database is being replaced by a restore of a backup", {
    hint: "Wait until that has ended, and look at the plan anew.",
  });
}

/** @returns the token, or undefined where somebody else holds it */
async function tryTake(
  session: DatabaseSession,
  { doing, run, random, log }: LeaseRequest,
): Promise<string | undefined> {
  const [lock] = await session.query<{ got: boolean }>(
    `SELECT pg_catalog.pg_try_advisory_lock(${KEY}) AS got`,
  );
  if (!lock!.got) return undefined;
  const before = await readHolder(session);
  // The lock is ours, so a holder whose session is gone is gone; one whose session lives lost the lock in a
  // pooler, and may be at work.
  if (before !== undefined && before.alive && !before.stale) {
    await session.query(`SELECT pg_catalog.pg_advisory_unlock(${KEY})`);
    return undefined;
  }
  if (before !== undefined) {
    log.warn(`taking over from ${described(before)}, which ended without giving the lease back`);
  }
  const token = random.hex(16);
  await session.query(
    `
      INSERT INTO holdfast.lease (token, doing, holder, run_url, since, renewed_at, pid)
        VALUES ($1, $2, $3, $4, pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp(),
        pg_catalog.pg_backend_pid())
            ON CONFLICT (singleton) DO UPDATE SET token = excluded.token, doing = excluded.doing,
               holder = excluded.holder, run_url = excluded.run_url, since = excluded.since,
               renewed_at = excluded.renewed_at, pid = excluded.pid
    `,
    [token, doing, `${run.actor} (${run.id})`, run.url],
  );
  return token;
}

async function readHolder(session: DatabaseSession): Promise<Holder | undefined> {
  const [row] = await session.query<Holder>(
    `
      SELECT token, doing, holder, run_url AS url, since, pid,
             extract(epoch FROM pg_catalog.clock_timestamp() - since)::float8 AS seconds,
             renewed_at < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => $1) AS stale,
             EXISTS (SELECT FROM pg_catalog.pg_stat_activity a
                      WHERE a.pid = l.pid AND a.datname = pg_catalog.current_database()) AS alive
        FROM holdfast.lease l
    `,
    [LEASE_STALE_MS / 1000],
  );
  return row;
}

function described(holder: Holder | undefined): string {
  if (holder === undefined) return "another run";
  const where = holder.url === null ? "" : `, ${holder.url}`;
  return `${holder.holder}, at ${holder.doing} for ${formatDuration(holder.seconds * 1000)}${where}`;
}

function held({ waitMs }: LeaseRequest, holder: Holder | undefined): HoldfastError {
  const waited = waitMs === 0 ? "" : ` after waiting for ${formatDuration(waitMs)}`;
  const silent =
    holder?.stale === true && holder.alive
      ? ` It has given no sign of life for a minute, and its session is still there: where its machine is ` +
        `gone, SELECT pg_terminate_backend(${holder.pid}) ends it.`
      : "";
  return new HoldfastError("lock.held", `the schema is being changed by ${described(holder)}${waited}`, {
    hint:
      "Wait until it has ended, or let this run wait longer with --wait. " +
      `A run that was killed is taken over from as soon as the server has ended its session.${silent}`,
  });
}

function keep(session: DatabaseSession, token: string, { clock, log }: LeaseRequest): Lease {
  const lost = new AbortController();
  const ended = new AbortController();
  const renewing = renew(session, token, clock, ended.signal).catch((error: unknown) => {
    if (!ended.signal.aborted) lost.abort(error);
  });
  return {
    token,
    lost: AbortSignal.any([lost.signal, session.lost]),
    async [Symbol.asyncDispose]() {
      ended.abort();
      await renewing;
      try {
        if (!session.lost.aborted) {
          await session.query("DELETE FROM holdfast.lease WHERE token = $1", [token]);
        }
      } catch (error) {
        log.warn(
          `the lease could not be given back; it is taken over after a minute: ${(error as Error).message}`,
        );
      } finally {
        await session.close();
      }
    },
  };
}

async function renew(
  session: DatabaseSession,
  token: string,
  clock: Clock,
  ended: AbortSignal,
): Promise<void> {
  for (;;) {
    await clock.sleep(RENEW_EVERY_MS, ended).catch(() => undefined);
    if (ended.aborted) return;
    const rows = await session.query(
      `
         UPDATE holdfast.lease
           SET renewed_at = pg_catalog.clock_timestamp()
         WHERE token = $1
        RETURNING 1 AS one
      `,
      [token],
    );
    if (rows.length === 0) {
      throw new HoldfastError(
        "lock.lost",
        "another run has taken the lease over, because it was not renewed in time",
        { hint: "Look at what both have done with migrate-status, and run again." },
      );
    }
  }
}

/**
 * For a transaction that writes the history: whoever lost the lease changes nothing more.
 *
 * @throws lock.lost
 */
export async function requireLease(session: DatabaseSession, { token }: Pick<Lease, "token">): Promise<void> {
  const rows = await session.query("SELECT FROM holdfast.lease WHERE token = $1", [token]);
  if (rows.length > 0) return;
  throw new HoldfastError(
    "lock.lost",
    "another run has taken the lease over, so nothing of this transaction is kept",
    { hint: "Look at what both have done with migrate-status, and run again." },
  );
}
