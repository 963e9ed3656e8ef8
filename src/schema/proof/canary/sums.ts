import type { DatabaseSession } from "../../../ports/database.ts";
import { quoteIdentifier } from "../../../postgres/quoting.ts";

/** What rows a table has, column by column, so that a loss names its column. */
export interface TableSums {
  readonly table: string;
  readonly rows: number;
  /**
   * How often each row is there, by its hash over the columns that were looked at; undefined of a table with
   * too many rows to hold them side by side.
   */
  readonly whole: ReadonlyMap<string, number> | undefined;
  /** Column → how many rows have a value there, and the sum of the values' hashes, in decimal. */
  readonly columns: ReadonlyMap<string, { readonly values: number; readonly sum: string }>;
}

/**
 * Measures tables in the open transaction. A table that does not exist is left out; so is a column.
 *
 * @param tables name → the columns to look at
 */
export async function readSums(
  session: DatabaseSession,
  tables: ReadonlyMap<string, readonly string[]>,
): Promise<ReadonlyMap<string, TableSums>> {
  const existing = await session.query<{ table: string; column: string }>(
    `
      SELECT name AS "table", a.attname::text AS "column"
        FROM pg_catalog.unnest($1::text[]) AS name
        JOIN pg_catalog.pg_attribute a ON a.attrelid = pg_catalog.to_regclass(name)
             AND a.attnum > 0
             AND NOT a.attisdropped
    `,
    [[...tables.keys()]],
  );
  const found = new Map<string, TableSums>();
  for (const [table, wanted] of tables) {
    const here = existing.filter((row) => row.table === table).map((row) => row.column);
    if (here.length === 0) continue;
    const columns = wanted.filter((name) => here.includes(name));
    const row = await readColumns(session, table, columns);
    const whole = `pg_catalog.hashtextextended(ROW(${columns.map(quoteIdentifier).join(", ")})::text, 0)`;
    found.set(table, {
      table,
      rows: Number(row["rows"]),
      whole: Number(row["rows"]) > WHOLE_ROWS_MAX ? undefined : await readWhole(session, table, whole),
      columns: new Map(
        columns.map((name, at) => [name, { values: Number(row[`c${at}`]), sum: row[`s${at}`] ?? "0" }]),
      ),
    });
  }
  return found;
}

/**
 * An answer has 1,664 columns at most, and a table 1,600.
 * https://www.postgresql.org/docs/current/limits.html
 */
const COLUMNS_ASKED = 500;

/** How many rows there are, and of each column how many values and their sum, as `c0`, `s0`, `c1` … */
async function readColumns(
  session: DatabaseSession,
  table: string,
  columns: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  let found: Readonly<Record<string, string>> = {};
  for (let from = 0; from === 0 || from < columns.length; from += COLUMNS_ASKED) {
    const sums = columns.slice(from, from + COLUMNS_ASKED).map((name, at) => {
      const column = quoteIdentifier(name);
      return `pg_catalog.count(${column})::text AS c${from + at}, ${sumOf(column)} AS s${from + at}`;
    });
    const [row] = await session.query<Record<string, string>>(`
      SELECT ${["pg_catalog.count(*)::text AS rows", ...sums].join(", ")}
        FROM ${table} AS ${quoteIdentifier("holdfast row")}
    `);
    found = { ...found, ...row };
  }
  return found;
}

/** Some 100 bytes each while a pair is tried; of larger tables the sums of their columns have to do. */
const WHOLE_ROWS_MAX = 200_000;

/** What could not be looked for in tables that have too many rows to be held side by side. */
export function notLookedFor(sums: ReadonlyMap<string, TableSums>): string[] {
  return [...sums.values()].flatMap(({ table, rows, whole }) =>
    whole === undefined
      ? [
          `table ${table} has ${rows} rows, so it was compared by its columns' sums alone: values that ` +
            "change places, or rows that are lost where others come, do not show",
        ]
      : [],
  );
}

async function readWhole(
  session: DatabaseSession,
  table: string,
  hash: string,
): Promise<ReadonlyMap<string, number>> {
  const rows = await session.query<{ hash: string; count: number }>(`
    SELECT ${hash}::text AS hash, pg_catalog.count(*)::int AS count
      FROM ${table} AS ${quoteIdentifier("holdfast row")}
     GROUP BY 1
  `);
  return new Map(rows.map((row) => [row.hash, row.count]));
}

function sumOf(column: string): string {
  return `coalesce(pg_catalog.sum(pg_catalog.hashtextextended(${column}::text, 0)), 0)::text`;
}

/** What one rollback did to rows that were there before. */
export interface LostRows {
  /** `table app.t` or `column app.t.c`. */
  readonly object: string;
  /** How many rows, or values of the column, are gone or are others; of `of`. */
  readonly message: string;
  /** Where there are as many rows as before, or more: it may be that a NULL alone became a value. */
  readonly mayBeFilled: boolean;
  /** Of a column whose values are others, as many as before or fewer. */
  readonly changed?: { readonly table: string; readonly column: string };
}

/**
 * Holds sums against those of before; what the schema's comparison tells (a table, a column that is missing)
 * is not told again.
 */
export function lostRows(
  before: ReadonlyMap<string, TableSums>,
  after: ReadonlyMap<string, TableSums>,
): LostRows[] {
  const lost: LostRows[] = [];
  for (const [table, was] of before) {
    const is = after.get(table);
    if (is === undefined || was.rows === 0) continue;
    if (is.rows < was.rows) {
      lost.push({
        object: `table ${table}`,
        message:
          `${was.rows - is.rows} of ${was.rows} rows that were there before are gone ` + "after the rollback",
        mayBeFilled: false,
      });
      continue;
    }
    // Rows that came with the pair are no loss; those of before have to be there, each of them whole.
    const gone = goneRows(was, is);
    if (gone === 0) continue;
    const columns = changedColumns(was, is);
    if (gone !== undefined && (is.rows > was.rows || columns.length === 0)) {
      lost.push({
        object: `table ${table}`,
        message: `${gone} of ${was.rows} rows that were there before are others, or gone, after the rollback`,
        mayBeFilled: true,
      });
      continue;
    }
    for (const { column, values, left } of columns) {
      lost.push({
        object: `column ${table}.${quotedWhereNeeded(column)}`,
        message:
          values > left
            ? `${values - left} of ${values} values that were there before are gone after the rollback`
            : `values that were there before are others after the rollback`,
        mayBeFilled: left > values,
        changed: { table, column },
      });
    }
  }
  return lost;
}

/** Tables that have more rows than before: what the rollback leaves there of what came meanwhile. */
export function leftRows(
  before: ReadonlyMap<string, TableSums>,
  after: ReadonlyMap<string, TableSums>,
): string[] {
  return [...before].flatMap(([table, was]) => {
    const more = (after.get(table)?.rows ?? 0) - was.rows;
    if (more <= 0) return [];
    const [rows, are] = more === 1 ? ["row", "is"] : ["rows", "are"];
    return [`${more} ${rows} more than before ${are} left in table ${table} after the rollback`];
  });
}

/**
 * How many of the rows of before are not there any more as they were; undefined where that cannot be said: a
 * column is gone, which the schema's comparison tells, or there are too many of them.
 */
function goneRows(was: TableSums, is: TableSums): number | undefined {
  if (was.whole === undefined || is.whole === undefined) return undefined;
  if ([...was.columns.keys()].some((column) => !is.columns.has(column))) return undefined;
  let gone = 0;
  for (const [hash, count] of was.whole) gone += Math.max(0, count - (is.whole.get(hash) ?? 0));
  return gone;
}

/** Columns whose values together are others, of a table that has as many rows as before. */
function changedColumns(
  was: TableSums,
  is: TableSums,
): readonly { readonly column: string; readonly values: number; readonly left: number }[] {
  if (is.rows !== was.rows) return [];
  return [...was.columns].flatMap(([column, { values, sum }]) => {
    const now = is.columns.get(column);
    return now === undefined || (now.values === values && now.sum === sum)
      ? []
      : [{ column, values, left: now.values }];
  });
}

function quotedWhereNeeded(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : quoteIdentifier(name);
}
