import type { CanaryColumn, CanaryTable } from "./columns.ts";
import type { CornerWriter } from "./corners.ts";
import { insertWithout } from "./extra-rows.ts";
import { HEADER, isTextual } from "./values.ts";

/** Of what is no key: behind the two ordinary rows, and small, since many columns take nothing large. */
const FIRST = 3;
/** Of keys: behind those of all other rows, and as far as the smallest type of whole numbers reaches. */
const FIRST_KEY = 12_001;
/** Half the rows at most: tells 64 columns of one type apart that have two values, as a boolean has. */
const DIGITS_MAX = 6;
/** Keys may run in circles. */
const KEYS_MAX = 16;

/**
 * Gives a table rows in which columns of one type have different values. Ordinary rows have the same one
 * in all of them, so that rows of one number join whatever a script joins by: what is copied from one column
 * into another, or exchanged with it, does not show there.
 *
 * @param all every table that gets rows: keys point at rows of this kind
 */
export async function insertUnlike(
  table: CanaryTable,
  all: readonly CanaryTable[],
  writer: CornerWriter,
): Promise<void> {
  const rows = new Unlike(all);
  const rowOf = (at: number, settled: ReadonlySet<string>): ReadonlyMap<string, string | null | undefined> =>
    new Map(
      table.columns.map((column) => {
        const isSettled = settled.has(column.name) || table.bounds?.columns.includes(column.name) === true;
        return [column.name, isSettled ? writer.plain(column, 1) : rows.value(table, column, at, writer)];
      }),
    );
  const places = [...Array(rows.count).keys()];
  // Nearly always one message is enough.
  if ((await writer.insert(places.map((at) => rowOf(at, new Set())))) === undefined) return;
  for (const at of places) await insertWithout(table, writer, (settled) => rowOf(at, settled));
}

class Unlike {
  /** Rows of each table: as many in all, so that each has one to point at. */
  readonly count: number;
  readonly #tables: ReadonlyMap<string, CanaryTable>;
  /** The how manieth column it is of its type in its table, from 0. */
  readonly #ofType: ReadonlyMap<CanaryColumn, number>;
  /** And of those that point at the same. */
  readonly #ofKey: ReadonlyMap<CanaryColumn, number>;

  constructor(all: readonly CanaryTable[]) {
    this.#tables = new Map(all.map((table) => [table.name, table]));
    this.#ofType = places(all, ({ type }) => type);
    this.#ofKey = places(all, ({ pointsAt, pointsAtColumn }) => JSON.stringify([pointsAt, pointsAtColumn]));
    const most = [...this.#ofType.values()].reduce((found, place) => Math.max(found, place + 1), 1);
    this.count = 2 * Math.min(DIGITS_MAX, Math.max(1, Math.ceil(Math.log2(most))));
  }

  value(
    table: CanaryTable,
    column: CanaryColumn,
    at: number,
    writer: CornerWriter,
  ): string | null | undefined {
    if (column.key === undefined) {
      const place = this.#ofType.get(column)!;
      // Two places differ in some digit: in one row of that digit one has the one and the other none, and in
      // the other row it is the other way round. So is which of two values is the larger one; and the steps
      // differ, so that what has few values, as an enum, does not come to the same one in both.
      const digit = ((place >> (at >> 1)) & 1) ^ (at & 1);
      const number = at % 2 === 0 ? 2 * place : 4 * (table.columns.length - place);
      return writer.plain(column, FIRST + number + digit);
    }
    const number = this.#keyNumber(table, column, at, KEYS_MAX);
    const plain = writer.plain(column, number);
    return typeof plain === "string" && isFree(table, column) ? unusualKey(plain, number, column) : plain;
  }

  /** A key points at a row of this kind, and two that point at one table at two of its rows. */
  #keyNumber(table: CanaryTable, column: CanaryColumn, at: number, left: number): number {
    const { pointsAt, pointsAtColumn } = column;
    const parent = pointsAt === undefined ? undefined : this.#tables.get(pointsAt);
    const key = parent?.columns.find(({ name }) => name === pointsAtColumn);
    if (parent === undefined || key === undefined || key === column || left === 0) {
      const place = this.#ofType.get(column)!;
      return FIRST_KEY + place * this.count + at;
    }
    const which = this.#ofKey.get(column)!;
    // A row that pointed at itself would have the same twice.
    const step = (which + (parent === table ? 1 : 0)) % this.count;
    // Where it may, one of them points at other rows in all, so that a loss names its column.
    const row = column.key === "unique" ? (at + step) % this.count : step + (at % (this.count - step));
    return this.#keyNumber(parent, key, row, left - 1);
  }
}

/** Numbers the columns of each table, from 0, among those of one kind. */
function places(
  all: readonly CanaryTable[],
  kindOf: (column: CanaryColumn) => string,
): ReadonlyMap<CanaryColumn, number> {
  const found = new Map<CanaryColumn, number>();
  for (const { columns } of all) {
    const counts = new Map<string, number>();
    for (const column of columns) {
      const kind = kindOf(column);
      const place = counts.get(kind) ?? 0;
      counts.set(kind, place + 1);
      found.set(column, place);
    }
  }
  return found;
}

/** Nothing but the key itself says which texts it takes. */
function isFree({ checks }: CanaryTable, { name, base }: CanaryColumn): boolean {
  return (
    isTextual(base) && base.conditions.length === 0 && !checks.some(({ columns }) => columns.includes(name))
  );
}

/** Keys get no unusual values elsewhere: what makes texts small, trims or shortens them shows here. */
function unusualKey(plain: string, number: number, { base: { modifier } }: CanaryColumn): string {
  if (number % 2 === 0) return plain;
  const room = modifier > HEADER ? modifier - HEADER : Infinity;
  const short = ` Größe of ${plain} `;
  const long = `${short}${"and so on, ".repeat(12)}`;
  return long.length <= room ? long : short.length <= room ? short : plain;
}
