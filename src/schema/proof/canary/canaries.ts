import type { DatabaseSession, ServerRefusal } from "../../../ports/database.ts";
import { quoteIdentifier, quoteLiteral } from "../../../postgres/quoting.ts";
import type { CanaryTable } from "./columns.ts";
import {
  cornerLists,
  insertCorners,
  type CornerChoice,
  type CornerLists,
  type CornerWriter,
} from "./corners.ts";
import { FIRST_MEANT, insertMeant, insertNulls } from "./extra-rows.ts";
import { hintsIn, type Hints } from "./hints.ts";
import { adoptOrphans } from "./orphans.ts";
import { insertUnlike } from "./unlike-rows.ts";
import { placeRows, type PlacedRow } from "./placed-rows.ts";
import { canaryValue } from "./values.ts";

/** What became of a table that was to get rows. */
export interface Canaries {
  readonly table: string;
  /** Rows that are in it now. */
  readonly rows: number;
  /** Why it has none. */
  readonly why: string | undefined;
  /** Columns that have unusual values too. */
  readonly unusual: readonly string[];
  /** Columns that have NULL too. */
  readonly nulls: readonly string[];
}

/** Two rows, so that a value that is lost can be told from one that is the same everywhere. */
const ROWS = 2;
/** A refusal names what is wrong; after this many another one will not end it. */
const ATTEMPTS_MAX = 96;

/**
 * Puts canary rows into tables, inside of the open transaction: a value for every column, so that whatever a
 * script does to a column shows. Triggers and foreign keys are quiet where the role may quieten them; what a
 * CHECK refuses is tried with values out of the CHECK.
 *
 * @param choice unusual values besides, each in a row of its own
 */
export async function insertCanaries(
  session: DatabaseSession,
  tables: readonly CanaryTable[],
  choice: CornerChoice | undefined,
): Promise<Canaries[]> {
  const quiet = await session.execute(
    "SAVEPOINT canary; SET LOCAL session_replication_role = replica; RELEASE canary",
  );
  if (quiet !== undefined) await session.query("ROLLBACK TO canary; RELEASE canary");
  const done: Canaries[] = [];
  const lists = choice === undefined ? new Map<CanaryTable, CornerLists>() : cornerLists(tables, choice);
  const wanted = choice?.meant;
  const placed =
    wanted === undefined ? undefined : placeRows(tables, wanted, choice?.nulls ?? (() => true), FIRST_MEANT);
  for (const table of tables) done.push(await fill(session, table, { lists, choice, placed }));
  const gone = await adoptOrphans(
    session,
    tables.map(({ name }) => name),
  );
  if (quiet === undefined) await session.query("SET LOCAL session_replication_role = DEFAULT");
  return done.map((each) =>
    gone.has(each.table) && each.why === undefined ? { ...each, why: gone.get(each.table) } : each,
  );
}

/** What rows tables get besides ordinary ones. */
interface Besides {
  readonly lists: ReadonlyMap<CanaryTable, CornerLists>;
  readonly choice: CornerChoice | undefined;
  readonly placed: ReadonlyMap<string, readonly PlacedRow[]> | undefined;
}

async function fill(
  session: DatabaseSession,
  table: CanaryTable,
  { lists, choice, placed }: Besides,
): Promise<Canaries> {
  const attempts = new Map<string, number>();
  let why: string | undefined;
  let rows = 0;
  for (let row = 1; row <= ROWS; row += 1) {
    why = await insertRow(session, table, row, attempts);
    if (why === undefined) rows += 1;
  }
  let unusual: readonly string[] = [];
  let nulls: readonly string[] = [];
  if (rows === ROWS && choice !== undefined) {
    const writer: CornerWriter = {
      plain: (column, row) =>
        canaryValue(column, row, attempts.get(column.name) ?? 0, hintsOf(table, column.name)),
      insert: async (values) => await attempt(session, insertionOf(table, values)),
    };
    const all = [...lists.keys()];
    if (choice.corners !== undefined) unusual = await insertCorners(table, lists, choice.corners, writer);
    if (choice.nulls !== undefined) nulls = await insertNulls(table, all, choice.nulls, writer);
    if (choice.unlike === true) await insertUnlike(table, all, writer);
    if (placed !== undefined) await insertMeant(table, placed.get(table.name) ?? [], writer);
  }
  return { table: table.name, rows, why: rows > 0 ? undefined : why, unusual, nulls };
}

/** @returns why it could not be inserted */
async function insertRow(
  session: DatabaseSession,
  table: CanaryTable,
  row: number,
  attempts: Map<string, number>,
): Promise<string | undefined> {
  let said = "";
  let shift = 0;
  const once = { settled: false, begunAgain: false };
  for (let tries = 0; tries < ATTEMPTS_MAX; tries += 1) {
    const refusal = await attempt(session, insertion(table, row + shift, attempts));
    if (refusal === undefined) return undefined;
    said = refusal.message;
    // A row that is there already has this key.
    if (refusal.state === "23505" || refusal.state === "23P01") shift += 1009;
    else if (!once.settled && isOfDomain(table, refusal)) {
      once.settled = true;
      await settleDomains(session, table, row, attempts);
    } else if (!nextValues(table, refusal, attempts, row)) {
      // What was found for the row before may be what this one cannot have.
      if (once.begunAgain || row === 1) return said;
      once.begunAgain = true;
      once.settled = false;
      attempts.clear();
    }
  }
  return said;
}

async function attempt(session: DatabaseSession, sql: string): Promise<ServerRefusal | undefined> {
  const refusal = await session.execute(`SAVEPOINT canary; ${sql}; RELEASE canary`);
  if (refusal !== undefined) await session.query("ROLLBACK TO canary; RELEASE canary");
  return refusal;
}

function isOfDomain(table: CanaryTable, { constraint, state }: ServerRefusal): boolean {
  const ofTable = constraint !== undefined && table.checks.some(({ name }) => name === constraint);
  return (
    !ofTable &&
    (state === CHECK_VIOLATION || state.startsWith("22")) &&
    table.columns.some(({ base }) => base.conditions.length > 0)
  );
}

/** What a domain takes can be asked for each column by itself. */
async function settleDomains(
  session: DatabaseSession,
  table: CanaryTable,
  row: number,
  attempts: Map<string, number>,
): Promise<void> {
  for (const column of table.columns.filter(({ base }) => base.conditions.length > 0)) {
    const hints = hintsOf(table, column.name);
    for (let at = attempts.get(column.name) ?? 0; at < ATTEMPTS_MAX; at += 1) {
      const value = canaryValue(column, row, at, hints);
      if (value === undefined) break;
      if (
        value !== null &&
        (await attempt(session, `SELECT ${quoteLiteral(value)}::${column.type}`)) !== undefined
      ) {
        continue;
      }
      attempts.set(column.name, at);
      break;
    }
  }
}

function insertion(table: CanaryTable, row: number, attempts: ReadonlyMap<string, number>): string {
  const values = table.columns.map(
    (column) =>
      [
        column.name,
        canaryValue(column, row, attempts.get(column.name) ?? 0, hintsOf(table, column.name)),
      ] as const,
  );
  return insertionOf(table, [new Map(values)]);
}

/** All rows leave out the same columns: a type nobody here knows gets what the column gets by itself. */
function insertionOf(
  table: CanaryTable,
  rows: readonly ReadonlyMap<string, string | null | undefined>[],
): string {
  const columns = table.columns.filter(({ name }) => rows[0]?.get(name) !== undefined);
  if (columns.length === 0) return `INSERT INTO ${table.name} DEFAULT VALUES`;
  const values = rows.map((row) => {
    const words = columns.map(({ name, type }) => {
      const value = row.get(name) ?? null;
      return value === null ? "NULL" : `${quoteLiteral(value)}::${type}`;
    });
    return `(${words.join(", ")})`;
  });
  return `
    INSERT INTO ${table.name} (${columns.map(({ name }) => quoteIdentifier(name)).join(", ")})
      OVERRIDING SYSTEM VALUE
      VALUES ${values.join(", ")}
  `;
}

function hintsOf(table: CanaryTable, column: string): Hints {
  const own = table.columns.find(({ name }) => name === column);
  const about = [...table.checks, ...(table.bounds === undefined ? [] : [table.bounds])].filter(
    ({ columns }) => columns.includes(column),
  );
  return hintsIn([...(own?.base.conditions ?? []), ...about.map(({ definition }) => definition)]);
}

const CHECK_VIOLATION = "23514";

/** Moves on the columns that a refusal is about; false where it tells none, or nothing is left to try. */
function nextValues(
  table: CanaryTable,
  refusal: ServerRefusal,
  attempts: Map<string, number>,
  row: number,
): boolean {
  const check = table.checks.find(({ name }) => name === refusal.constraint);
  // No partition takes the row, or this one does not.
  const bounds =
    refusal.state === CHECK_VIOLATION && refusal.constraint === undefined
      ? (table.bounds?.columns ?? [])
      : [];
  const named = refusal.column === undefined ? [] : [refusal.column];
  const domains =
    refusal.constraint === undefined || check !== undefined
      ? []
      : table.columns.filter(({ base }) => base.conditions.length > 0).map(({ name }) => name);
  const typed = refusal.state.startsWith("22") ? mentioned(table, refusal.message, attempts, row) : [];
  const about = [check?.columns ?? [], bounds, named, domains, typed].find((names) => names.length > 0) ?? [];
  // Of several columns of one CHECK the first that has another value to try moves; the others begin
  // again with it.
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

/**
 * A value that its type does not take is quoted in the message: it is of the column that has it, or else of
 * one with that type.
 */
function mentioned(
  table: CanaryTable,
  message: string,
  attempts: ReadonlyMap<string, number>,
  row: number,
): string[] {
  const [, quoted] = /: "(.*)"$/s.exec(message) ?? [];
  const holders =
    quoted === undefined
      ? []
      : table.columns.filter(
          (column) =>
            canaryValue(column, row, attempts.get(column.name) ?? 0, hintsOf(table, column.name))?.includes(
              quoted,
            ) === true,
        );
  // A condition that casts is refused with the words of the type it casts to.
  const judging = holders.filter(
    ({ name, base }) =>
      base.conditions.length > 0 || table.checks.some(({ columns }) => columns.includes(name)),
  );
  const typed = table.columns.filter(({ type, base }) =>
    [type, base.name].some((name) => message.includes(`type ${name}`) || message.includes(`enum ${name}`)),
  );
  return ([judging, holders, typed].find((found) => found.length > 0) ?? []).map(({ name }) => name);
}
