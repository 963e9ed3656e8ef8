import { quantity } from "../../../../kernel/quantity.ts";
import { quoteIdentifier } from "../../../../postgres/quoting.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import { count, rows } from "./count-rows.ts";
import { collisions, orphans, unchecked, unseenRules } from "./held-by-rules.ts";
import { jobsOfOthers, numbersAnew } from "./jobs.ts";
import {
  differs,
  isFitting,
  keyColumns,
  rowCounts,
  sameKey,
  tableSql,
  type Fitting,
  type Staged,
} from "./staged.ts";
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
 * @param comes whether a table that is not there is made by the restore with its extension, or left
 *   out with it
 */
export async function foreseeStaged(
  session: DatabaseSession,
  staged: readonly Staged[],
  defaults: (staged: Staged, column: string) => string | undefined,
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
      tables.push({
        table: one.title,
        kind: one.kind,
        backup,
        target,
        new: backup,
        changed: 0,
        further: target,
      });
      if (!isFitting(one) && backup > 0) {
        notes.push(
          "pg_cron is not enabled in the project: it is enabled where the role may, and else " +
            `${quantity(backup, "job")} of the backup ${backup === 1 ? "stays" : "stay"} behind`,
        );
      }
      if (isFitting(one)) {
        notes.push(...(await jobsOfOthers(session, one)).map((job) => `${one.title}: ${job}`));
      }
      continue;
    }
    if (!isFitting(one)) {
      const isToCome = comes(one);
      tables.push({
        table: one.title,
        kind: one.kind,
        backup,
        target: 0,
        new: isToCome ? backup : 0,
        changed: 0,
        further: 0,
      });
      if (isToCome || backup === 0) continue;
      if (one.derived) {
        notes.push(
          `the target has no table ${one.title}, whose rows follow from others: ` +
            `${rows(backup)} of it stay behind`,
        );
      } else refusals.push(`the target has no table ${one.title}, and the backup has ${rows(backup)} of it`);
      continue;
    }
    tables.push(await countRows(session, one, backup));
    if (backup > 0 && !(await mayWrite(session, one))) {
      unwritable.push({ table: one.title, rows: backup });
      continue;
    }
    const skew = await lookAtColumns(session, one, backup, defaults);
    refusals.push(
      ...skew.refusals,
      ...(await collisions(session, one)),
      ...(await orphans(session, one, staged)),
      ...(await unchecked(session, one)),
    );
    notes.push(...skew.notes, ...unseenRules(one, backup));
  }
  return { tables, refusals, unwritable, numberedAnew, notes };
}

async function mayWrite(session: DatabaseSession, one: Fitting): Promise<boolean> {
  const [row] = await session.query<{ may: boolean }>(
    `
      SELECT has_table_privilege($1::regclass, 'INSERT')
               AND has_table_privilege($1::regclass, 'UPDATE') AS may
    `,
    [tableSql(one)],
  );
  return row!.may;
}

async function countRows(
  session: DatabaseSession,
  one: Fitting,
  backup: number,
): Promise<PlatformRowsForeseen> {
  const target = await count(session, `SELECT count(*) AS n FROM ${tableSql(one)}`);
  const about = { table: one.title, kind: one.kind, backup, target };
  const key = keyColumns(one);
  const [row] = await session.query<{ same: string; changed: string }>(
    key === undefined
      ? `
        SELECT coalesce(sum(least(s.n, t.n)), 0) AS same, 0 AS changed
          FROM ${rowCounts(one, one.temporary)} s JOIN ${rowCounts(one, tableSql(one))} t ON t."row" = s."row"
      `
      : `
        SELECT count(*) AS same, count(*) FILTER (WHERE ${differs(one)}) AS changed
          FROM ${one.temporary} s JOIN ${tableSql(one)} t ON ${sameKey(key)}
      `,
  );
  const same = Number(row!.same);
  return { ...about, new: backup - same, changed: Number(row!.changed), further: target - same };
}

/** The two versions of the platform need not have the same columns. */
async function lookAtColumns(
  session: DatabaseSession,
  one: Fitting,
  backup: number,
  defaults: (staged: Staged, column: string) => string | undefined,
): Promise<Pick<Foreseen, "refusals" | "notes">> {
  const refusals: string[] = [];
  const notes: string[] = [];
  const here = new Map(one.shape.columns.map((column) => [column.name, column]));
  for (const name of one.columns) {
    const column = here.get(name);
    if (column !== undefined && !column.generated) continue;
    if (column?.generated === true) {
      notes.push(
        `column ${one.title}.${name} is computed at the target; its values in the backup are left out`,
      );
      continue;
    }
    if (one.computed.has(name)) {
      notes.push(
        `column ${one.title}.${name} is computed by the platform, and the target's version has no such ` +
          "column; its values in the backup are left out",
      );
      continue;
    }
    const common = defaults(one, name);
    const holding = await count(
      session,
      `
        SELECT count(*) AS n
          FROM ${one.temporary}
         WHERE ${quoteIdentifier(name)} IS NOT NULL AND ${quoteIdentifier(name)} IS DISTINCT FROM $1
      `,
      [common ?? null],
    );
    if (holding > 0) {
      refusals.push(
        `the target has no column ${one.title}.${name}, and ${rows(holding)} of the backup ` +
          `${holding === 1 ? "has" : "have"} a value in it`,
      );
    } else {
      notes.push(
        `column ${one.title}.${name} is not at the target and left out: ` +
          `no row has anything but ${common === undefined ? "NULL" : "its default"} in it`,
      );
    }
  }
  const brought = new Set(one.columns);
  for (const column of one.shape.columns) {
    if (brought.has(column.name) || column.generated) continue;
    if (column.demanded && backup > 0) {
      refusals.push(
        `column ${one.title}.${column.name} of the target must have a value, has no default, ` +
          "and is not in the backup",
      );
    } else if (backup > 0) {
      notes.push(`column ${one.title}.${column.name} is not in the backup and gets the target's default`);
    }
  }
  return { refusals, notes };
}
