import { isHoldfastError } from "../../kernel/errors.ts";
import type { DatabaseSession } from "../../ports/database.ts";
import type { PreparedScript } from "../script/prepare.ts";
import { forgetSession, runStatements, type ScriptFailure } from "../shadow/run-script.ts";
import type { Chain } from "./chain.ts";
import { compareStates, isOnlyOrder, type StateDifference } from "./compare-states.ts";
import { judge } from "./judge.ts";
import { withoutNoise, withoutNoiseOf } from "./noise.ts";
import { ImpactWatch, isRowsOnly, type StatementImpact } from "./impact.ts";
import type { Pair, Tried } from "./tried.ts";
import type { Touched } from "./relatives.ts";
import { tryWithRows } from "./try-with-rows.ts";
import type { SchemaState } from "./state.ts";
import type { PairProof } from "./verdict.ts";

/** A proof, and where the forward script leads. */
export interface Proved {
  readonly proof: PairProof;
  /** The state after the forward script, where it went through. */
  readonly after: SchemaState | undefined;
}

/**
 * Tries a pair in front of where the chain stands, and leaves the chain as it was: forward, back, forward
 * again, and once more with rows in the tables.
 *
 * Scripts that can be one transaction are tried inside of one that is taken back, which costs next to
 * nothing; only where a script does not go through there, or cannot be, are they carried out for good, each
 * in a session of its own, in a copy of the database. That one counts.
 *
 * @param elapsed monotonic milliseconds
 */
export async function provePair(chain: Chain, pair: Pair, elapsed: () => number): Promise<Proved> {
  await chain.yieldRoles(pair.rollback === undefined ? [pair.forward] : [pair.forward, pair.rollback]);
  const before = await chain.state();
  const inside = canBeInside(pair) ? await tryInside(chain, pair, before, elapsed) : undefined;
  // Without a rollback there is nothing that a copy of the database could settle.
  const settled = inside?.went === "well" || (pair.rollback === undefined && inside?.failed === undefined);
  const tried =
    inside !== undefined && settled
      ? inside
      : ((await differsAnyway(chain, inside)) ?? (await tryForGood(chain, pair, before)));
  const watched = inside ?? { forward: [], rollback: [], touched: undefined };
  const shape = {
    forward: watched.forward,
    rollback: watched.rollback,
    destroys: destroyed(before, tried.after),
  };
  const left = chain.standIns.leftBy(pair.forward, pair.rollback);
  // Also where the schema is another one afterwards: that may be allowed, and what becomes of rows is not.
  if (tried.after === undefined || pair.rollback === undefined || isStopped(tried)) {
    return {
      proof: { ...judge(pair, before, tried, left), ...shape, failsWithRows: undefined },
      after: tried.after,
    };
  }
  const rows = await tryWithRows(
    chain,
    { ...pair, rollback: pair.rollback },
    { before, after: tried.after, touched: watched.touched },
  );
  return {
    proof: { ...judge(pair, before, tried, left, rows), ...shape, failsWithRows: rows.forwardFailed },
    after: tried.after,
  };
}

interface Inside extends Tried {
  readonly forward: readonly StatementImpact[];
  readonly rollback: readonly StatementImpact[];
  readonly touched: Touched | undefined;
}

function canBeInside({ forward, rollback }: Pair): boolean {
  return [forward, rollback].every(
    (script) =>
      script === undefined ||
      (!script.forgets && script.script.problem === undefined && script.execution.mode === "one-transaction"),
  );
}

async function tryInside(
  chain: Chain,
  { forward, rollback }: Pair,
  before: SchemaState,
  elapsed: () => number,
): Promise<Inside> {
  await chain.standIns.prepare(await chain.session(), forward, ...(rollback === undefined ? [] : [rollback]));
  const session = await chain.session();
  const watches = { forward: new ImpactWatch(session, elapsed), rollback: new ImpactWatch(session, elapsed) };
  const skip = chain.standIns.skip;
  const watched = async (watch: ImpactWatch, script: PreparedScript): Promise<ScriptFailure | undefined> => {
    await watch.begin();
    const failure = await runStatements(session, script, { after: watch.after, uniform: isRowsOnly, skip });
    if (failure === undefined) await watch.end();
    return failure;
  };
  await session.query("BEGIN");
  try {
    const outcome = await forwardAndBack(session, (from) => chain.read(from), before, {
      forward: () => watched(watches.forward, forward),
      ...(rollback === undefined ? {} : { rollback: () => watched(watches.rollback, rollback) }),
      again: () => runStatements(session, forward, { skip }),
    });
    // A script that failed was not watched to its end, and what it would have touched is not known.
    const seen = outcome.failed === undefined || outcome.failed.stage === "again";
    const { forward: there, rollback: back } = watches;
    const touched = seen
      ? {
          tables: [...new Set([...there.touched, ...back.touched])],
          written: [...new Set([...there.written, ...back.written])],
          read: [...new Set([...there.read, ...back.read])],
        }
      : undefined;
    return { ...outcome, forward: there.impacts, rollback: back.impacts, touched };
  } finally {
    // Takes the transaction back.
    await chain.session();
  }
}

/**
 * What a script does to tables when it is carried out alone, in a transaction that is taken back: inside of
 * the one that its migration began, the locks would be the migration's. Empty where it cannot be watched.
 */
export async function watchAlone(
  chain: Chain,
  script: PreparedScript,
  elapsed: () => number,
): Promise<readonly StatementImpact[]> {
  if (!canBeInside({ forward: script, rollback: undefined })) return [];
  const session = await chain.session();
  const watch = new ImpactWatch(session, elapsed);
  await session.query("BEGIN");
  await watch.begin();
  const { skip } = chain.standIns;
  await runStatements(session, script, { after: watch.after, uniform: isRowsOnly, skip });
  await chain.session();
  return watch.impacts;
}

/**
 * Both scripts went through inside and something is left that is no noise: carried out for good they would
 * leave the same.
 */
async function differsAnyway(chain: Chain, inside: Inside | undefined): Promise<Tried | undefined> {
  if (inside === undefined || inside.back.every(isOnlyOrder)) return undefined;
  const { left, notes } = withoutNoise(inside.back, await chain.noise());
  return left.every(isOnlyOrder) ? undefined : { ...inside, back: left, notes };
}

interface Steps {
  forward(): Promise<ScriptFailure | undefined>;
  rollback?(): Promise<ScriptFailure | undefined>;
  again(): Promise<ScriptFailure | undefined>;
}

/**
 * Inside one transaction: between two scripts everything is as in a new session, and constraints that wait
 * for the end are checked.
 */
async function forwardAndBack(
  session: DatabaseSession,
  read: (session: DatabaseSession) => Promise<SchemaState>,
  before: SchemaState,
  steps: Steps,
): Promise<Tried> {
  const next = async (): Promise<ScriptFailure | undefined> => {
    const refusal = await session.execute("SET CONSTRAINTS ALL IMMEDIATE");
    if (refusal !== undefined) {
      return { file: "", line: 1, statement: undefined, message: refusal.message, hint: undefined, refusal };
    }
    await forgetSession(session);
    return undefined;
  };
  const bad = (
    stage: "forward" | "rollback" | "again",
    failure: ScriptFailure,
    after?: SchemaState,
    back: readonly StateDifference[] = [],
  ): Tried => ({ went: "not", after, failed: { stage, failure }, back, again: [], notes: [] });
  const first = (await steps.forward()) ?? (await next());
  if (first !== undefined) return bad("forward", first);
  const after = await read(session);
  if (steps.rollback === undefined) return { went: "not", after, back: [], again: [], notes: [] };
  await forgetSession(session);
  const second = (await steps.rollback()) ?? (await next());
  if (second !== undefined) return bad("rollback", second, after);
  const back = compareStates(before, await read(session));
  await forgetSession(session);
  const third = (await steps.again()) ?? (await next());
  if (third !== undefined) return bad("again", third, after, back);
  const again = compareStates(after, await read(session));
  return { went: [...back, ...again].every(isOnlyOrder) ? "well" : "not", after, back, again, notes: [] };
}

/** That the migration cannot be applied again is often for what its rollback leaves behind. */
function isStopped({ failed }: Tried): boolean {
  return failed !== undefined && failed.stage !== "again";
}

/** In a copy of the database, each script committed, as in production. */
async function tryForGood(chain: Chain, { forward, rollback }: Pair, before: SchemaState): Promise<Tried> {
  await using copy = await chain.clone();
  // One session reads every state: a new one would have to plan every query again. A script may end it, with
  // all others of its database.
  await using readers = new AsyncDisposableStack();
  let reader = readers.use(await copy.connect());
  const state = async (): Promise<SchemaState> => {
    try {
      return await chain.read(reader);
    } catch (error) {
      if (!isHoldfastError(error, "database.lost")) throw error;
      reader = readers.use(await copy.connect());
      return await chain.read(reader);
    }
  };
  const first = await chain.runIn(copy, forward);
  if (first !== undefined) {
    return {
      went: "not",
      after: undefined,
      failed: { stage: "forward", failure: first },
      back: [],
      again: [],
      notes: [],
    };
  }
  const after = await state();
  if (rollback === undefined) return { went: "not", after, back: [], again: [], notes: [] };
  const second = await chain.runIn(copy, rollback);
  if (second !== undefined) {
    return {
      went: "not",
      after,
      failed: { stage: "rollback", failure: second },
      back: [],
      again: [],
      notes: [],
    };
  }
  const rolledBack = await state();
  const found = compareStates(before, rolledBack);
  const back = await withoutNoiseOf(found, chain, { scripts: [forward, rollback], state: rolledBack });
  const third = await chain.runIn(copy, forward);
  if (third !== undefined) {
    return {
      went: "not",
      after,
      failed: { stage: "again", failure: third },
      back: back.left,
      again: [],
      notes: back.notes,
    };
  }
  const repeated = compareStates(after, await state());
  const again =
    repeated.length === 0
      ? { left: repeated, notes: [] }
      : withoutNoise(repeated, await chain.noise({ scripts: [forward], state: after }));
  return {
    went: [...back.left, ...again.left].every(isOnlyOrder) ? "well" : "not",
    after,
    back: back.left,
    again: again.left,
    notes: [...new Set([...back.notes, ...again.notes])],
  };
}

/**
 * What a rollback takes with it of what people put in after the migration: every table that is new, in
 * whatever new schema, and the new columns of tables that are not.
 */
function destroyed(before: SchemaState, after: SchemaState | undefined): string[] {
  const fresh = [...(after?.keys() ?? [])].filter((object) => !before.has(object));
  const tables = new Set(fresh.filter((object) => object.startsWith("table ")));
  return fresh.filter((object) => tables.has(object) || (isColumn(object) && !tables.has(tableOf(object))));
}

const isColumn = (object: string): boolean => object.startsWith("column ");

/** `column app.t.c` → `table app.t`; names are as the server quotes them. */
function tableOf(column: string): string {
  return column.replace(/^column /, "table ").replace(/\.(?:"(?:[^"]|"")*"|[^".]+)$/, "");
}
