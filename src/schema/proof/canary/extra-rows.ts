import type { ServerRefusal } from "../../../ports/database.ts";
import type { CanaryColumn, CanaryTable } from "./columns.ts";
import { refusedColumns, type CornerWriter } from "./corners.ts";
import type { PlacedRow } from "./placed-rows.ts";

/** Far behind ordinary rows and unusual ones, and as far as the smallest type of whole numbers reaches. */
const FIRST_NULLS = 4001;
export const FIRST_MEANT = 6001;
const ATTEMPTS_MAX = 6;
/** Rows of one message; one that is refused makes each of them a message of its own. */
const ROWS_AT_ONCE = 50;
/** Rows that point at another of these in their own table. */
const SELF_OFFSET = 4000;
/** Rows with NULL, and rows that point at such: keys in a circle would have ever more. */
const NULL_ROWS_MAX = 32;

type Values = ReadonlyMap<string, string | null | undefined>;

/**
 * Gives a table rows with NULL in its columns: one that has it wherever it may, and others so that of any two
 * columns one has it and the other has a value.
 *
 * @returns the columns that have NULL in some row
 */
export async function insertNulls(
  table: CanaryTable,
  all: readonly CanaryTable[],
  wanted: (table: string, column: string) => boolean,
  writer: CornerWriter,
): Promise<readonly string[]> {
  const sets = nullsOf(table, wanted);
  // Rows of its own, and behind them one for each such row of a parent, to point at it: its own may have
  // NULL in the key.
  const counts = withChildren(
    all,
    (each) => nullsOf(each, wanted).length,
    (own, most) => own + most,
  );
  const count = counts.get(table.name) ?? 0;
  const rowOf = (at: number, values: ReadonlySet<string>): Values =>
    new Map(
      table.columns.map((column) => {
        if (sets[at]?.has(column.name) === true && !values.has(column.name)) return [column.name, null];
        const isKey = column.pointsAt !== undefined && at >= sets.length;
        const number = isKey
          ? numberOf(table, column, at - sets.length, FIRST_NULLS, counts)
          : numberOf(table, column, at, FIRST_NULLS, counts);
        return [column.name, writer.plain(column, number)];
      }),
    );
  const rows = Array.from({ length: count }, (_, at) => rowOf(at, new Set()));
  if (rows.length > 0 && (await writer.insert(rows)) !== undefined) {
    for (const at of rows.keys()) await insertWithout(table, writer, (values) => rowOf(at, values));
  }
  await insertAtOwn(
    table,
    writer,
    rows.map((_, at) => ({ number: FIRST_NULLS + at, values: new Map() })),
  );
  return [...(sets[0] ?? [])];
}

/**
 * How many special rows each table gets, so that what becomes of a row that only the migration names becomes
 * visible in what hangs on it.
 *
 * @param own how many it has itself
 * @param sum what its own and the most of those that it points at are together
 */
function withChildren(
  all: readonly CanaryTable[],
  own: (table: CanaryTable) => number,
  sum: (own: number, most: number) => number = Math.max,
): ReadonlyMap<string, number> {
  const counts = new Map(all.map((table) => [table.name, own(table)]));
  const owned = new Map(counts);
  // From a parent to what points at it, until nothing grows: keys may run in circles.
  for (let grows = true; grows;) {
    grows = false;
    for (const table of all) {
      const parents = table.columns.flatMap(({ pointsAt }) =>
        pointsAt === undefined || pointsAt === table.name ? [] : [counts.get(pointsAt) ?? 0],
      );
      const count = Math.min(NULL_ROWS_MAX, sum(owned.get(table.name)!, Math.max(0, ...parents)));
      if (count <= counts.get(table.name)!) continue;
      counts.set(table.name, count);
      grows = true;
    }
  }
  return counts;
}

/** Gives each special row one of the same table that points at it, where the table has such a key. */
async function insertAtOwn(
  table: CanaryTable,
  writer: CornerWriter,
  special: readonly Pick<PlacedRow, "number" | "values">[],
): Promise<void> {
  if (!table.columns.some(({ pointsAt }) => pointsAt === table.name)) return;
  for (const { number, values } of special) {
    const row = table.columns.map((column) => {
      if (column.pointsAt === table.name) {
        const key = values.get(column.pointsAtColumn ?? "");
        return [column.name, key ?? writer.plain(column, number)] as const;
      }
      const isPlain = column.pointsAt !== undefined || column.key !== "unique";
      return [column.name, writer.plain(column, isPlain ? 1 : number + SELF_OFFSET)] as const;
    });
    // What refuses it is told of the ordinary rows.
    await writer.insert([new Map(row)]);
  }
}

/**
 * What a constraint refuses gets a value; a row that is refused for anything else is left out.
 *
 * @param rowOf the row, given the columns that are to have a value that is none of the special ones
 */
export async function insertWithout(
  table: CanaryTable,
  writer: CornerWriter,
  rowOf: (values: ReadonlySet<string>) => Values,
): Promise<void> {
  const values = new Set<string>();
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const refusal: ServerRefusal | undefined = await writer.insert([rowOf(values)]);
    if (refusal === undefined) return;
    const about = refusedColumns(table, refusal).filter((name) => !values.has(name));
    if (about.length === 0) return;
    for (const name of about) values.add(name);
  }
}

/** For each row the columns that have NULL there. */
function nullsOf(
  table: CanaryTable,
  wanted: (table: string, column: string) => boolean,
): readonly ReadonlySet<string>[] {
  const names = table.columns
    .filter(({ name, notNull }) => !notNull && table.bounds?.columns.includes(name) !== true)
    .map(({ name }) => name)
    .filter((name) => wanted(table.name, name));
  if (names.length === 0) return [];
  const sets = [new Set(names)];
  // Two numbers differ in some digit, whichever of the two has the one.
  for (let digit = 1; digit < names.length; digit *= 2) {
    for (const has of [0, digit]) sets.push(new Set(names.filter((_, at) => (at & digit) === has)));
  }
  return sets;
}

/** A key points at the row of its parent that was made for the same purpose, where there is one. */
function numberOf(
  table: CanaryTable,
  column: CanaryColumn,
  at: number,
  first: number,
  counts: ReadonlyMap<string, number>,
): number {
  if (column.pointsAt !== undefined && column.pointsAt !== table.name) {
    return at < (counts.get(column.pointsAt) ?? 0) ? first + at : 1;
  }
  return column.key === "unique" ? first + at : 1;
}

/**
 * Gives a table the rows that the scripts mean, one with its columns' constant defaults, and, where its key
 * is made of what it points at and more, one that points where the first row does.
 */
export async function insertMeant(
  table: CanaryTable,
  placed: readonly PlacedRow[],
  writer: CornerWriter,
): Promise<void> {
  const rows = placed.map((row) => meantRow(table, row, writer));
  const { columns } = table;
  const defaults = columns.filter(
    ({ constantDefault, key }) => constantDefault !== undefined && key === undefined,
  );
  const plain = (column: CanaryColumn, number: number): string | null | undefined =>
    writer.plain(column, numberOf(table, column, 0, number, new Map()));
  if (defaults.length > 0) {
    rows.push(
      new Map(
        columns.map((column) => [
          column.name,
          defaults.includes(column) ? column.constantDefault : plain(column, FIRST_MEANT - 1),
        ]),
      ),
    );
  }
  if (columns.some(({ key, pointsAt }) => key === "unique" && pointsAt !== undefined)) {
    rows.push(new Map(columns.map((column) => [column.name, plain(column, FIRST_MEANT - 2)])));
  }
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    const part = rows.slice(from, from + ROWS_AT_ONCE);
    if ((await writer.insert(part)) === undefined) continue;
    // Not every table takes every value, and what is there already is there.
    for (const row of part) await writer.insert([row]);
  }
  await insertAtOwn(table, writer, placed);
}

function meantRow(
  table: CanaryTable,
  { number, twin, values, tables }: PlacedRow,
  writer: CornerWriter,
): Values {
  return new Map(
    table.columns.map((column) => {
      const value = values.get(column.name);
      if (value !== undefined) return [column.name, value];
      if (table.bounds?.columns.includes(column.name) === true) return [column.name, writer.plain(column, 1)];
      const own = column.key === "unique" ? twin : number;
      if (column.pointsAt === undefined) return [column.name, writer.plain(column, own)];
      const isThere = column.pointsAt !== table.name && tables.has(column.pointsAt);
      return [column.name, writer.plain(column, isThere ? number : column.key === "unique" ? own : 1)];
    }),
  );
}
