import type { ServerRefusal } from "../../../ports/database.ts";
import type { CanaryColumn, CanaryTable } from "./columns.ts";
import { cornerValues } from "./corner-values.ts";
import type { WantedRows } from "./placed-rows.ts";

/** How unusual the values are that rows are given besides ordinary ones. */
export type Corners = "values" | "extremes";

/** Rows of a table at most, besides ordinary ones; an enum may have more labels. */
const ROWS_MAX = 12;
/** Far behind the ordinary rows, and as far as the smallest type of whole numbers reaches. */
const FIRST = 2001;
/**
 * A refusal names a column or a CHECK, which then gets an ordinary value; after so many the row is left out.
 */
const ATTEMPTS_MAX = 6;

/** Which columns get unusual values. */
export interface CornerChoice {
  /** Undefined for ordinary values alone. */
  readonly corners: Corners | undefined;
  /** False for a column that is to have ordinary values. */
  readonly wanted: (table: string, column: string) => boolean;
  /** Columns that get NULL in rows of their own; none where it is left out. */
  readonly nulls?: (table: string, column: string) => boolean;
  /** Rows in which no two columns of one type are alike. */
  readonly unlike?: boolean;
  /** Rows that the scripts mean, with the columns' constant defaults; none where it is left out. */
  readonly meant?: WantedRows;
}

/** How a row comes into a table. */
export interface CornerWriter {
  /** The value of an ordinary row with this number. */
  plain(column: CanaryColumn, row: number): string | null | undefined;
  insert(rows: readonly ReadonlyMap<string, string | null | undefined>[]): Promise<ServerRefusal | undefined>;
}

/**
 * Gives a table that has ordinary rows others with unusual values, as many as its types have, and one that is
 * there twice. What a constraint refuses gets an ordinary value; what cannot be in the table is left out.
 *
 * A row points at the row of its parents that has the same unusual values: what a schema keeps twice, such as
 * a tenant, is alike in both then.
 *
 * @param every what {@link cornerLists} finds for all tables that get rows, its foreign keys' among them
 * @returns columns for which there are unusual values
 */
export async function insertCorners(
  table: CanaryTable,
  every: ReadonlyMap<CanaryTable, CornerLists>,
  corners: Corners,
  writer: CornerWriter,
): Promise<readonly string[]> {
  const lists = every.get(table)!;
  const count = countOf(lists);
  const parents = parentsOf(table, [...every.keys()]);
  // So many rows each of them has; what points at itself, or at another table, points at the first row.
  const least = Math.min(...parents.map((parent) => countOf(every.get(parent)!)));
  const keptTwice = new Set(
    table.columns
      .filter(({ name, type }) =>
        parents.some(({ columns }) => columns.some((each) => each.name === name && each.type === type)),
      )
      .map(({ name }) => name),
  );
  const value = (
    column: CanaryColumn,
    at: number,
    moved: ReadonlyMap<string, number>,
  ): string | null | undefined => {
    // Out of range of what partitions take, or nobody's key: as the first row has it.
    if (table.bounds?.columns.includes(column.name) === true) return writer.plain(column, 1);
    if (column.key === "foreign") {
      const isThere = at < least && parents.some(({ name }) => name === column.pointsAt);
      return writer.plain(column, isThere ? FIRST + at : 1);
    }
    if (at >= least && keptTwice.has(column.name) && column.key === undefined) return writer.plain(column, 1);
    // One row more than there are values is the first one again, but for what may be there once.
    if (at >= count && column.key === undefined) return writer.plain(column, 1);
    const moves = moved.get(column.name) ?? 0;
    if (moves > 1) return writer.plain(column, 1);
    return (moves === 0 ? lists.get(column.name)?.[at] : undefined) ?? writer.plain(column, FIRST + at);
  };
  const rowOf = (
    at: number,
    moved: ReadonlyMap<string, number>,
  ): ReadonlyMap<string, string | null | undefined> =>
    new Map(table.columns.map((column) => [column.name, value(column, at, moved)]));
  // What may be pointed at once has no more rows than its parents.
  const most = table.columns.some(({ key, pointsAt }) => key === "unique" && pointsAt !== undefined)
    ? least
    : Infinity;
  const rows = [...Array(Math.min(most, count + (corners === "extremes" ? 1 : 0))).keys()];
  const unusual = [...lists.keys()];
  if (rows.length === 0) return [];
  // Nearly always one message is enough.
  if ((await writer.insert(rows.map((at) => rowOf(at, new Map())))) === undefined) return unusual;
  for (const at of rows) {
    // To another ordinary value, and then to that of the first row.
    const moved = new Map<string, number>();
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      const refusal = await writer.insert([rowOf(at, moved)]);
      if (refusal === undefined) break;
      const about = refusedColumns(table, refusal).filter(
        (name) => lists.has(name) && (moved.get(name) ?? 0) < 2,
      );
      if (about.length === 0) break;
      for (const name of about) moved.set(name, (moved.get(name) ?? 0) + 1);
    }
  }
  return unusual;
}

function parentsOf(table: CanaryTable, all: readonly CanaryTable[]): readonly CanaryTable[] {
  const pointed = new Set(table.columns.map(({ pointsAt }) => pointsAt));
  return all.filter((each) => each !== table && pointed.has(each.name));
}

/** Column → its unusual values, in the order of the rows. */
export type CornerLists = ReadonlyMap<string, readonly string[]>;

/**
 * For each of the tables what unusual values its columns get. What a parent keeps too and has ordinary values
 * of, as of a part of its key, is ordinary here; so it is where the parent has it from a parent of its own.
 *
 * Goes from what is ordinary to what points there, each column once: schemas have circles of keys, and more
 * paths through them than can be walked.
 */
export function cornerLists(
  all: readonly CanaryTable[],
  { corners, wanted }: CornerChoice,
): ReadonlyMap<CanaryTable, CornerLists> {
  const children = childrenIn(all);
  const ordinary = new Map(all.map((table) => [table, new Set<string>()]));
  const open = all.flatMap((table) =>
    table.columns
      .filter(
        ({ name, key }) =>
          corners === undefined ||
          key !== undefined ||
          table.bounds?.columns.includes(name) === true ||
          !wanted(table.name, name),
      )
      .map((column) => ({ table, column })),
  );
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { table, column } = next;
    if (ordinary.get(table)!.has(column.name)) continue;
    ordinary.get(table)!.add(column.name);
    for (const child of children.get(table.name) ?? []) {
      const same = child.columns.find(({ name, type }) => name === column.name && type === column.type);
      if (same !== undefined) open.push({ table: child, column: same });
    }
  }
  return new Map(
    all.map((table) => [
      table,
      new Map(
        table.columns
          .filter(({ name }) => !ordinary.get(table)!.has(name))
          .map(({ name, base }) => [name, cornerValues(base, corners === "extremes")]),
      ),
    ]),
  );
}

/** Table → the tables that point at it, itself left out. */
function childrenIn(all: readonly CanaryTable[]): ReadonlyMap<string, readonly CanaryTable[]> {
  const children = new Map<string, CanaryTable[]>();
  for (const child of all) {
    for (const parent of new Set(child.columns.map(({ pointsAt }) => pointsAt))) {
      if (parent === undefined || parent === child.name) continue;
      const known = children.get(parent);
      if (known === undefined) children.set(parent, [child]);
      else known.push(child);
    }
  }
  return children;
}

function countOf(lists: CornerLists): number {
  return Math.min(ROWS_MAX, Math.max(0, ...[...lists.values()].map(({ length }) => length)));
}

/** Columns that a refusal is about. */
export function refusedColumns(
  table: CanaryTable,
  { constraint, column, state }: ServerRefusal,
): readonly string[] {
  // What is there already is so by its key, or by an expression of columns that nobody names.
  if (state === "23505" || state === "23P01") return [];
  const check = table.checks.find(({ name }) => name === constraint);
  if (check !== undefined) return check.columns;
  if (column !== undefined) return [column];
  const domains = table.columns.filter(({ base }) => base.conditions.length > 0);
  // Else a column that is computed, or a condition that casts, cannot have one of them.
  return (domains.length > 0 && constraint !== undefined ? domains : table.columns).map(({ name }) => name);
}
