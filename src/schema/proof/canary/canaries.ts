import type { DatabaseSession, ServerRefusal } from "../../../ports/database.ts";
import { quoteIdentifier, quoteLiteral } from "../../../postgres/quoting.ts";
import type { CanaryTable } from "./columns.ts";
import { canaryValue, hintsIn } from "./values.ts";

/** What became of a table that was to get rows. */
export interface Canaries {
  readonly table: string;
  /** Rows that are in it now. */
  readonly rows: number;
  /** Why it has none. */
  readonly why: string | undefined;
}

/** Two rows, so that a value that is lost can be told from one that is the same everywhere. */
const ROWS = 2;
/** A refusal names what is wrong; after this many another one will not end it. */
const ATTEMPTS_MAX = 24;

/**
 * Puts canary rows into tables, inside of the open transaction: a value for every column, so that whatever a script does to a column shows. Triggers and
 * foreign keys are quiet where the role may quieten them; what a CHECK refuses is tried with values out of the CHECK.
 */
export async function insertCanaries(session: DatabaseSession, tables: readonly CanaryTable[]): Promise<Canaries[]> {
  const quiet = await session.execute("SAVEPOINT canary; SET LOCAL session_replication_role = replica; RELEASE canary");
  if (quiet !== undefined) await session.query("ROLLBACK TO canary; RELEASE canary");
  const done: Canaries[] = [];
  for (const table of tables) done.push(await fill(session, table));
  await session.query("SET LOCAL session_replication_role = DEFAULT");
  return done;
}

async function fill(session: DatabaseSession, table: CanaryTable): Promise<Canaries> {
  const attempts = new Map<string, number>();
  let why: string | undefined;
  let rows = 0;
  for (let row = 1; row <= ROWS; row += 1) {
    why = await insertRow(session, table, row, attempts);
    if (why === undefined) rows += 1;
  }
  return { table: table.name, rows, why: rows > 0 ? undefined : why };
}

/** @returns why it could not be inserted */
async function insertRow(session: DatabaseSession, table: CanaryTable, row: number, attempts: Map<string, number>): Promise<string | undefined> {
  let said = "";
  let shift = 0;
  for (let tries = 0; tries < ATTEMPTS_MAX; tries += 1) {
    const refusal = await session.execute(`SAVEPOINT canary; ${insertion(table, row + shift, attempts)}; RELEASE canary`);
    if (refusal === undefined) return undefined;
    await session.query("ROLLBACK TO canary; RELEASE canary");
    said = refusal.message;
    // A row that is there already has this key.
    if (refusal.state === "23505" || refusal.state === "23P01") shift += 1009;
    else if (!nextValues(table, refusal, attempts, row)) return said;
  }
  return said;
}

function insertion(table: CanaryTable, row: number, attempts: ReadonlyMap<string, number>): string {
  const values = table.columns.flatMap((column) => {
    const attempt = attempts.get(column.name) ?? 0;
    const value = canaryValue(column, row, attempt, hintsOf(table, column.name));
    // A type nobody here knows gets what the column gets by itself.
    if (value === undefined) return [];
    return [[quoteIdentifier(column.name), value === null ? "NULL" : `${quoteLiteral(value)}::${column.type}`] as const];
  });
  if (values.length === 0) return `INSERT INTO ${table.name} DEFAULT VALUES`;
  return `INSERT INTO ${table.name} (${values.map(([name]) => name).join(", ")}) OVERRIDING SYSTEM VALUE VALUES (${values.map(([, value]) => value).join(", ")})`;
}

function hintsOf(table: CanaryTable, column: string): string[] {
  const own = table.columns.find(({ name }) => name === column);
  return hintsIn([...(own?.base.conditions ?? []), ...table.checks.filter(({ columns }) => columns.includes(column)).map(({ definition }) => definition)]);
}

/** Moves on the columns that a refusal is about; false where it tells none, or nothing is left to try. */
function nextValues(table: CanaryTable, refusal: ServerRefusal, attempts: Map<string, number>, row: number): boolean {
  const check = table.checks.find(({ name }) => name === refusal.constraint);
  const named = refusal.column === undefined ? [] : [refusal.column];
  const domains = refusal.constraint === undefined || check !== undefined ? [] : table.columns.filter(({ base }) => base.conditions.length > 0).map(({ name }) => name);
  const typed = refusal.state.startsWith("22") ? mentioned(table, refusal.message) : [];
  const about = [check?.columns ?? [], named, domains, typed].find((names) => names.length > 0) ?? [];
  // Of several columns of one CHECK the first that has another value to try moves; the others begin again with it.
  for (const name of about) {
    const column = table.columns.find((each) => each.name === name);
    if (column === undefined) continue;
    const next = (attempts.get(name) ?? 0) + 1;
    if (canaryValue(column, row, next, hintsOf(table, name)) === undefined) {
      attempts.set(name, 0);
      continue;
    }
    attempts.set(name, next);
    return true;
  }
  return false;
}

/** A value that its type does not take is quoted in the message; the column is the one that has it. */
function mentioned(table: CanaryTable, message: string): string[] {
  return table.columns.filter(({ base }) => message.includes(`type ${base.name}`) || message.includes(`enum ${base.name}`)).map(({ name }) => name);
}
