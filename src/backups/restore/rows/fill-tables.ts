import { HoldfastError, isHoldfastError } from "../../../kernel/errors.ts";
import type { RowScript } from "../../copy/artifacts/row-script.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import { foreignKeys, rememberFamily } from "./foreign-keys.ts";
import { readLiveTables, readWholeTrees, type LiveTable, type NamedTable } from "./live-tables.ts";
import { RowLoader } from "./row-loader.ts";
import { readSetAside } from "./set-aside.ts";
import type { SetAside, Validation } from "./set-aside-definition.ts";
import { LOCK_TIMEOUT } from "../care/lock-timeout.ts";
import { Untouched } from "../care/untouched.ts";
import { onAbort } from "../../../kernel/on-abort.ts";

/**
 * Settings under which values mean what pg_dump wrote; pg_restore's script sets only some of them, and a
 * database may have its own.
 */
export const FILL_SETTINGS = {
  row_security: "off",
  xmloption: "content",
  DateStyle: "ISO, MDY",
  IntervalStyle: "postgres",
  array_nulls: "on",
  standard_conforming_strings: "on",
  check_function_bodies: "off",
  client_min_messages: "warning",
} as const;

/** How {@link fillTables} is asked. */
export interface Filling {
  /** Tables whose rows are replaced, and the partitioned ones among them. */
  readonly tables: readonly NamedTable[];
  /** Opens the script with their rows; asked for when the tables are empty. */
  readonly script: () => RowScript;
  readonly signal: AbortSignal;
  /** Hears of what is not quite as it was before. */
  readonly warn: (text: string) => void;
}

/**
 * Empties tables and fills them again in one transaction: at its end every table holds the backup's rows, or
 * every table holds what it held before, whatever happened in between (a refused row, a lost connection, a
 * killed process).
 *
 * @throws Untouched; database.lost when it is not known whether the last statement, the commit,
 *   was carried out
 */
export async function fillTables(session: DatabaseSession, filling: Filling): Promise<void> {
  const { signal } = filling;
  const cancel = (): void => void session.cancel().catch(() => undefined);
  const cancelling = onAbort(signal, cancel);
  try {
    signal.throwIfAborted();
    await session.query("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
    await replaceRows(session, filling);
    signal.throwIfAborted();
  } catch (error) {
    await session.query("ROLLBACK").catch(() => undefined);
    // Whatever failed because of it: that the run was stopped is the news.
    if (signal.aborted) throw new Untouched(signal.reason);
    throw error instanceof Untouched ? error : new Untouched(error);
  } finally {
    // What is committed is not cancelled.
    cancelling[Symbol.dispose]();
  }
  await commit(session);
}

async function commit(session: DatabaseSession): Promise<void> {
  try {
    await session.query("COMMIT");
  } catch (error) {
    throw isHoldfastError(error, "database.lost") ? error : new Untouched(error);
  }
}

async function replaceRows(
  session: DatabaseSession,
  { tables: names, script, signal, warn }: Filling,
): Promise<void> {
  await session.query(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`);
  // Constraints that wait for the end would fail there, without a word about the table; and a table with
  // waiting ones cannot be altered.
  await session.query("SET CONSTRAINTS ALL IMMEDIATE");
  const tables = await lock(session, names);
  const aside = await readSetAside(session, tables);
  const remembered = new Map<string, () => Promise<void>>();
  for (const key of await foreignKeys(
    session,
    tables.map((table) => table.oid),
  )) {
    remembered.set(key.what, await rememberFamily(session, key));
  }
  for (const one of aside) await step(session, one.aside, `setting ${one.what} aside`);
  const leaves = tables.filter((table) => table.kind === "table");
  await empty(session, leaves);
  const loader = new RowLoader(session, [...leaves, ...(await readWholeTrees(session, leaves))]);
  await loader.load(script(), signal);
  // While event triggers are still aside, which would see that sequences are altered.
  await loader.setSequences();
  for (const one of aside.toReversed()) {
    await putBack(session, one, remembered.get(one.what));
    for (const validation of one.validate ?? []) await validate(session, validation, warn);
  }
}

/** Nobody changes the tables, their triggers or keys from here on. */
async function lock(session: DatabaseSession, names: readonly NamedTable[]): Promise<LiveTable[]> {
  const before = await readLiveTables(session, names);
  if (before.length > 0) {
    await session.query(
      `LOCK TABLE ONLY ${before.map((table) => table.sql).join(", ONLY ")} IN ACCESS EXCLUSIVE MODE`,
    );
  }
  return await readLiveTables(session, names);
}

async function putBack(
  session: DatabaseSession,
  { what, back, remedy }: SetAside,
  after: (() => Promise<void>) | undefined,
): Promise<void> {
  for (const sql of back) await step(session, sql, `putting ${what} back`, remedy);
  await after?.();
}

/** The backup's rows may be older than the constraint; then it holds for new ones, as it does above. */
async function validate(
  session: DatabaseSession,
  { what, sql }: Validation,
  warn: Filling["warn"],
): Promise<void> {
  await session.query("SAVEPOINT before_validation");
  try {
    await session.query(sql);
  } catch (error) {
    if (!isHoldfastError(error, "database.query")) throw new Untouched(error, `validating ${what}`);
    await session.query("ROLLBACK TO before_validation");
    warn(`${what} was valid and is NOT VALID now, because rows of the backup break it: ${error.message}`);
  }
}

async function step(session: DatabaseSession, sql: string, during: string, remedy?: string): Promise<void> {
  try {
    await session.query(sql);
  } catch (error) {
    throw new Untouched(error, during, isHoldfastError(error, "database.query") ? remedy : undefined);
  }
}

/**
 * Removes every row that the backup would bring; what an extension keeps for itself in a table of
 * its own stays.
 */
async function empty(session: DatabaseSession, tables: readonly LiveTable[]): Promise<void> {
  const whole = tables.filter((table) => table.condition === "");
  if (whole.length > 0) {
    await truncate(
      session,
      whole.map((table) => table.sql),
    );
  }
  for (const { sql, condition } of tables) {
    if (condition !== "") await session.query(`DELETE FROM ONLY ${sql} ${condition}`);
  }
}

async function truncate(session: DatabaseSession, tables: readonly string[]): Promise<void> {
  await session.query("SAVEPOINT before_truncate");
  try {
    await session.query(`TRUNCATE ONLY ${tables.join(", ONLY ")}`);
  } catch (error) {
    // A right the role may lack, or a switched-off foreign key of another table, which TRUNCATE refuses
    // all the same.
    if (!isHoldfastError(error, "database.query", "database.permission")) throw error;
    await session.query("ROLLBACK TO before_truncate");
    for (const table of tables) await remove(session, table);
  }
}

async function remove(session: DatabaseSession, table: string): Promise<void> {
  await step(session, `DELETE FROM ONLY ${table}`, `removing the rows of ${table}`);
  const [left] = await session.query(`SELECT FROM ONLY ${table} LIMIT 1`);
  // A rule may have made something else of it.
  if (left !== undefined) {
    throw new Untouched(
      new HoldfastError("database.query", `removing the rows of ${table} left some of them there`, {
        hint:
          "A rule or a trigger of that table keeps them: remove the rows by hand, or restore " +
          "the whole backup.",
      }),
    );
  }
}
