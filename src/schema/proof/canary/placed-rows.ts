import { lastPart } from "../../../postgres/display-name.ts";
import type { MeantRow, MeantValue } from "../meant/meant-row.ts";
import type { MeantRows, OtherNames } from "../meant/meant.ts";
import type { CanaryTable } from "./columns.ts";

/** One row that a table is to get. */
export interface PlacedRow {
  /** Of the row in all its tables, so that they meet where the statement joins them. */
  readonly number: number;
  /** Another number for what may be there once, where the row is there twice. */
  readonly twin: number;
  /** Column → value; what is not here gets an ordinary one. */
  readonly values: ReadonlyMap<string, string | null>;
  /** Tables that have this row too. */
  readonly tables: ReadonlySet<string>;
}

/** Which rows are wanted, and what their names mean. */
export interface WantedRows {
  readonly rows: readonly MeantRows[];
  readonly names: OtherNames;
}

/** Of rows that hang on those that are meant: a table may have hundreds of tables below. */
const CHILD_ROWS_MAX = 64;
/** How far a value goes along keys. */
const KEYS_MAX = 8;

type Values = Map<string, Map<string, string | null>>;

/**
 * Gives each meant row a number and its tables: those of its statement, what hangs on these, and what they
 * have to point at.
 *
 * @param nulls false for a column that is to have no NULL
 * @returns table → its rows
 */
export function placeRows(
  all: readonly CanaryTable[],
  { rows, names }: WantedRows,
  nulls: (table: string, column: string) => boolean,
  first: number,
): ReadonlyMap<string, readonly PlacedRow[]> {
  const family = new Family(all, names);
  const placed = new Map<string, PlacedRow[]>(all.map(({ name }) => [name, []]));
  let number = first;
  for (const { relations, rows: meant, compares } of rows) {
    const own = family.tablesOf(relations);
    for (const row of meant) {
      const values = family.valuesOf(row, own);
      if (values === undefined || hasUnwanted(values, nulls)) continue;
      const tables = new Set([...own, ...values.keys()]);
      // A table that the statement does not name, and that has no such row for its own sake.
      const below = number - first < CHILD_ROWS_MAX ? family.below(tables) : new Set<string>();
      const each = new Set([...tables, ...below]);
      family.followKeys(values, each);
      for (const name of new Set([...each, ...values.keys()])) {
        const of = { values: values.get(name) ?? new Map<string, string | null>(), tables: each };
        const list = placed.get(name);
        list?.push({ ...of, number, twin: number });
        if (compares) list?.push({ ...of, number, twin: number + 1 });
      }
      number += compares ? 2 : 1;
    }
  }
  return placed;
}

function hasUnwanted(values: Values, nulls: (table: string, column: string) => boolean): boolean {
  return [...values].some(([table, columns]) =>
    [...columns].some(([column, value]) => value === null && !nulls(table, column)),
  );
}

/** Tables by their names and keys. */
class Family {
  readonly #all: readonly CanaryTable[];
  readonly #names: OtherNames;
  readonly #byLast = new Map<string, CanaryTable[]>();
  readonly #below = new Map<string, ReadonlySet<string>>();

  constructor(all: readonly CanaryTable[], names: OtherNames) {
    this.#all = all;
    this.#names = names;
    for (const table of all) {
      const last = lastPart(table.name);
      this.#byLast.set(last, [...(this.#byLast.get(last) ?? []), table]);
    }
  }

  #called(relation: string): readonly CanaryTable[] {
    const others = [...(this.#names.tables.get(relation) ?? [])];
    return [relation, ...others].flatMap((name) => this.#byLast.get(name) ?? []);
  }

  tablesOf(relations: ReadonlySet<string>): ReadonlySet<string> {
    return new Set([...relations].flatMap((name) => this.#called(name).map((table) => table.name)));
  }

  /**
   * Where the values of a row belong; undefined where none of its columns is anywhere. A name that is no
   * table's may be a view's or a variable's: its columns may be of every table.
   */
  valuesOf(row: MeantRow, own: ReadonlySet<string>): Values | undefined {
    const values: Values = new Map();
    for (const each of row) {
      for (const [table, column] of this.#placesOf(each, own)) {
        const known = values.get(table) ?? new Map<string, string | null>();
        if (!known.has(column)) known.set(column, each.value);
        values.set(table, known);
      }
    }
    return values.size === 0 ? undefined : values;
  }

  #placesOf({ relation, column }: MeantValue, own: ReadonlySet<string>): (readonly [string, string])[] {
    const called = relation === undefined ? [] : this.#called(relation);
    const near = called.length > 0 ? called : this.#all.filter(({ name }) => own.has(name));
    const found = near.flatMap((table) => this.#columnsOf(table, column));
    return found.length > 0 || called.length > 0
      ? found
      : this.#all.flatMap((table) => this.#columnsOf(table, column));
  }

  #columnsOf({ name, columns }: CanaryTable, column: string): (readonly [string, string])[] {
    if (columns.some((each) => each.name === column)) return [[name, column]];
    const others = this.#names.columns.get(column);
    return columns.flatMap((each) => (others?.has(each.name) === true ? [[name, each.name] as const] : []));
  }

  /** Tables whose keys point at these, and so on. */
  below(tables: ReadonlySet<string>): ReadonlySet<string> {
    const key = [...tables].sort().join("\0");
    const known = this.#below.get(key);
    if (known !== undefined) return known;
    const found = new Set<string>();
    for (let grows = true; grows;) {
      grows = false;
      for (const { name, columns } of this.#all) {
        const isBelow = columns.some(
          ({ pointsAt }) => pointsAt !== undefined && (tables.has(pointsAt) || found.has(pointsAt)),
        );
        if (!isBelow || tables.has(name) || found.has(name)) continue;
        found.add(name);
        grows = true;
      }
    }
    this.#below.set(key, found);
    return found;
  }

  /** What a key has, the row that it points at has too, and the other way round. */
  followKeys(values: Values, tables: ReadonlySet<string>): void {
    for (let round = 0, grows = true; grows && round < KEYS_MAX; round += 1) {
      grows = false;
      for (const { name, columns } of this.#all) {
        if (!tables.has(name) && !values.has(name)) continue;
        for (const { name: column, pointsAt, pointsAtColumn } of columns) {
          if (pointsAt === undefined || pointsAtColumn === undefined || pointsAt === name) continue;
          const mine = values.get(name)?.get(column);
          const theirs = values.get(pointsAt)?.get(pointsAtColumn);
          if (typeof mine === "string" && theirs === undefined) {
            grows = put(values, pointsAt, pointsAtColumn, mine);
          } else if (mine === undefined && typeof theirs === "string") {
            grows = put(values, name, column, theirs);
          }
        }
      }
    }
  }
}

function put(values: Values, table: string, column: string, value: string): true {
  values.set(table, (values.get(table) ?? new Map<string, string | null>()).set(column, value));
  return true;
}
