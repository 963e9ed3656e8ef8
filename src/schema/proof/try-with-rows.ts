import { listed } from "../../kernel/listed.ts";
import type { DatabaseSession } from "../../ports/database.ts";
import type { PreparedScript } from "../script/prepare.ts";
import { forgetSession, runStatements, type ScriptFailure } from "../shadow/run-script.ts";
import { insertCanaries } from "./canary/canaries.ts";
import { canaryTables } from "./canary/columns.ts";
import type { CornerChoice } from "./canary/corners.ts";
import { lostPositions, moveSequences, type Position } from "./canary/sequences.ts";
import { setByTriggers } from "./canary/set-by-triggers.ts";
import { leftRows, lostRows, notLookedFor, readSums, type LostRows, type TableSums } from "./canary/sums.ts";
import type { Chain } from "./chain.ts";
import { changedBesideOthers } from "./lonely.ts";
import { changedTables } from "./changed-tables.ts";
import { compareStates } from "./compare-states.ts";
import { failedObject } from "./failed-object.ts";
import { definitionsFor } from "./meant/definitions.ts";
import { meantByPair, type Meant } from "./meant/meant.ts";
import type { SchemaState } from "./state.ts";
import type { RowsTried } from "./rows-tried.ts";
import { isOpaque, lockedTables, relativesOf, type Touched } from "./relatives.ts";
import { Met } from "./met.ts";
import { withUnusual, type Effort, type RowsAttempt } from "./unusual.ts";

/**
 * A value for a required column is missing: https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const NOT_NULL_VIOLATION = "23502";
const NOTHING: RowsTried = {
  differences: [],
  forwardFailed: undefined,
  rollbackFailed: false,
  stopped: false,
  why: "",
  refusal: undefined,
  notes: [],
  unusual: [],
  nulls: [],
};

const INSIDE: Effort = { levels: ["extremes", "values"], narrowing: 12 };
/** Each try is a copy of the database, so what stops the pair is not looked for as long. */
const FOR_GOOD: Effort = { levels: INSIDE.levels, narrowing: 4 };

/** What is known of the pair by then. */
interface Known {
  readonly before: SchemaState;
  readonly after: SchemaState;
  /** Undefined where that was not watched. */
  readonly touched: Touched | undefined;
}

interface Scripts {
  readonly forward: PreparedScript;
  readonly rollback: PreparedScript;
}

/**
 * The same pair with rows in the tables that it touches, and in those that they hang together with: canaries,
 * and what migrations before put there. Whatever does not come back is named.
 */
export async function tryWithRows(chain: Chain, pair: Scripts, known: Known): Promise<RowsTried> {
  const tables = known.touched?.tables ?? changedTables(known, [pair.forward, pair.rollback]);
  const relatives =
    known.touched === undefined
      ? { names: [], notes: [] }
      : await relativesOf(await chain.session(), known.touched, [pair.forward, pair.rollback]);
  if (tables.length === 0 && relatives.names.length === 0) return NOTHING;
  const scripts = [pair.forward, pair.rollback];
  const definitions = await definitionsFor(await chain.session(), scripts, known.touched?.written ?? tables);
  const meant = await meantByPair(pair.forward, pair.rollback, definitions);
  const trial: Trial = { chain, pair, known, meant, met: new Met(), further: new Set() };
  const tried = await triedBeside(trial, tables, relatives.names);
  return {
    ...tried,
    notes: [...relatives.notes, ...tried.notes, ...(tried.stopped ? [] : trial.met.notes(pair))],
  };
}

/** One pair being tried with rows. */
interface Trial {
  readonly chain: Chain;
  readonly pair: Scripts;
  readonly known: Known;
  readonly meant: Meant;
  readonly met: Met;
  /** Tables that the scripts came to only with rows in others. */
  readonly further: Set<string>;
}

/**
 * Rows beside those of the pair's own tables may hold it up where these alone do not: then these alone decide
 * what is lost, and what held it up is told.
 */
async function triedBeside(
  trial: Trial,
  tables: readonly string[],
  relatives: readonly string[],
): Promise<RowsTried> {
  const tried = await triedWith(trial, [...tables, ...relatives]);
  const further = tried.stopped ? [] : await furtherOf(trial, new Set([...tables, ...relatives]));
  const beside = [...relatives, ...further];
  const whole = further.length === 0 ? tried : await triedWith(trial, [...tables, ...beside]);
  if (!whole.stopped) return await withLonely(trial, tables, beside, whole);
  if (beside.length === 0) return whole;
  const alone = await triedWith(trial, tables);
  if (alone.stopped) return alone;
  const note =
    "with rows in tables that these scripts read, or that point at those they change " +
    `(${listed(beside, NAMED_MAX)}), not both go through, so what they lose was tried without: ${whole.why}`;
  const isHeld = whole.refusal?.state.startsWith(INTEGRITY) === true;
  const stops = whole.forwardFailed === undefined && isHeld ? whole.differences : [];
  return {
    ...alone,
    differences: [...alone.differences, ...stops],
    forwardFailed:
      isHeld && whole.forwardFailed !== undefined ? { ...whole.forwardFailed, beside: true } : undefined,
    // What is lost says more than that it would be refused with rows elsewhere.
    rollbackFailed: stops.length > 0 && alone.differences.length === 0,
    notes: [...alone.notes, note],
  };
}

/** What has no partner is met by `NOT EXISTS` and outer joins: rows whose relatives are empty tell. */
async function withLonely(
  trial: Trial,
  tables: readonly string[],
  beside: readonly string[],
  whole: RowsTried,
): Promise<RowsTried> {
  const { forward, rollback } = trial.pair;
  // Where it was not watched all tables have rows, and the text tells which are changed.
  const inside = isInside(trial);
  const own = inside ? tables : changedBesideOthers(tables, [forward, rollback]);
  if (own.length === 0 || (inside && beside.length === 0)) return whole;
  const filling: Filling = { tables: own, choice: undefined };
  const lonely = await (inside ? triedInside(trial, filling) : triedForGood(trial, filling));
  if (lonely.stopped) return whole;
  const told = new Set(whole.differences.map(({ object }) => object));
  const more = lonely.differences.filter(({ object }) => !told.has(object));
  return { ...whole, differences: [...whole.differences, ...more] };
}

function isInside({ pair: { forward, rollback } }: Trial): boolean {
  return [forward, rollback].every(
    ({ execution, forgets }) => !forgets && execution.mode === "one-transaction",
  );
}

/** Tables that the scripts came to only with rows in others, and what points at these. */
async function furtherOf(
  { chain, pair, further }: Trial,
  known: ReadonlySet<string>,
): Promise<readonly string[]> {
  const found = [...further].filter((name) => !known.has(name));
  if (found.length === 0) return [];
  const touched = { tables: [...known, ...found], written: found, read: [] };
  const more = await relativesOf(await chain.session(), touched, [pair.forward, pair.rollback]);
  return [...found, ...more.names];
}

/** Integrity constraints: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const INTEGRITY = "23";
const NAMED_MAX = 4;

async function triedWith(trial: Trial, tables: readonly string[]): Promise<RowsTried> {
  const { meant } = trial;
  const inOne: RowsAttempt = async (choice) => await triedInside(trial, { tables, choice });
  const forGood: RowsAttempt = async (choice) => await triedForGood(trial, { tables, choice });
  if (!isInside(trial)) return await withUnusual(forGood, FOR_GOOD, meant);
  const tried = await withUnusual(inOne, INSIDE, meant);
  if (!tried.stopped) return tried;
  // One transaction around both is not what production has: there a new value of an enum can be used by then.
  const settled = await forGood();
  return settled.stopped ? settled : await withUnusual(forGood, FOR_GOOD, meant);
}

async function triedInside(
  { chain, pair, known, met, further }: Trial,
  filling: Filling,
): Promise<RowsTried> {
  const session = await chain.session();
  const skip = chain.standIns.skip;
  const run = async (script: PreparedScript): Promise<ScriptFailure | undefined> => {
    const failure = await runStatements(session, script, { skip, met: met.heard });
    if (failure !== undefined) return failure;
    const refusal = await session.execute("SET CONSTRAINTS ALL IMMEDIATE");
    await (refusal === undefined ? forgetSession(session) : Promise.resolve());
    return (
      refusal && {
        file: script.source.file,
        line: script.source.firstLine,
        statement: undefined,
        message: refusal.message,
        hint: undefined,
        refusal,
      }
    );
  };
  await session.query("BEGIN");
  try {
    const filled = await fillTables(session, filling, pair);
    met.filled(filled);
    const locked = await lockedTables(session);
    const tried = await judged(
      filled,
      { ...known, pair },
      () => run(pair.forward),
      () => run(pair.rollback),
      (work) => work(session),
    );
    if (!tried.stopped) {
      for (const name of await lockedTables(session)) {
        if (!locked.has(name) && known.before.has(`table ${name}`)) further.add(name);
      }
    }
    return tried;
  } finally {
    // A failed transaction takes nothing but its end, and a lost session is made anew.
    await chain.session();
  }
}

async function triedForGood({ chain, pair, known, met }: Trial, filling: Filling): Promise<RowsTried> {
  await using copy = await chain.clone();
  const within = async <T>(work: (session: DatabaseSession) => Promise<T>): Promise<T> => {
    await using session = await copy.connect();
    await session.query("BEGIN");
    const result = await work(session);
    await session.query("COMMIT");
    return result;
  };
  const filled = await within((session) => fillTables(session, filling, pair));
  met.filled(filled);
  return await judged(
    filled,
    { ...known, pair },
    () => chain.runIn(copy, pair.forward, { met: met.heard }),
    () => chain.runIn(copy, pair.rollback, { met: met.heard }),
    within,
  );
}

interface Filled {
  /** When, as text. */
  readonly at: string;
  readonly sums: ReadonlyMap<string, TableSums>;
  readonly positions: readonly Position[];
  readonly notes: readonly string[];
  readonly unusual: readonly string[];
  readonly nulls: readonly string[];
}

/** What gets rows, and which. */
interface Filling {
  readonly tables: readonly string[];
  readonly choice: CornerChoice | undefined;
}

async function fillTables(session: DatabaseSession, filling: Filling, pair: Scripts): Promise<Filled> {
  const { tables: names, choice } = filling;
  const tables = await canaryTables(session, names);
  const canaries = await insertCanaries(session, tables, withinOf(choice, new Set(names)));
  const notes = canaries.flatMap(({ table, why }) =>
    why === undefined || !names.includes(table)
      ? []
      : [
          `no row could be made for table ${table}, so what becomes of its rows was tried without ` +
            `canaries: ${why}`,
        ],
  );
  // Of what only has to be there for the others nothing is asked, unless nobody knows what a script does: a
  // chain of parents is as long as a schema.
  const isUnknown = [pair.forward, pair.rollback].some(isOpaque);
  const asked = isUnknown ? tables : tables.filter(({ name }) => names.includes(name));
  const sums = await readSums(
    session,
    new Map(asked.map(({ name, columns }) => [name, columns.map((column) => column.name)])),
  );
  const [now] = await session.query<{ at: string }>("SELECT pg_catalog.now()::text AS at");
  return {
    at: now!.at,
    sums,
    positions: await moveSequences(session, names),
    notes: [...notes, ...notLookedFor(sums)],
    unusual: canaries.flatMap(({ table, unusual }) => unusual.map((column) => `${table}.${column}`)),
    nulls: canaries.flatMap(({ table, nulls }) => nulls.map((column) => `${table}.${column}`)),
  };
}

/** What others point at has to be there, and no more. */
function withinOf(choice: CornerChoice | undefined, names: ReadonlySet<string>): CornerChoice | undefined {
  const wanted = choice?.nulls;
  return wanted === undefined || choice === undefined
    ? choice
    : { ...choice, nulls: (table, column) => names.has(table) && wanted(table, column) };
}

async function judged(
  { at, sums, positions, notes, unusual, nulls }: Filled,
  known: Known & { readonly pair: Scripts },
  forward: () => Promise<ScriptFailure | undefined>,
  rollback: () => Promise<ScriptFailure | undefined>,
  measure: (work: (session: DatabaseSession) => Promise<LostRows[]>) => Promise<LostRows[]>,
): Promise<RowsTried> {
  const first = await forward();
  if (first !== undefined) {
    const certain = first.refusal?.state === NOT_NULL_VIOLATION;
    return {
      ...NOTHING,
      notes,
      unusual,
      nulls,
      forwardFailed: { failure: first, certain },
      stopped: true,
      why: first.message,
      refusal: first.refusal,
    };
  }
  const second = await rollback();
  if (second !== undefined) {
    const takes = compareStates(known.before, known.after).some(
      ({ object, change }) => change === "missing" && /^(?:table|column) /.test(object),
    );
    const message = `with rows in its tables the rollback does not go through: ${second.message}`;
    return {
      differences: [
        {
          object: failedObject(second, [known.before, known.after]),
          message,
          at: { file: second.file, line: second.line },
        },
      ],
      forwardFailed: undefined,
      rollbackFailed: !takes,
      stopped: true,
      why: second.message,
      refusal: second.refusal,
      notes,
      unusual,
      nulls,
    };
  }
  const wanted = new Map([...sums].map(([table, { columns }]) => [table, [...columns.keys()]]));
  const left: string[] = [];
  const differences = await measure(async (session) => {
    const now = await readSums(session, wanted);
    left.push(...leftRows(sums, now));
    const lost = lostRows(sums, now);
    const { forward: there, rollback: back } = known.pair;
    const ofTriggers = await setByTriggers(session, lost, [there, back], at);
    left.push(...[...ofTriggers].map(momentNote));
    return [
      ...lost.filter((each) => !ofTriggers.has(each)),
      ...(await lostPositions(session, positions, lost)),
    ];
  });
  return { ...NOTHING, differences, notes: [...notes, ...left], unusual, nulls };
}

function momentNote({ object }: LostRows): string {
  return `${object}: a trigger sets it when a row is changed, so after the rollback it has that moment`;
}
