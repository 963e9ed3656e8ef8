import type { DatabaseSession } from "../../ports/database.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import type { PreparedScript } from "../script/prepare.ts";
import { segmentsAfter, type Segment } from "../script/segments.ts";
import type { Statement } from "../script/script.ts";
import { canBeSeen, dropInvalid, isDone } from "./look-before.ts";
import type { ServerRefusal } from "../../ports/database.ts";

/** Waits of a migration's transactions. */
export interface Timeouts {
  /** Longest wait for a lock, in milliseconds: whoever comes later waits behind us. */
  readonly lockMs: number;
  /** Longest time for one statement, in milliseconds; 0 for no end. */
  readonly statementMs: number;
}

/** Where a script is begun. */
export interface Beginning {
  /** Statements that are done already. */
  readonly from: number;
  /**
   * The statement after these, where an earlier run or try has sent it: it may have happened without being
   * written down.
   */
  readonly attempted: string | null;
}

/** What is written down as a script goes on, in the transaction of what it did. */
export interface Ledger {
  /**
   * Written before a statement that no transaction may hold and whose work is not there yet.
   *
   * @param statement its text
   */
  begins(session: DatabaseSession, statement: string): Promise<void>;
  /** @param steps statements that are done; `whole`: all of them */
  done(session: DatabaseSession, steps: number, whole: boolean): Promise<void>;
}

/** A statement that the server refused. */
export interface Refused {
  readonly statement: Statement | undefined;
  readonly refusal: ServerRefusal;
  /** Statements that are done for good. */
  readonly steps: number;
  readonly statements: number;
  /** The statement, where it was written down as begun. */
  readonly attempted: string | null;
}

/**
 * Carries a script out for good, from the statement after `from`. Each segment is one transaction, in which
 * the ledger says that it is done; so wherever the run is killed, what is written down is what happened. A
 * statement that no transaction may hold is looked at before it is repeated.
 *
 * @param stop asked before each statement: a request to cancel reaches only one that is just running
 * @returns what was refused, or undefined
 */
export async function carryOut(
  session: DatabaseSession,
  script: PreparedScript,
  { from, attempted }: Beginning,
  asked: Timeouts,
  ledger: Ledger,
  stop: AbortSignal,
): Promise<Refused | undefined> {
  const timeouts = { lockMs: limit(asked.lockMs), statementMs: limit(asked.statementMs) };
  const segments = [...segmentsAfter(script, from)];
  const count = script.execution.statements.length;
  // For the whole session, so that a script's own SET wins.
  const setLimits = `SET lock_timeout = ${timeouts.lockMs}; SET statement_timeout = ${timeouts.statementMs}`;
  // Most scripts are one transaction: what comes with its BEGIN needs no round trip of its own.
  const [first] = segments;
  if (first?.kind === "transaction" && first.setUp.length === 0) {
    segments[0] = { ...first, begin: `${first.begin}\n; ${setLimits}` };
  } else await session.query(setLimits);
  for (const setUp of first?.setUp ?? []) {
    const refusal = await session.execute(setUp.text);
    if (refusal !== undefined) {
      return { statement: setUp, refusal, steps: from, statements: count, attempted };
    }
  }
  let steps = from;
  for (const segment of segments) {
    stop.throwIfAborted();
    const whole = segment === segments.at(-1);
    const before = segment === segments[0] ? attempted : null;
    const refused =
      segment.kind === "transaction"
        ? await inTransaction(session, segment, whole, ledger, stop)
        : await alone(session, segment, { whole, attempted: before }, timeouts, ledger);
    if (refused !== undefined) return { attempted: null, ...refused, steps, statements: count };
    steps = segment.upTo;
  }
  if (segments.length === 0) {
    await session.query(WRITING);
    await ledger.done(session, count, true);
    await session.query("COMMIT");
  }
  return undefined;
}

/** The longest that a server waits, in milliseconds: some 24 days. */
const LIMIT_MAX = 2 ** 31 - 1;

function limit(ms: number): number {
  return Math.min(ms, LIMIT_MAX);
}

/** A script may have made the session's transactions read-only. */
const WRITING = "BEGIN READ WRITE";

type Failed = Pick<Refused, "statement" | "refusal"> & Partial<Pick<Refused, "attempted">>;

async function inTransaction(
  session: DatabaseSession,
  segment: Segment,
  whole: boolean,
  ledger: Ledger,
  stop: AbortSignal,
): Promise<Failed | undefined> {
  const begun = await session.execute(segment.begin);
  if (begun !== undefined) {
    if (session.transaction !== "none") await session.query("ROLLBACK");
    return { statement: undefined, refusal: begun };
  }
  for (const statement of [...segment.statements, undefined]) {
    if (stop.aborted) {
      if (session.transaction !== "none" && !session.lost.aborted) await session.query("ROLLBACK");
      stop.throwIfAborted();
    }
    // What waits for the end is done under the script's own settings and role, before ours.
    const refusal = await session.execute(statement?.text ?? `SET CONSTRAINTS ALL IMMEDIATE; ${UNHURRIED}`);
    if (refusal === undefined) continue;
    await session.query("ROLLBACK");
    return { statement, refusal };
  }
  if (isOver(session)) throw endedByItself(segment);
  try {
    await session.query(AS_WE_BEGAN);
    await ledger.done(session, segment.upTo, whole);
  } catch (error) {
    if (session.transaction !== "none" && !session.lost.aborted) await session.query("ROLLBACK");
    throw error;
  }
  const ended = await session.execute("COMMIT");
  return ended === undefined ? undefined : { statement: undefined, refusal: ended };
}

async function alone(
  session: DatabaseSession,
  segment: Segment,
  { whole, attempted }: { readonly whole: boolean; readonly attempted: string | null },
  timeouts: Timeouts,
  ledger: Ledger,
): Promise<Failed | undefined> {
  const statement = segment.statements[0]!;
  const isThere = await isDone(session, statement);
  const isOurs = attempted === statement.text;
  if (typeof isThere === "object") return { statement, refusal: isThere, attempted };
  // What was there before anybody has sent it is somebody else's: then the server says what it makes of that.
  if (!(isOurs && isThere)) {
    const noted = isOurs || (!isThere && canBeSeen(statement)) ? statement.text : null;
    if (noted !== null && !isOurs) {
      await session.query(WRITING);
      await asWeBegan(session);
      await ledger.begins(session, noted);
      await session.query("COMMIT");
    }
    const refusal =
      statement.type === "VariableSetStmt"
        ? await session.execute(statement.text)
        : await unhurried(session, statement, timeouts);
    if (refusal !== undefined) {
      await dropInvalid(session, statement);
      return { statement, refusal, attempted: noted };
    }
  }
  await session.query(WRITING);
  await asWeBegan(session);
  await ledger.done(session, segment.upTo, whole);
  await session.query("COMMIT");
  return undefined;
}

function isOver(session: DatabaseSession): boolean {
  return session.transaction === "none";
}

/** What a script did is not written down in its transaction, so nobody can say any more what has happened. */
function endedByItself({ statements }: Segment): HoldfastError {
  const ending = statements.find(({ type }) => type === "TransactionStmt");
  return new HoldfastError(
    "refused.unsafe",
    `the script ended its transaction itself${ending === undefined ? "" : `: ${ending.text}`}`,
    {
      hint:
        "Take that statement out. Where it prepared a transaction, look for it in pg_prepared_xacts, " +
        "and end it with ROLLBACK PREPARED.",
    },
  );
}

/**
 * What no transaction may hold takes as long as it takes, unless the script itself has said how long. It
 * waits for everybody who has an older snapshot, and nobody queues behind it meanwhile: that is no wait for
 * a lock, though the server counts it as one.
 */
async function unhurried(
  session: DatabaseSession,
  statement: Statement,
  { statementMs, lockMs }: Timeouts,
): Promise<ServerRefusal | undefined> {
  const rows = await session.query<{ name: string }>(
    `
      SELECT name
        FROM pg_catalog.pg_settings
       WHERE name = 'statement_timeout' AND setting = $1 OR name = 'lock_timeout' AND setting = $2
    `,
    [String(statementMs), String(lockMs)],
  );
  const ours = rows.map(({ name }) => name);
  const longest: Readonly<Record<string, number>> = {
    statement_timeout: 0,
    lock_timeout: statementMs === 0 ? 0 : Math.max(statementMs, lockMs),
  };
  for (const name of ours) await session.query(`SET ${name} = ${longest[name]!}`);
  const refusal = await session.execute(statement.text);
  if (session.lost.aborted) return refusal;
  const before: Readonly<Record<string, number>> = { statement_timeout: statementMs, lock_timeout: lockMs };
  for (const name of ours) await session.query(`SET ${name} = ${before[name]!}`);
  return refusal;
}

/** Before all that is ours: whatever comes with it has no more time than the script has left. */
const UNHURRIED = "SET LOCAL statement_timeout = 0";

/**
 * A script may have become another role, speak another encoding than we do, and may have given its own
 * statements no time: until the transaction ends none of that counts for what is ours. The role is what the
 * server makes of whoever logs in.
 */
const AS_WE_BEGAN = `
  SET LOCAL SESSION AUTHORIZATION DEFAULT;
  SET LOCAL ROLE TO DEFAULT;
  SET LOCAL client_encoding = 'UTF8';
  SELECT pg_catalog.set_config(name, '0', true)
    FROM pg_catalog.unnest(ARRAY['statement_timeout', 'transaction_timeout',
                                 'idle_in_transaction_session_timeout']) AS name
   WHERE pg_catalog.current_setting(name, true) IS NOT NULL
`;

async function asWeBegan(session: DatabaseSession): Promise<void> {
  await session.query(UNHURRIED);
  await session.query(AS_WE_BEGAN);
}
