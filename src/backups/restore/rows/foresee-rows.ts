import { HoldfastError, type ErrorCode } from "../../../kernel/errors.ts";
import { readContents } from "../../copy/artifacts/load.ts";
import { qualifiedName } from "../../../postgres/quoting.ts";
import { isRetyped } from "../../../nouns/content/rows/column-types.ts";
import { displayName } from "../../../postgres/display-name.ts";
import type { TableRecord } from "../../../nouns/content/record.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import type { RestorePorts } from "../request/ports.ts";
import { requireFree, requireSettable, sequencesToSet } from "./live-sequences.ts";
import { readLiveTables, type LiveTable } from "./live-tables.ts";
import { chosen, loadContext } from "../chosen/load-context.ts";
import type { RowsPlan } from "./rows-plan.ts";
import { Refusals } from "../care/refusals.ts";
import { requireLargeObjects } from "./large-objects.ts";
import { readSetAside } from "./set-aside.ts";

/** What a load of rows onto live tables starts from. */
export interface RowsForeseen {
  /** Named tables that the target lacks; they are made first. */
  readonly missing: readonly TableRecord[];
  /** Things the person should know first. */
  readonly warnings: readonly string[];
}

/**
 * Finds what would stop a load of rows onto live tables, before anything is touched. What only shows while
 * loading (a row that breaks a constraint of the target's) is undone with the whole transaction.
 *
 * @throws database.lacks, database.permission, database.row-security, refused.outside-scope: the first that
 * is found, unless `refusals` takes them
 */
export async function foreseeRows(
  plan: RowsPlan,
  ports: RestorePorts,
  refusals = new Refusals(),
): Promise<RowsForeseen> {
  const { request, tables } = plan;
  await using session = await request.target.connect({
    purpose: "restore plan",
    settings: { row_security: "off" },
  });
  const live = await readLiveTables(session, tables);
  const missing = tables.filter(
    ({ schema, name }) => !live.some((one) => one.schema === schema && one.name === name),
  );
  const ask = (question: () => Promise<void> | void): Promise<void> =>
    refusals.ask(question, REFUSES, session.lost);
  await ask(() => requirePresent(plan, missing));
  await ask(() => requireWholeTrees(plan));
  for (const table of live) await ask(() => requireFillable(table));
  await ask(() => requireUndivided(tables, live));
  const columns = backupColumns(Object.keys(plan.backup.manifest.content.objects.column ?? {}));
  for (const table of live) await ask(() => requireColumns(columns, table));
  await ask(() => requireSetAside(session, live));
  await ask(() => requireSequences(session, plan, missing));
  const [first] = plan.set.phases;
  if (first && request.tables.length === 0) {
    const context = await loadContext(plan, request.target, ports);
    const contents = await readContents(context, first.artifact);
    await ask(() => requireLargeObjects(session, chosen(plan, (entries) => entries)(contents)));
  }
  return { missing, warnings: retypedWarnings(plan, live) };
}

const REFUSES: readonly ErrorCode[] = [
  "database.lacks",
  "database.permission",
  "database.row-security",
  "refused.outside-scope",
];

function requirePresent({ request }: RowsPlan, [missing]: readonly TableRecord[]): void {
  if (missing === undefined || (request.part !== "data" && request.tables.length > 0)) return;
  const table = `${missing.schema}.${missing.name}`;
  throw new HoldfastError("database.lacks", `the target has no table ${table} to put rows into`, {
    hint:
      "Restore the schema first (--what schema), or name the table without --what data to have it made. " +
      "Nothing was touched.",
  });
}

async function requireSequences(
  session: DatabaseSession,
  { request, backup, tables }: RowsPlan,
  missing: readonly TableRecord[],
): Promise<void> {
  const present =
    request.tables.length === 0 ? undefined : tables.filter((table) => !missing.includes(table));
  await requireSettable(session, sequencesToSet(backup.manifest.content, present));
  await requireFree(session, missing);
}

function requireFillable(table: LiveTable): void {
  const { sql, kind } = table;
  if (kind === "other") {
    throw new HoldfastError(
      "database.lacks",
      `${sql} is no table at the target, so no rows can be put into it`,
      {
        hint:
          "Give it another name, or restore the whole backup into an empty database. " +
          "Nothing was touched.",
      },
    );
  }
  if (kind === "table" && !table.fillable) {
    throw new HoldfastError("database.permission", `the role may not replace the rows of ${sql}`, {
      hint: `Use the role that owns ${sql}, or a superuser. Nothing was touched.`,
    });
  }
  if (table.hidesRows) {
    throw new HoldfastError(
      "database.row-security",
      `row-level security of ${sql} would act on the rows, so they could be neither replaced nor compared`,
      {
        hint:
          `Use the role that owns ${sql} (unless row-level security is forced), a role with BYPASSRLS, ` +
          "or a superuser. Nothing was touched.",
      },
    );
  }
}

/** Rows that are dumped through the top of their tree may land in any of its partitions. */
function requireWholeTrees({ backup, tables }: RowsPlan): void {
  const named = new Set(tables.map(displayName));
  for (const { tree } of tables) {
    if (tree === undefined) continue;
    const all = backup.manifest.content.tables.filter(
      (one) => one.tree !== undefined && displayName(one.tree) === displayName(tree),
    );
    const absent = all.map(displayName).filter((name) => !named.has(name));
    if (absent.length === 0) continue;
    const top = qualifiedName(tree.schema, tree.name);
    const problem = `the archive puts rows into ${top}, and not all of its partitions are to be filled`;
    throw new HoldfastError("refused.outside-scope", problem, {
      hint: `Name all of its partitions together, ${absent.join(", ")} too. Nothing was changed.`,
    });
  }
}

/**
 * A table that has been divided since: which of its partitions each row belongs to is the target's to say,
 * and those are others.
 */
function requireUndivided(tables: readonly TableRecord[], live: readonly LiveTable[]): void {
  const divided = live.find(
    ({ schema, name, kind }) =>
      kind === "partitioned" &&
      tables.some((table) => table.schema === schema && table.name === name && table.kind === "table"),
  );
  if (divided === undefined) return;
  throw new HoldfastError(
    "database.lacks",
    `${divided.sql} is partitioned at the target and was not at the source`,
    {
      hint:
        "Restore the whole backup into an empty database and INSERT the rows from there, " +
        "or rename the target's table to have the backup's made. Nothing was touched.",
    },
  );
}

async function requireSetAside(session: DatabaseSession, live: readonly LiveTable[]): Promise<void> {
  const stuck = (await readSetAside(session, live)).find((one) => one.obstacle !== null);
  if (stuck === undefined) return;
  throw new HoldfastError(
    "database.permission",
    `${stuck.what} would act on the rows to be put in, and cannot be set aside: ${stuck.obstacle}`,
    {
      hint:
        "Use the role that owns the tables on both sides, or a superuser; " +
        "or restore the whole backup into an empty database. Nothing was touched.",
    },
  );
}

/**
 * By the names the manifest has of the backup's columns; tables of extensions have none there and are left to
 * the load itself.
 */
function requireColumns(columns: ReadonlyMap<string, ReadonlySet<string>>, table: LiveTable): void {
  const there = columns.get(table.sql) ?? new Set<string>();
  if (there.size === 0 || table.kind !== "table") return;
  const here = new Set(table.columns.map((column) => column.quoted));
  const gone = [...there].find((column) => !here.has(column));
  const added = table.columns.find((column) => column.required && !there.has(column.quoted));
  if (gone === undefined && added === undefined) return;
  const problem =
    gone === undefined
      ? `column ${added?.quoted} needs a value that the backup does not have`
      : `there is no column ${gone}, which the backup has values for`;
  throw new HoldfastError(
    "database.lacks",
    `the target's table ${table.sql} has changed since the backup: ${problem}`,
    {
      hint:
        "Change the table (a column that may be empty or has a default does no harm), or restore the whole " +
        "backup. Nothing was touched.",
    },
  );
}

/**
 * Values that do not fit the new type stop the load, and nothing is changed; but this can be known before.
 */
function retypedWarnings({ backup }: RowsPlan, live: readonly LiveTable[]): string[] {
  const recorded = backup.manifest.content.objects.column ?? {};
  if (backup.manifest.content.digests !== 2) return [];
  return live
    .filter((table) => table.kind === "table")
    .flatMap((table) => {
      const others = table.columns.filter(({ quoted, type }) =>
        isRetyped(recorded[`${table.sql}.${quoted}`] ?? "", type),
      );
      return others.map(
        ({ quoted, type }) =>
          `column ${table.sql}.${quoted} is ${type} at the target and was of another type at the source: ` +
          "values that are none of it would be refused, and only whole numbers can be compared",
      );
    });
}

/** Table → its columns, all of them quoted as in SQL. */
function backupColumns(identities: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const identity of identities) {
    const match = /^(.*)\.("(?:[^"]|"")+"|[^".]+)$/s.exec(identity);
    if (!match) continue;
    const [, table, column] = match as unknown as [string, string, string];
    found.set(table, (found.get(table) ?? new Set()).add(column));
  }
  return found;
}
