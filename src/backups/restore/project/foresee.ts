import { quantity } from "../../../kernel/quantity.ts";
import { quoteIdentifier } from "../../../postgres/quoting.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import { refusal } from "../../../nouns/server/refusal.ts";
import { brokenCheckRemedy, brokenKeyRemedy, doubledRowsRemedy } from "./broken-rules.ts";
import { jobsOfOthers, numbersAnew } from "./jobs.ts";
import { alike, commonColumns, differs, heldRules, isFitting, keyColumns, rowCounts, sameKey, tableSql, uniqueValues, type Fitting, type Staged } from "./staged.ts";
import { untaken } from "./untaken.ts";

/** What becomes of the rows of one table. */
export interface PlatformRowsForeseen {
  readonly table: string;
  readonly kind: Staged["kind"];
  /** Rows in the backup. */
  readonly backup: number;
  /** Rows at the target now. */
  readonly target: number;
  /** Rows that the target has not. */
  readonly new: number;
  /** Rows that are there and differ: they become the backup's. */
  readonly changed: number;
  /** Rows at the target that the backup has not: they stay. */
  readonly further: number;
}

/** A table that this role may not write, and that the backup has rows of. */
export interface Unwritable {
  readonly table: string;
  readonly rows: number;
}

/** What stands in the way of rows, and what has to be known of them. */
export interface Foreseen {
  readonly tables: readonly PlatformRowsForeseen[];
  /** Sentences, each naming a table and what of it: nothing is done while there are any. */
  readonly refusals: readonly string[];
  readonly unwritable: readonly Unwritable[];
  /** Tables of jobs that may come back under other numbers. */
  readonly numberedAnew: ReadonlySet<string>;
  /** Sentences about what is otherwise than in the backup. */
  readonly notes: readonly string[];
}

/**
 * Holds the backup's rows against the target's before anything is written. Nothing is changed.
 *
 * @param defaults of columns that the target lacks, as text: what a column holds by default is no loss
 * @param comes whether a table that is not there is made by the restore with its extension, or left out with it
 */
export async function foreseeStaged(
  session: DatabaseSession, staged: readonly Staged[], defaults: (staged: Staged, column: string) => string | undefined,
  comes: (staged: Staged) => boolean,
): Promise<Foreseen> {
  const tables: PlatformRowsForeseen[] = [];
  const refusals: string[] = [];
  const notes: string[] = [];
  const unwritable: Unwritable[] = [];
  const numberedAnew = new Set<string>();
  for (const one of staged) {
    const backup = await count(session, `SELECT count(*) AS n FROM ${one.temporary}`);
    if (one.kind === "job" && (await numbersAnew(session, one))) numberedAnew.add(one.title);
    if (one.isText && isFitting(one)) {
      tables.push({ table: one.title, kind: one.kind, backup, target: 0, new: 0, changed: 0, further: 0 });
      refusals.push(...(await untaken(session, one)));
      continue;
    }
    if (one.kind === "job") {
      const target = isFitting(one) ? await count(session, `SELECT count(*) AS n FROM ${tableSql(one)}`) : 0;
      tables.push({ table: one.title, kind: one.kind, backup, target, new: backup, changed: 0, further: target });
      if (!isFitting(one) && backup > 0) notes.push(`pg_cron is not enabled in the project: it is enabled where the role may, and else ${quantity(backup, "job")} of the backup ${backup === 1 ? "stays" : "stay"} behind`);
      if (isFitting(one)) notes.push(...(await jobsOfOthers(session, one)).map((job) => `${one.title}: ${job}`));
      continue;
    }
    if (!isFitting(one)) {
      const isToCome = comes(one);
      tables.push({ table: one.title, kind: one.kind, backup, target: 0, new: isToCome ? backup : 0, changed: 0, further: 0 });
      if (isToCome || backup === 0) continue;
      if (one.derived) notes.push(`the target has no table ${one.title}, whose rows follow from others: ${rows(backup)} of it stay behind`);
      else refusals.push(`the target has no table ${one.title}, and the backup has ${rows(backup)} of it`);
      continue;
    }
    tables.push(await countRows(session, one, backup));
    if (backup > 0 && !(await mayWrite(session, one))) {
      unwritable.push({ table: one.title, rows: backup });
      continue;
    }
    const skew = await lookAtColumns(session, one, backup, defaults);
    refusals.push(...skew.refusals, ...(await collisions(session, one)), ...(await orphans(session, one, staged)), ...(await unchecked(session, one)));
    notes.push(...skew.notes, ...unseenRules(one, backup));
  }
  return { tables, refusals, unwritable, numberedAnew, notes };
}

async function mayWrite(session: DatabaseSession, one: Fitting): Promise<boolean> {
  const [row] = await session.query<{ may: boolean }>(
    "SELECT has_table_privilege($1::regclass, 'INSERT') AND has_table_privilege($1::regclass, 'UPDATE') AS may", [tableSql(one)],
  );
  return row!.may;
}

async function countRows(session: DatabaseSession, one: Fitting, backup: number): Promise<PlatformRowsForeseen> {
  const target = await count(session, `SELECT count(*) AS n FROM ${tableSql(one)}`);
  const about = { table: one.title, kind: one.kind, backup, target };
  const key = keyColumns(one);
  const [row] = await session.query<{ same: string; changed: string }>(key === undefined
    ? `SELECT coalesce(sum(least(s.n, t.n)), 0) AS same, 0 AS changed
         FROM ${rowCounts(one, one.temporary)} s JOIN ${rowCounts(one, tableSql(one))} t ON t."row" = s."row"`
    : `SELECT count(*) AS same, count(*) FILTER (WHERE ${differs(one)}) AS changed
         FROM ${one.temporary} s JOIN ${tableSql(one)} t ON ${sameKey(key)}`);
  const same = Number(row!.same);
  return { ...about, new: backup - same, changed: Number(row!.changed), further: target - same };
}

/** The two versions of the platform need not have the same columns. */
async function lookAtColumns(
  session: DatabaseSession, one: Fitting, backup: number, defaults: (staged: Staged, column: string) => string | undefined,
): Promise<Pick<Foreseen, "refusals" | "notes">> {
  const refusals: string[] = [];
  const notes: string[] = [];
  const here = new Map(one.shape.columns.map((column) => [column.name, column]));
  for (const name of one.columns) {
    const column = here.get(name);
    if (column !== undefined && !column.generated) continue;
    if (column?.generated === true) {
      notes.push(`column ${one.title}.${name} is computed at the target; its values in the backup are left out`);
      continue;
    }
    if (one.computed.has(name)) {
      notes.push(`column ${one.title}.${name} is computed by the platform, and the target's version has no such column; its values in the backup are left out`);
      continue;
    }
    const common = defaults(one, name);
    const holding = await count(session, `SELECT count(*) AS n FROM ${one.temporary} WHERE ${quoteIdentifier(name)} IS NOT NULL AND ${quoteIdentifier(name)} IS DISTINCT FROM $1`, [common ?? null]);
    if (holding > 0) refusals.push(`the target has no column ${one.title}.${name}, and ${rows(holding)} of the backup ${holding === 1 ? "has" : "have"} a value in it`);
    else notes.push(`column ${one.title}.${name} is not at the target and left out: no row has anything but ${common === undefined ? "NULL" : "its default"} in it`);
  }
  const brought = new Set(one.columns);
  for (const column of one.shape.columns) {
    if (brought.has(column.name) || column.generated) continue;
    if (column.demanded && backup > 0) refusals.push(`column ${one.title}.${column.name} of the target must have a value, has no default, and is not in the backup`);
    else if (backup > 0) notes.push(`column ${one.title}.${column.name} is not in the backup and gets the target's default`);
  }
  return { refusals, notes };
}

/** Rows that stay at the target and that a row of the backup cannot stand beside: the same e-mail under another id. */
async function collisions(session: DatabaseSession, one: Fitting): Promise<string[]> {
  const key = keyColumns(one);
  if (key === undefined) return [];
  const found: string[] = [];
  for (const rule of heldRules(one)) {
    const { name, where, reads } = rule;
    const values = uniqueValues(rule);
    const same = reads.filter((column) => !key.includes(column)).join(", ");
    const colliding = await count(session,
      `SELECT count(*) AS n FROM (SELECT ${values} FROM ${one.temporary} WHERE ${where}) s
         JOIN (SELECT ${values}, ${key.map(quoteIdentifier).join(", ")} FROM ${tableSql(one)} WHERE ${where}) t ON ${alike(rule)}
        WHERE NOT EXISTS (SELECT FROM ${one.temporary} o WHERE ${sameKey(key, "o", "t")})`);
    if (colliding > 0) {
      found.push(`${rows(colliding)} of ${one.title} in the backup collide with rows at the target that have another ${key.join(", ")} (${name}: the same ${same})`);
    }
    const given = rule.nullsAlike ? "" : `HAVING ${rule.keys.map((_, index) => `k${index} IS NOT NULL`).join(" AND ")}`;
    const group = rule.keys.map((_, index) => `k${index}`).join(", ");
    const doubled = await count(session,
      `SELECT coalesce(sum(n), 0) AS n FROM (SELECT count(*) AS n FROM (SELECT ${values} FROM ${one.temporary} WHERE ${where}) s
        GROUP BY ${group} ${given}) AS found WHERE n > 1`);
    if (doubled > 0) {
      found.push(`${rows(doubled)} of ${one.title} in the backup are alike by a rule of the target that the source did ` +
        `not hold (${name}: the same ${same}): ${doubledRowsRemedy(one.title, name)}`);
    }
  }
  return found;
}

/** To ask what an index of the user's makes of a row would be to run his functions. */
function unseenRules({ title, shape }: Fitting, backup: number): string[] {
  const unseen = backup === 0 ? [] : shape.uniques.filter(({ primary, builtin }) => !primary && !builtin);
  return unseen.map(({ name }) => `index ${name} of ${title} calls functions that are not the server's own, so that it was not asked whether rows collide by it`);
}

/** Rows that are to be written and that a check of the target's refuses. One that calls what people wrote is not asked, nor one of columns that the backup has not. */
async function unchecked(session: DatabaseSession, one: Fitting): Promise<string[]> {
  const common = new Set(commonColumns(one));
  const key = keyColumns(one);
  const there = key === undefined ? "false" : `EXISTS (SELECT FROM ${tableSql(one)} t WHERE ${sameKey(key)} AND NOT ${differs(one)})`;
  const found: string[] = [];
  for (const { name, condition } of one.shape.checks.filter(({ builtin, reads }) => builtin && reads.every((column) => common.has(column)))) {
    let broken = 0;
    // What cannot be evaluated for a row shows when it is written, with the check's name.
    await refusal(session, async () => {
      broken = await count(session, `SELECT count(*) AS n FROM (SELECT * FROM ${one.temporary} WHERE (${condition}) IS FALSE) s WHERE NOT ${there}`);
    }, "database.query", "database.permission");
    if (broken > 0) found.push(`${rows(broken)} of ${one.title} in the backup ${broken === 1 ? "breaks" : "break"} a check that the target has (${name}): ${brokenCheckRemedy(one.title, name)}`);
  }
  return found;
}

/** Rows that refer to rows which neither side has; the keys are switched off while rows are written. */
async function orphans(session: DatabaseSession, one: Fitting, staged: readonly Staged[]): Promise<string[]> {
  const common = new Set(commonColumns(one));
  const found: string[] = [];
  for (const { name, columns, parent, parentColumns } of one.shape.references) {
    if (!columns.every((column) => common.has(column))) continue;
    // What is said of these rows already ends the restore.
    if (staged.some((other) => other.isText && other.schema === parent[0] && other.name === parent[1])) continue;
    const given = columns.map((column) => `s.${quoteIdentifier(column)} IS NOT NULL`).join(" AND ");
    const match = columns.map((column, index) => `p.${quoteIdentifier(parentColumns[index]!)} = s.${quoteIdentifier(column)}`).join(" AND ");
    const brought = staged.find((other) => other.schema === parent[0] && other.name === parent[1]);
    const inBackup = brought !== undefined && parentColumns.every((column) => brought.columns.includes(column))
      ? `AND NOT EXISTS (SELECT FROM ${brought.temporary} p WHERE ${match})` : "";
    const lost = await count(session,
      `SELECT count(*) AS n FROM ${one.temporary} s WHERE ${given} AND NOT EXISTS (SELECT FROM ${tableSql({ schema: parent[0], name: parent[1] })} p WHERE ${match}) ${inBackup}`);
    if (lost > 0) found.push(`${rows(lost)} of ${one.title} in the backup ${lost === 1 ? "refers" : "refer"} to rows of ${parent.join(".")} that neither the backup brings nor the target has (${name}): ${brokenKeyRemedy(one.title, name)}`);
  }
  return found;
}

async function count(session: DatabaseSession, sql: string, values?: readonly unknown[]): Promise<number> {
  const [row] = await session.query<{ n: string }>(sql, values);
  return Number(row!.n);
}

function rows(n: number): string {
  return n === 1 ? "1 row" : `${n} rows`;
}
