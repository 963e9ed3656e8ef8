import { HoldfastError, isHoldfastError } from "../../../../kernel/errors.ts";
import { quoteIdentifier } from "../../../../postgres/quoting.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import { Untouched } from "../../care/untouched.ts";
import { brokenRuleRemedy } from "./broken-rules.ts";
import { Exchanged } from "./exchanged.ts";
import {
  commonColumns,
  differs,
  isFitting,
  keyColumns,
  rowCounts,
  rowText,
  sameKey,
  tableSql,
  type Fitting,
  type Staged,
} from "./staged.ts";

/**
 * Writes staged rows: those that are there and differ become the backup's, those that are not there are put
 * in, all others stay.
 *
 * @param quiet triggers and keys do not act
 * @returns rows written, by table
 * @throws Untouched; the transaction is lost
 */
export async function mergeStaged(
  session: DatabaseSession,
  staged: readonly Staged[],
  quiet: boolean,
): Promise<ReadonlyMap<string, number>> {
  const written = new Map<string, number>();
  const tables = inOrderOfReference(staged.filter(isFitting));
  // Services may sign somebody up meanwhile: they wait.
  for (const one of tables) {
    await naming(one, session.query(`LOCK TABLE ${tableSql(one)} IN SHARE ROW EXCLUSIVE MODE`));
  }
  for (const one of tables) written.set(one.title, await mergeOne(session, one, quiet));
  for (const one of tables) await requireSame(session, one);
  return written;
}

async function mergeOne(session: DatabaseSession, one: Fitting, quiet: boolean): Promise<number> {
  const columns = commonColumns(one);
  const key = keyColumns(one);
  if (columns.length === 0) return 0;
  const list = columns.map(quoteIdentifier).join(", ");
  const others = columns.filter((name) => key?.includes(name) !== true);
  let count = 0;
  if (key !== undefined && others.length > 0) {
    const sets = others.map((name) => `${quoteIdentifier(name)} = s.${quoteIdentifier(name)}`).join(", ");
    const exchanged = new Exchanged(session, one, key);
    await naming(one, exchanged.stepAside(quiet));
    count += await change(
      session,
      one,
      `
        UPDATE ${tableSql(one)} t
          SET ${sets}
         FROM ${one.temporary} s
        WHERE ${sameKey(key)} AND ${differs(one)}
      `,
    );
    count += await naming(one, exchanged.comeBack());
  }
  const missing =
    key === undefined
      ? `s.ctid IN (${surplus(one)})`
      : `NOT EXISTS (SELECT FROM ${tableSql(one)} t WHERE ${sameKey(key)})`;
  count += await change(
    session,
    one,
    `
      INSERT INTO ${tableSql(one)} (${list}) OVERRIDING SYSTEM VALUE
        SELECT ${list}
          FROM ${one.temporary} s
         WHERE ${missing}
    `,
  );
  return count;
}

/**
 * Rows of the backup that the target has fewer of, by their place: of three that are alike and one that
 * is there, two.
 */
function surplus(one: Fitting): string {
  return `
    SELECT s.place
      FROM (SELECT r.ctid AS place, ${rowText(one, "r")} AS "row",
                   row_number() OVER (PARTITION BY ${rowText(one, "r")}) AS nth
              FROM ${one.temporary} r) s
      LEFT JOIN ${rowCounts(one, tableSql(one))} t ON t."row" = s."row"
     WHERE s.nth > coalesce(t.n, 0)
  `;
}

/** What fires on the way in may have made something else of a row, or kept it out. */
async function requireSame(session: DatabaseSession, one: Fitting): Promise<void> {
  const key = keyColumns(one);
  const [row] = await session.query<{ n: string }>(
    key === undefined
      ? `SELECT count(*) AS n FROM (${surplus(one)}) AS missing`
      : `
        SELECT count(*) AS n
          FROM ${one.temporary} s
         WHERE NOT EXISTS (SELECT FROM ${tableSql(one)} t WHERE ${sameKey(key)} AND NOT ${differs(one)})
      `,
  );
  const wrong = Number(row!.n);
  if (wrong === 0) return;
  const acting =
    one.shape.triggers.length === 0 ? "a rule or policy" : `trigger ${one.shape.triggers.join(" or ")}`;
  throw new Untouched(
    new HoldfastError(
      "database.query",
      `${wrong} of the backup's rows of ${one.title} are not there as they were after they had been ` +
        `written: ${acting} acts on them`,
      {
        hint: "Use a role that may set session_replication_role, which keeps triggers from acting.",
      },
    ),
  );
}

/** Runs a statement that changes rows and counts them. */
async function change(session: DatabaseSession, one: Fitting, sql: string): Promise<number> {
  const [row] = await naming(
    one,
    session.query<{ n: string }>(`WITH written AS (${sql} RETURNING 1) SELECT count(*) AS n FROM written`),
  );
  return Number(row!.n);
}

async function naming<T>(one: Fitting, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const remedy = isHoldfastError(error, "database.lock-timeout")
      ? "Stop what uses the project for the moment, then run again."
      : isHoldfastError(error)
        ? brokenRuleRemedy(error, one.title)
        : undefined;
    throw new Untouched(error, `rows of ${one.title}`, remedy);
  }
}

/** Tables that others refer to come first: where keys cannot be switched off they are checked at once. */
function inOrderOfReference(tables: readonly Fitting[]): Fitting[] {
  const sorted: Fitting[] = [];
  const visit = (one: Fitting, path: readonly Fitting[]): void => {
    if (sorted.includes(one) || path.includes(one)) return;
    for (const { parent } of one.shape.references) {
      const other = tables.find((each) => each.schema === parent[0] && each.name === parent[1]);
      if (other !== undefined) visit(other, [...path, one]);
    }
    sorted.push(one);
  };
  for (const one of tables) visit(one, []);
  return sorted;
}
