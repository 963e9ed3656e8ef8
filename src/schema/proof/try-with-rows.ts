import type { DatabaseSession } from "../../ports/database.ts";
import type { PreparedScript } from "../script/prepare.ts";
import type { Statement } from "../script/script.ts";
import { everyRelation, fieldsOf } from "../script/tree.ts";
import { forgetSession, runStatements, type ScriptFailure } from "../shadow/run-script.ts";
import { insertCanaries } from "./canary/canaries.ts";
import { canaryTables } from "./canary/columns.ts";
import type { CornerChoice } from "./canary/corners.ts";
import { lostPositions, moveSequences, type Position } from "./canary/sequences.ts";
import { lostRows, notLookedFor, readSums, type TableSums } from "./canary/sums.ts";
import type { Chain } from "./chain.ts";
import { compareStates } from "./compare-states.ts";
import type { SchemaState } from "./state.ts";
import type { RowsTried } from "./rows-tried.ts";
import { narrowed, withUnusual, type Effort, type RowsAttempt } from "./unusual.ts";
import type { PairDifference } from "./verdict.ts";

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
  notes: [],
  unusual: [],
};

const INSIDE: Effort = { levels: ["extremes", "values"], narrowing: 12 };
/** Each try is a copy of the database. */
const FOR_GOOD: Effort = { levels: ["values"], narrowing: 4 };

/** What is known of the pair by then. */
interface Known {
  readonly before: SchemaState;
  readonly after: SchemaState;
  /** Tables whose rows or definition the scripts may change; undefined where that was not watched. */
  readonly touched: readonly string[] | undefined;
}

/**
 * The same pair with rows in the tables that it touches: canaries, and what migrations before put there.
 * Whatever does not come back is named.
 */
export async function tryWithRows(
  chain: Chain,
  pair: { readonly forward: PreparedScript; readonly rollback: PreparedScript },
  known: Known,
): Promise<RowsTried> {
  const tables = known.touched ?? changedTables(known, [pair.forward, pair.rollback]);
  if (tables.length === 0) return NOTHING;
  const inside = [pair.forward, pair.rollback].every(
    ({ execution, forgets }) => !forgets && execution.mode === "one-transaction",
  );
  const inOne: RowsAttempt = async (choice) => await triedInside(chain, pair, known, { tables, choice });
  const forGood: RowsAttempt = async (choice) => await triedForGood(chain, pair, known, { tables, choice });
  if (!inside) return await withUnusual(forGood, FOR_GOOD);
  const tried = await withUnusual(inOne, INSIDE);
  if (!tried.stopped) return tried;
  // One transaction around both is not what production has: there a new value of an enum can be used by then.
  const settled = await forGood();
  if (settled.stopped) return settled;
  const more = await forGood({ corners: "values", wanted: () => true });
  return more.stopped ? await narrowed(forGood, settled, more, FOR_GOOD) : more;
}

/** Kinds of statement that carry nobody's code out, and change no row and no table but what they name. */
const PLAIN = new Set([
  "IndexStmt",
  "ReindexStmt",
  "VacuumStmt",
  "AlterEnumStmt",
  "CommentStmt",
  "TransactionStmt",
  "VariableSetStmt",
]);

/**
 * A function, a trigger or a cascade may change rows of whatever table, and no text says which: what is not
 * known to leave them alone is taken to change them.
 */
function isPlain({ type, tree }: Statement): boolean {
  if (PLAIN.has(type)) return true;
  return type === "DropStmt" && fieldsOf(tree)["removeType"] === "OBJECT_INDEX";
}

/**
 * Of a pair that cannot be watched: every table of before, unless all that its scripts do is plain; then
 * those that either script changes anything of, or names.
 */
function changedTables({ before, after }: Known, scripts: readonly PreparedScript[]): string[] {
  const names = [...before.keys()].flatMap((object) => /^(?:table|sequence) (.*)$/s.exec(object)?.[1] ?? []);
  const statements = scripts.flatMap(({ script }) => script.statements);
  const hooked = [...before.keys()].some((object) => object.startsWith("event-trigger "));
  if (hooked || !statements.every(isPlain)) return names;
  const changed = compareStates(before, after).map(({ object }) => object.slice(object.indexOf(" ") + 1));
  const named = new Set(
    statements.flatMap(({ tree }) => [...everyRelation(tree)].map(({ relname }) => relname)),
  );
  return names.filter(
    (name) =>
      changed.some((object) => object === name || object.startsWith(`${name}.`)) || named.has(lastPart(name)),
  );
}

/** `app."Odd ""Name"` → `Odd "Name`. */
function lastPart(name: string): string {
  const [, quoted] = /\."((?:[^"]|"")*)"$/.exec(name) ?? [];
  return quoted === undefined ? name.slice(name.lastIndexOf(".") + 1) : quoted.replaceAll('""', '"');
}

async function triedInside(
  chain: Chain,
  pair: { readonly forward: PreparedScript; readonly rollback: PreparedScript },
  known: Known,
  filling: Filling,
): Promise<RowsTried> {
  const session = await chain.session();
  const skip = chain.standIns.skip;
  const run = async (script: PreparedScript): Promise<ScriptFailure | undefined> => {
    const failure = await runStatements(session, script, { skip });
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
    const filled = await fillTables(session, filling);
    return await judged(
      filled,
      known,
      () => run(pair.forward),
      () => run(pair.rollback),
      (work) => work(session),
    );
  } finally {
    // A failed transaction takes nothing but its end, and a lost session is made anew.
    await chain.session();
  }
}

async function triedForGood(
  chain: Chain,
  pair: { readonly forward: PreparedScript; readonly rollback: PreparedScript },
  known: Known,
  filling: Filling,
): Promise<RowsTried> {
  await using copy = await chain.clone();
  const within = async <T>(work: (session: DatabaseSession) => Promise<T>): Promise<T> => {
    await using session = await copy.connect();
    await session.query("BEGIN");
    const result = await work(session);
    await session.query("COMMIT");
    return result;
  };
  const filled = await within((session) => fillTables(session, filling));
  return await judged(
    filled,
    known,
    () => chain.runIn(copy, pair.forward),
    () => chain.runIn(copy, pair.rollback),
    within,
  );
}

interface Filled {
  readonly sums: ReadonlyMap<string, TableSums>;
  readonly positions: readonly Position[];
  readonly notes: readonly string[];
  readonly unusual: readonly string[];
}

/** What gets rows, and which. */
interface Filling {
  readonly tables: readonly string[];
  readonly choice: CornerChoice | undefined;
}

async function fillTables(session: DatabaseSession, { tables: names, choice }: Filling): Promise<Filled> {
  const tables = await canaryTables(session, names);
  const canaries = await insertCanaries(session, tables, choice);
  const notes = canaries.flatMap(({ table, why }) =>
    why === undefined || !names.includes(table)
      ? []
      : [
          `no row could be made for table ${table}, so what becomes of its rows was tried without ` +
            `canaries: ${why}`,
        ],
  );
  const wanted = tables.filter(({ name }) => names.includes(name));
  const sums = await readSums(
    session,
    new Map(wanted.map(({ name, columns }) => [name, columns.map((column) => column.name)])),
  );
  return {
    sums,
    positions: await moveSequences(session, names),
    notes: [...notes, ...notLookedFor(sums)],
    unusual: canaries.flatMap(({ table, unusual }) => unusual.map((column) => `${table}.${column}`)),
  };
}

async function judged(
  { sums, positions, notes, unusual }: Filled,
  known: Known,
  forward: () => Promise<ScriptFailure | undefined>,
  rollback: () => Promise<ScriptFailure | undefined>,
  measure: (work: (session: DatabaseSession) => Promise<PairDifference[]>) => Promise<PairDifference[]>,
): Promise<RowsTried> {
  const first = await forward();
  if (first !== undefined) {
    const certain = first.refusal?.state === NOT_NULL_VIOLATION;
    return {
      ...NOTHING,
      notes,
      unusual,
      forwardFailed: { failure: first, certain },
      stopped: true,
      why: first.message,
    };
  }
  const second = await rollback();
  if (second !== undefined) {
    const takes = compareStates(known.before, known.after).some(
      ({ object, change }) => change === "missing" && /^(?:table|column) /.test(object),
    );
    const message = `with rows in its tables the rollback does not go through: ${second.message}`;
    return {
      differences: [{ object: "", message, at: { file: second.file, line: second.line } }],
      forwardFailed: undefined,
      rollbackFailed: !takes,
      stopped: true,
      why: second.message,
      notes,
      unusual,
    };
  }
  const wanted = new Map([...sums].map(([table, { columns }]) => [table, [...columns.keys()]]));
  const differences = await measure(async (session) => {
    const lost = lostRows(sums, await readSums(session, wanted));
    return [...lost, ...(await lostPositions(session, positions, lost))];
  });
  return { ...NOTHING, differences, notes, unusual };
}
