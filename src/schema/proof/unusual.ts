import { listed } from "../../kernel/listed.ts";
import type { CornerChoice } from "./canary/corners.ts";
import { lastPart } from "../../postgres/display-name.ts";
import type { Meant, MeantRows } from "./meant/meant.ts";
import { toldRows } from "./meant/told-rows.ts";
import { withOwn } from "./own-rows.ts";
import type { RowsTried } from "./rows-tried.ts";

/** One try of a pair with rows in its tables; without a choice they are ordinary ones. */
export type RowsAttempt = (choice?: CornerChoice) => Promise<RowsTried>;

/** How hard unusual values are tried. */
export interface Effort {
  /** Kinds of values, the most unusual first. */
  readonly levels: readonly NonNullable<CornerChoice["corners"]>[];
  /** Tries at most, to find out which columns do not take them. */
  readonly narrowing: number;
}

/** A NULL where the schema wants none: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const NOT_NULL_VIOLATION = "23502";
/** Columns at most that may turn out, one by one, not to take NULL. */
const REFUSED_MAX = 4;
const everywhere = (): boolean => true;

/**
 * Tries a pair with everything that is not ordinary: unusual values, NULLs, and rows that its statements
 * mean. What does not let it through is left out, and told; ordinary rows decide whether it goes through at
 * all.
 */
export async function withUnusual(attempt: RowsAttempt, effort: Effort, meant: Meant): Promise<RowsTried> {
  const tried = await withAll(attempt, effort, meant);
  if (tried.stopped) return tried;
  const notes = [...meant.notes, ...(await withOwn(attempt, meant, tried))];
  return { ...tried, notes: [...tried.notes, ...notes] };
}

async function withAll(attempt: RowsAttempt, effort: Effort, meant: Meant): Promise<RowsTried> {
  const refused = new Set<string>();
  const nulls = (table: string, column: string): boolean => !refused.has(`${table}.${column}`);
  const all: CornerChoice = {
    corners: effort.levels[0],
    wanted: everywhere,
    nulls,
    unlike: true,
    meant: { rows: meant.before, names: meant.names },
  };
  let tried = await attempt(all);
  const whys: string[] = [];
  while (tried.stopped && refused.size < REFUSED_MAX) {
    const column = nullRefused(tried);
    if (column === undefined || refused.has(column)) break;
    refused.add(column);
    whys.push(tried.why);
    tried = await attempt(all);
  }
  if (!tried.stopped) {
    const settled = await withoutFilled(attempt, all, tried);
    return refused.size === 0
      ? settled
      : { ...settled, notes: [...settled.notes, nullsNote([...refused], whys[0]!)] };
  }
  return await eachByItself(attempt, effort, meant, tried);
}

/** The column that has a NULL where a script wants none, of those that were given some. */
function nullRefused({ refusal, nulls }: RowsTried): string | undefined {
  const { state, table, column } = refusal ?? {};
  if (state !== NOT_NULL_VIOLATION || table === undefined || column === undefined) return undefined;
  return nulls.find((name) => name.endsWith(`.${column}`) && lastPart(tableOf(name, column)) === table);
}

function tableOf(name: string, column: string): string {
  return name.slice(0, -column.length - 1);
}

function nullsNote(columns: readonly string[], why: string): string {
  const where = columns.length === 0 ? "" : ` in ${listed(columns, NAMED_MAX)}`;
  return `what becomes of NULLs${where} was not tried, because with them not both scripts go through: ${why}`;
}

function unlikeNote(why: string): string {
  return (
    "what becomes of rows whose columns differ from each other was not tried, because with them not both " +
    `scripts go through: ${why}`
  );
}

/**
 * A NULL that became a value and is not one again is told and no loss: which rows had none nobody can know
 * any more, and most migrations that fill a column mean it so. Without NULLs in these columns it shows
 * whether anything else is lost.
 */
async function withoutFilled(
  attempt: RowsAttempt,
  choice: CornerChoice,
  tried: RowsTried,
): Promise<RowsTried> {
  const doubtful = tried.differences.filter(
    ({ object, mayBeFilled }) => mayBeFilled === true && tried.nulls.some((column) => isOf(object, column)),
  );
  if (doubtful.length === 0) return tried;
  const again = await attempt({
    ...choice,
    nulls: (table, column) =>
      choice.nulls?.(table, column) === true &&
      !doubtful.some(({ object }) => isOf(object, `${table}.${column}`)),
  });
  if (again.stopped) return tried;
  const left = new Set(again.differences.map(({ object }) => object));
  const filled = doubtful.filter(({ object }) => !left.has(object));
  return {
    ...tried,
    differences: tried.differences.filter((each) => !filled.includes(each)),
    notes: [
      ...tried.notes,
      ...filled.map(
        ({ object }) =>
          `${object}: what was NULL before is a value after the rollback, and nothing says which`,
      ),
    ],
  };
}

/** `column app.t.c` is of the column app.t.c, `table app.t` of each of its columns. */
function isOf(object: string, column: string): boolean {
  const name = object.slice(object.indexOf(" ") + 1);
  return object.startsWith("table ")
    ? column.startsWith(`${name}.`)
    : column === name || column === name.replaceAll('"', "");
}

/**
 * Something that is not ordinary stops the pair: unusual values, NULLs, rows whose columns are unlike and
 * rows that the scripts mean are tried each by themselves then, so that one of them does not hide what the
 * others lose.
 */
async function eachByItself(
  attempt: RowsAttempt,
  effort: Effort,
  meant: Meant,
  stopped: RowsTried,
): Promise<RowsTried> {
  const base = await withCorners(attempt, effort, stopped);
  if (base.stopped) return base;
  const nulls: CornerChoice = { corners: undefined, wanted: everywhere, nulls: everywhere };
  const withNulls = stopped.nulls.length === 0 ? base : await attempt(nulls);
  const settled = withNulls.stopped
    ? {
        ...(await narrowedBy(attempt, stopped.nulls, Math.min(effort.narrowing, REFUSED_MAX), (columns) => ({
          ...nulls,
          nulls: (table, column) => columns.has(`${table}.${column}`),
        }))),
        why: withNulls.why,
      }
    : { found: await withoutFilled(attempt, nulls, withNulls), without: [], why: "" };
  const unlike = await attempt({ corners: undefined, wanted: everywhere, unlike: true });
  const ofMeant = await withMeant(attempt, effort, meant, () => !withNulls.stopped);
  const found = [base, settled.found, ...(unlike.stopped ? [] : [unlike]), ofMeant];
  const differences = new Map(found.flatMap((each) => each.differences).map((each) => [each.object, each]));
  const notes = [
    ...found.flatMap((each) => each.notes),
    ...(unlike.stopped ? [unlikeNote(unlike.why)] : []),
    ...(settled.without.length === 0 ? [] : [nullsNote(settled.without, settled.why)]),
  ];
  return { ...base, differences: [...differences.values()], notes: [...new Set(notes)] };
}

/** With the rows that the scripts mean alone; what stops the pair is found out by halves. */
async function withMeant(
  attempt: RowsAttempt,
  effort: Effort,
  { before, names }: Meant,
  nulls: () => boolean,
): Promise<Pick<RowsTried, "differences" | "notes">> {
  if (before.length === 0) return { differences: [], notes: [] };
  const choiceOf = (rows: readonly MeantRows[]): CornerChoice => ({
    corners: undefined,
    wanted: everywhere,
    nulls,
    meant: { rows, names },
  });
  const tried = await attempt(choiceOf(before));
  if (!tried.stopped) return await withoutFilled(attempt, choiceOf(before), tried);
  const single = before.flatMap((each) => each.rows.map((row): MeantRows => ({ ...each, rows: [row] })));
  const { found, without } = await narrowedBy(attempt, single, effort.narrowing, (rows) =>
    choiceOf([...rows]),
  );
  if (without.length === 0) return found;
  const note =
    `what becomes of ${without.length} of ${single.length} kinds of rows that the scripts speak of ` +
    `(${toldRows(without)}) was not tried, because with them not both scripts go through: ${tried.why}`;
  return { differences: found.differences, notes: [...found.notes, note] };
}

/**
 * Unusual values are for what they lose alone: that a script does not take them may be as it should be, so
 * then ordinary ones decide. One column that does not take them must not hide what others lose: these
 * are tried without it.
 */
async function withCorners(attempt: RowsAttempt, effort: Effort, before: RowsTried): Promise<RowsTried> {
  let last: RowsTried | undefined;
  // A required column without a value is no matter of how unusual values are, nor of NULLs among them.
  const certain = before.forwardFailed?.certain === true && nullRefused(before) === undefined;
  for (const corners of certain ? [] : effort.levels) {
    last = await attempt({ corners, wanted: everywhere });
    if (!last.stopped) return last;
    if (last.forwardFailed?.certain === true) break;
  }
  const ordinary = await attempt();
  return last === undefined || ordinary.stopped ? ordinary : await narrowed(attempt, ordinary, last, effort);
}

/**
 * @param ordinary what became of ordinary rows
 * @param refused a try that stopped for its unusual values
 */
async function narrowed(
  attempt: RowsAttempt,
  ordinary: RowsTried,
  refused: RowsTried,
  { levels, narrowing }: Effort,
): Promise<RowsTried> {
  const { found, without } = await narrowedBy(attempt, refused.unusual, narrowing, (columns) => ({
    corners: levels[0],
    wanted: (table, column) => columns.has(`${table}.${column}`),
  }));
  const differences = new Map(
    [...found.differences, ...ordinary.differences].map((each) => [each.object, each]),
  );
  const where = without.length === 0 ? "" : ` in ${listed(without, NAMED_MAX)}`;
  const note =
    `what becomes of unusual values${where} was not tried, because with them not both scripts go through: ` +
    refused.why;
  return { ...ordinary, differences: [...differences.values()], notes: [...ordinary.notes, note] };
}

/** Finds out by halves which columns, or rows, let the pair through, and what is lost with them. */
async function narrowedBy<T>(
  attempt: RowsAttempt,
  all: readonly T[],
  narrowing: number,
  choiceOf: (some: ReadonlySet<T>) => CornerChoice,
): Promise<{
  readonly found: Pick<RowsTried, "differences" | "notes">;
  readonly without: readonly T[];
}> {
  const found = new Map<string, RowsTried["differences"][number]>();
  const notes: string[] = [];
  const without: T[] = [];
  const parts = halves(all);
  for (let left = narrowing; parts.length > 0; left -= 1) {
    const part = parts.shift()!;
    const choice = choiceOf(new Set(part));
    const tried = left > 0 ? await attempt(choice) : undefined;
    if (tried?.stopped === false) {
      const settled = await withoutFilled(attempt, choice, tried);
      for (const each of settled.differences) if (!found.has(each.object)) found.set(each.object, each);
      notes.push(...settled.notes);
    } else if (tried === undefined || part.length === 1) without.push(...part);
    else parts.push(...halves(part));
  }
  return { found: { differences: [...found.values()], notes: [...new Set(notes)] }, without };
}

const NAMED_MAX = 4;

function halves<T>(list: readonly T[]): T[][] {
  if (list.length < 2) return list.length === 0 ? [] : [[...list]];
  const middle = Math.ceil(list.length / 2);
  return [list.slice(0, middle), list.slice(middle)];
}
