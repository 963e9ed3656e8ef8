import { qualifiedName } from "../../../postgres/quoting.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import { giveLocksBack, lockCapacity, markLocks } from "../../server/lock-budget.ts";
import type { Counted } from "./pieces.ts";

/** Tables locked by one statement. */
const LOCK_BATCH = 250;
/**
 * Part of the server's lock table that the counting sessions take together for good; the rest is pg_dump's
 * and everybody else's.
 */
const KEPT_PART = 1 / 2;
/** Part that they take together before they give locks back. */
const BRIEF_PART = 1 / 16;
/** A session that gave locks back after every table would mostly do that. */
const BRIEF_MIN = 16;

/** What a counting session locks, and when it gives locks back. */
export interface LockPlan {
  /** Locked before the first table is read, and kept. */
  readonly kept: readonly Counted[];
  /** Locks that a session may hold beside the kept ones. */
  readonly brief: number;
}

/**
 * Every session takes the weakest lock on every table before it reads the first: later, behind a schema
 * change that waits for the dump, it would wait for that change, and both for each other's end. Where the
 * server's lock table is too small for that, only divided tables are locked from the beginning to the end,
 * because one that were rewritten between two pieces of it would be counted wrong; all others while they are
 * read. A divided table for which there is no room is read in one piece.
 */
export async function planLocks(
  session: DatabaseSession,
  counted: readonly Counted[],
  sessions: number,
): Promise<LockPlan> {
  const capacity = (await lockCapacity(session)) / sessions;
  const all = counted.reduce((sum, table) => sum + table.shape.locks, 0);
  if (all <= capacity * KEPT_PART) return { kept: counted, brief: Infinity };
  return {
    kept: keepDivided(counted, capacity * KEPT_PART),
    brief: Math.max(BRIEF_MIN, Math.floor(capacity * BRIEF_PART)),
  };
}

function keepDivided(counted: readonly Counted[], room: number): Counted[] {
  const kept: Counted[] = [];
  let left = room;
  for (const table of counted.filter(({ pieces }) => pieces > 1).sort((a, b) => b.bytes - a.bytes)) {
    left -= table.shape.locks;
    if (left >= 0) kept.push(table);
    else table.pieces = 1;
  }
  return kept;
}

/** The locks of one counting session. */
export class TableLocks {
  readonly #session: DatabaseSession;
  readonly #plan: LockPlan;
  #brief = 0;

  constructor(session: DatabaseSession, plan: LockPlan) {
    this.#session = session;
    this.#plan = plan;
  }

  async takeKept(): Promise<void> {
    const { kept, brief } = this.#plan;
    for (let start = 0; start < kept.length; start += LOCK_BATCH) {
      const names = kept
        .slice(start, start + LOCK_BATCH)
        .map(({ shape }) => `ONLY ${qualifiedName(shape.schema, shape.name)}`);
      await this.#session.query(`LOCK TABLE ${names.join(", ")} IN ACCESS SHARE MODE`);
    }
    if (brief < Infinity) await markLocks(this.#session);
  }

  /** To be called before a table is read; `kept` for a table that {@link takeKept} locked. */
  async makeRoomFor({ shape }: Counted, kept: boolean): Promise<void> {
    if (this.#brief > 0 && this.#brief + shape.locks > this.#plan.brief) {
      await giveLocksBack(this.#session);
      this.#brief = 0;
    }
    this.#brief += kept ? 0 : shape.locks;
  }
}
