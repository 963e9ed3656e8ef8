import { qualifiedName, quoteIdentifier } from "../../../../postgres/quoting.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import type { StagedKind } from "../archive/whose-rows.ts";
import type { ColumnShape, TableShape, UniqueShape } from "./table-shape.ts";

/**
 * A table whose rows are not the restore's alone: the backup's lie beside it in a temporary table until it is
 * certain that they fit.
 */
export interface Staged {
  readonly schema: string;
  readonly name: string;
  readonly kind: StagedKind;
  /** As people read it. */
  readonly title: string;
  /** The temporary table, as SQL names it. */
  readonly temporary: string;
  /** Columns that the backup has values of, or that are filled from those. */
  readonly columns: readonly string[];
  /** Columns that the platform fills itself, with the expressions by which it does. */
  readonly computed: ReadonlyMap<string, string>;
  /** Its rows follow from others, so that nothing is lost where the target has no place for them. */
  readonly derived: boolean;
  /** All columns are text, because the target's types do not take some value. */
  readonly isText: boolean;
  /** The table at the target; undefined where there is none. */
  readonly shape: TableShape | undefined;
}

/** A staged table that the target has. */
export type Fitting = Staged & { readonly shape: TableShape };

export function isFitting(staged: Staged): staged is Fitting {
  return staged.shape !== undefined;
}

/**
 * Makes the temporary table for a table's rows. Its columns have the target's types, so that what cannot be
 * read as such is found out when it arrives; what the target lacks is kept as text, to be looked at.
 */
export async function makeStaged(
  session: DatabaseSession,
  table: Pick<Staged, "schema" | "name" | "kind" | "computed" | "derived" | "shape">,
  columns: readonly string[],
  number: number,
): Promise<Staged> {
  const { shape } = table;
  const types = new Map(shape?.columns.map((column) => [column.name, column]));
  const temporary = `pg_temp.holdfast_rows_${number}`;
  const list = columns.map((name) => `${quoteIdentifier(name)} ${typeOf(types.get(name))}`);
  // The service that would fill them does not act on rows that are put in behind its back.
  const filled = [...table.computed].filter(
    ([name]) => types.get(name)?.generated === false && !columns.includes(name),
  );
  list.push(
    ...filled.map(
      ([name, sql]) =>
        `${quoteIdentifier(name)} ${typeOf(types.get(name))} GENERATED ALWAYS AS (${sql}) STORED`,
    ),
  );
  await session.query(`CREATE TEMPORARY TABLE holdfast_rows_${number} (${list.join(", ")}) ON COMMIT DROP`);
  return {
    ...table,
    title: `${table.schema}.${table.name}`,
    temporary,
    columns: [...columns, ...filled.map(([name]) => name)],
    isText: false,
  };
}

/** The same, empty, for values as they are. */
export async function asText(session: DatabaseSession, staged: Staged): Promise<Staged> {
  const list = staged.columns.map((name) => `${quoteIdentifier(name)} pg_catalog.text`);
  await session.query(`
    DROP TABLE ${staged.temporary};
    CREATE TEMPORARY TABLE ${staged.temporary.replace("pg_temp.", "")} (${list.join(", ")}) ON COMMIT DROP
  `);
  return { ...staged, isText: true };
}

function typeOf(column: ColumnShape | undefined): string {
  return column === undefined || column.generated ? "pg_catalog.text" : column.type;
}

/** Columns that are brought: the backup has values of them, and the target takes values of them. */
export function commonColumns({ columns, shape }: Fitting): readonly string[] {
  const writable = new Set(shape.columns.filter(({ generated }) => !generated).map(({ name }) => name));
  return columns.filter((name) => writable.has(name));
}

/** Columns by which a row is known: the primary key, where both sides have all of it. */
export function keyColumns(staged: Fitting): readonly string[] | undefined {
  const primary = staged.shape.uniques.find((unique) => unique.primary);
  const common = new Set(commonColumns(staged));
  return primary?.reads.every((name) => common.has(name)) === true ? primary.reads : undefined;
}

export function tableSql({ schema, name }: Pick<Staged, "schema" | "name">): string {
  return qualifiedName(schema, name);
}

/** `s.a = t.a AND …` */
export function sameKey(key: readonly string[], left = "s", right = "t"): string {
  return key
    .map((name) => `${left}.${quoteIdentifier(name)} = ${right}.${quoteIdentifier(name)}`)
    .join(" AND ");
}

/** Whether two rows differ in what is brought. As text: some types (json) have no equality. */
export function differs(staged: Fitting, left = "s", right = "t"): string {
  const pairs = commonColumns(staged).map((name) => {
    const column = quoteIdentifier(name);
    return `${left}.${column}::pg_catalog.text IS DISTINCT FROM ${right}.${column}::pg_catalog.text`;
  });
  return pairs.length === 0 ? "false" : `(${pairs.join(" OR ")})`;
}

/** All that is brought of a row as one text, for tables without a key: two rows are alike where these are. */
export function rowText(staged: Fitting, alias: string): string {
  const columns = commonColumns(staged).map((name) => `${alias}.${quoteIdentifier(name)}::pg_catalog.text`);
  return `ROW(${columns.join(", ")})::pg_catalog.text`;
}

/** How often each row is there, in columns `row` and `n`: without a key two rows that are alike are two. */
export function rowCounts(staged: Fitting, table: string): string {
  return `(SELECT ${rowText(staged, "r")} AS "row", count(*) AS n FROM ${table} r GROUP BY 1)`;
}

/** Keys and expressions of a rule by which no two rows may be alike, named `k0`, `k1` … for {@link alike}. */
export function uniqueValues({ keys }: UniqueShape): string {
  return keys.map((expression, index) => `${expression} AS k${index}`).join(", ");
}

/** Whether two rows of {@link uniqueValues} are alike by the rule. */
export function alike({ keys, nullsAlike }: UniqueShape, left = "s", right = "t"): string {
  const equals = nullsAlike ? "IS NOT DISTINCT FROM" : "=";
  return keys.map((_, index) => `${left}.k${index} ${equals} ${right}.k${index}`).join(" AND ");
}

/**
 * The rules, but for the key, whose columns the backup has all of. One that would call what people wrote is
 * not held: it would run as who restores.
 */
export function heldRules(staged: Fitting): readonly UniqueShape[] {
  const common = new Set(commonColumns(staged));
  return staged.shape.uniques.filter(
    ({ primary, builtin, reads }) => !primary && builtin && reads.every((column) => common.has(column)),
  );
}
