import { HoldfastError } from "../../kernel/errors.ts";
import { formatDuration } from "../../kernel/duration.ts";
import { PINNED_SETTINGS } from "../../nouns/server/pinned-settings.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Database, DatabaseSession } from "../../ports/database.ts";

/**
 * A network address translator forgets silent connections after minutes; a word now and then keeps the
 * snapshot's alive.
 */
const KEEP_ALIVE_MS = 30_000;

/**
 * An exported snapshot: one instant of the database that any number of sessions can look at until
 * it is released.
 */
export interface Snapshot extends AsyncDisposable {
  /** For `pg_dump --snapshot` and `SET TRANSACTION SNAPSHOT`. */
  readonly id: string;
  /** The instant, by the server's clock. */
  readonly at: Date;
  /** The session inside the snapshot's transaction. */
  readonly session: DatabaseSession;
  /** Aborts when the snapshot is lost: connection cut, or held for longer than allowed. */
  readonly lost: AbortSignal;
  /** Opens a further read-only session that sees the same instant, and ends when `stop` says so. */
  openSession(stop?: AbortSignal): Promise<DatabaseSession>;
}

/** Bounds of a snapshot, in milliseconds. */
export interface SnapshotLimits {
  /** How long it may be held. */
  readonly holdMs: number;
  /** How long one of its sessions waits for a table that somebody else has locked. */
  readonly lockWaitMs: number;
}

/**
 * Exports a snapshot and keeps it. An open snapshot holds VACUUM back on the whole server, so its
 * life is bounded.
 *
 * Source: https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-SNAPSHOT-SYNCHRONIZATION
 */
export async function exportSnapshot(
  database: Database,
  limits: SnapshotLimits,
  clock: Clock,
): Promise<Snapshot> {
  const session = await database.connect({ purpose: "snapshot", settings: PINNED_SETTINGS });
  try {
    await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const [row] = await session.query<{ id: string; at: string }>(`
      SELECT pg_catalog.pg_export_snapshot() AS id,
             to_char(transaction_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at
    `);
    if (!row) throw new Error("pg_export_snapshot returned no row");
    return new HeldSnapshot(database, session, row.id, new Date(row.at), limits, clock);
  } catch (error) {
    await session.close();
    throw error;
  }
}

class HeldSnapshot implements Snapshot {
  readonly id: string;
  readonly at: Date;
  readonly session: DatabaseSession;
  readonly lost: AbortSignal;
  readonly #database: Database;
  readonly #limits: SnapshotLimits;
  readonly #released = new AbortController();
  readonly #watching: Promise<void>[];

  constructor(
    database: Database,
    session: DatabaseSession,
    id: string,
    at: Date,
    limits: SnapshotLimits,
    clock: Clock,
  ) {
    this.#database = database;
    this.session = session;
    this.id = id;
    this.at = at;
    const tooLong = new AbortController();
    this.lost = AbortSignal.any([session.lost, tooLong.signal]);
    this.#limits = limits;
    this.#watching = [this.#limit(limits.holdMs, clock, tooLong), this.#keepAlive(clock)];
  }

  async openSession(stop?: AbortSignal): Promise<DatabaseSession> {
    const session = await this.#database.connect({
      purpose: "fingerprint",
      settings: PINNED_SETTINGS,
      stop: stop === undefined ? this.lost : AbortSignal.any([this.lost, stop]),
    });
    try {
      await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      // SET TRANSACTION takes no parameters; the id is the server's own and is checked to be nothing
      // but an id.
      if (!/^[0-9A-Fa-f-]+$/.test(this.id)) throw new Error(`strange snapshot id ${this.id}`);
      await session.query(`SET TRANSACTION SNAPSHOT '${this.id}'`);
      await session.query("SELECT set_config('lock_timeout', $1, true)", [String(this.#limits.lockWaitMs)]);
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#released.abort();
    // Closing the connection ends the transaction and the snapshot, whatever state it is in. It comes before
    // the watchers: one of them may wait for the answer to a keep-alive that a dead link will never bring,
    // and closing is what ends that wait.
    await this.session.close();
    await Promise.all(this.#watching);
  }

  async #limit(limitMs: number, clock: Clock, tooLong: AbortController): Promise<void> {
    try {
      await clock.sleep(limitMs, this.#released.signal);
    } catch {
      return;
    }
    tooLong.abort(
      new HoldfastError(
        "database.too-slow",
        `the snapshot was held for ${formatDuration(limitMs)}, the longest time allowed`,
        {
          hint:
            "Find out what was slow (network, server load), leave large schemas out, or raise " +
            "--snapshot-limit.",
        },
      ),
    );
  }

  async #keepAlive(clock: Clock): Promise<void> {
    try {
      for (;;) {
        await clock.sleep(KEEP_ALIVE_MS, this.#released.signal);
        await this.session.query("SELECT 1");
      }
    } catch {
      // Released, or the connection is lost: then `session.lost` has told everybody why.
    }
  }
}
