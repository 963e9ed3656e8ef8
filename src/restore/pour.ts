import { HoldfastError } from "../kernel/errors.ts";
import { quantity } from "../kernel/quantity.ts";
import { createDatabaseLike } from "../archive/create-database.ts";
import { withoutExtensions } from "../archive/extensions.ts";
import { loadSet, readContents, type LoadContext } from "../archive/load.ts";
import { refreshMaterializedViews } from "../archive/refresh.ts";
import { preparePublicSchema, withoutPublicSchema } from "../archive/public-schema.ts";
import { createNeededExtensions, withoutSchemas } from "../content/needed-extensions.ts";
import type { TableRecord } from "../content/record.ts";
import type { Database } from "../ports/database.ts";
import type { LoadProblem, TocEntry } from "../ports/dump-tools.ts";
import type { Ports } from "../ports/ports.ts";
import { clearScope } from "./clear.ts";
import type { RestorePlan } from "./plan.ts";
import { emptyLargeObjects, emptyTables, QUIET_TRIGGERS, requireLargeObjects, requireQuiet, tablesAt } from "./rows.ts";
import { attachEntries, tableEntries } from "./table-entries.ts";

/** Loads the whole set (or its schema) into an empty database. */
export async function pourWhole(plan: RestorePlan, database: Database, ports: Ports): Promise<readonly LoadProblem[]> {
  const context = await loadContext(plan, database, ports);
  const standing = await prepareSchemas(plan, context, database);
  const wanted = (entries: readonly TocEntry[]): readonly TocEntry[] => withoutSchemas(plan.set.hasRows ? entries : withoutLargeObjects(entries), standing);
  const problems = await loadSet(plan.set, { ...context, select: chosen(plan, wanted) });
  if (plan.set.needsRefresh) {
    await using session = await database.connect({ purpose: "restore" });
    await refreshMaterializedViews(session, plan.backup.manifest.content);
  }
  return problems;
}

/** Makes what the archive counts on; returns the schemas that stand now and that it must not make again. */
async function prepareSchemas(plan: RestorePlan, context: LoadContext, database: Database): Promise<readonly string[]> {
  const { manifest } = plan.backup;
  const [first] = plan.set.phases;
  if (!first) return [];
  const entries = await readContents(context, first.artifact);
  await using session = await database.connect({ purpose: "restore" });
  await preparePublicSchema(session, manifest, entries, plan.request.noOwner);
  const unavailable = new Set(plan.target.unavailableExtensions.map((extension) => extension.name));
  const available = manifest.content.extensions.filter((extension) => !unavailable.has(extension.name));
  return await createNeededExtensions(session, available, manifest.scope, entries, plan.request.noOwner);
}

/**
 * Restores into the target itself. Emptying is one transaction of its own; between it and the end of loading the target is incomplete, which is why the
 * safety backup was made before.
 */
export async function pourInPlace(plan: RestorePlan, ports: Ports): Promise<readonly LoadProblem[]> {
  const { request } = plan;
  if (request.part === "data" || request.tables.length > 0) return pourRows(plan, ports);
  if (!plan.target.empty) {
    ports.log.stage(`emptying ${request.target.address.database}`);
    await using session = await request.target.connect({ purpose: "restore" });
    const { scope, content } = plan.backup.manifest;
    await clearScope(session, scope, content.extensions.map((extension) => extension.name));
  }
  return await pourWhole(plan, request.target, ports);
}

/** Rows into tables that exist; named tables that do not exist are made first. */
async function pourRows(plan: RestorePlan, ports: Ports): Promise<readonly LoadProblem[]> {
  const { request, target, tables } = plan;
  const leaves = tables.filter((table) => table.kind === "table");
  await using session = await request.target.connect({ purpose: "restore" });
  const { present, filled } = await tablesAt(session, tables);
  const isPresent = (table: { schema: string; name: string }): boolean => present.some((one) => one.schema === table.schema && one.name === table.name);
  const missing = tables.filter((table) => !isPresent(table));
  if (missing.length > 0 && (request.part === "data" || request.tables.length === 0)) {
    throw new HoldfastError("database.lacks", `the target has no table ${missing[0]?.schema}.${missing[0]?.name} to put rows into`, {
      hint: "Restore the schema first (--what schema), or name the table without --what data to have it made. Nothing was touched.",
    });
  }
  await requireQuiet(session, leaves.filter(isPresent), target.canQuietTriggers);
  const context = await loadContext(plan, request.target, ports);
  const [first] = plan.set.phases;
  if (first && request.tables.length === 0) await requireLargeObjects(session, await readContents(context, first.artifact));
  if (filled.length > 0) ports.log.stage(`removing the rows of ${quantity(filled.length, "table")}`);
  await emptyTables(session, filled, target.canQuietTriggers);
  if (request.tables.length === 0) await emptyLargeObjects(session);
  const narrow = (entries: readonly TocEntry[]): readonly TocEntry[] =>
    request.tables.length === 0 ? entries : tableEntries(entries, { make: missing, fill: tables });
  const problems = await loadSet(plan.set, {
    ...context,
    select: chosen(plan, narrow),
    ...(target.canQuietTriggers ? { settings: QUIET_TRIGGERS } : {}),
  });
  if (request.tables.length > 0) return [...problems, ...(await attach(plan, context, missing))];
  if (plan.set.needsRefresh && request.tables.length === 0) await refreshMaterializedViews(session, plan.backup.manifest.content);
  return problems;
}

/** Partitions that were made are put where they were, after their rows and indexes. */
async function attach(plan: RestorePlan, context: LoadContext, made: readonly TableRecord[]): Promise<readonly LoadProblem[]> {
  const [first] = plan.set.phases;
  const entries = first === undefined || made.length === 0 ? [] : attachEntries(await readContents(context, first.artifact), made);
  return entries.length === 0 ? [] : await loadSet({ ...plan.set, phases: [{ artifact: first!.artifact }] }, { ...context, select: () => entries });
}

async function loadContext(plan: RestorePlan, database: Database, ports: Ports): Promise<LoadContext> {
  const { request } = plan;
  return {
    store: request.catalog.store,
    tools: await ports.dumpTools(),
    toolSet: plan.tools,
    disk: ports.disk,
    log: ports.log,
    identities: request.identities,
    address: database.address,
    jobs: request.jobs,
    signal: ports.cancelled,
    noOwner: request.noOwner,
    noPrivileges: request.noPrivileges,
  };
}

/** Large objects are rows, but a full archive makes them, empty, together with the schema. */
function withoutLargeObjects(entries: readonly TocEntry[]): readonly TocEntry[] {
  return entries.filter(({ type, rest }) => !/^(?:BLOBS?|BLOB METADATA|BLOB COMMENTS|LARGE OBJECT)$/.test(type) && !/^- LARGE OBJECTS? /.test(rest));
}

/** Entries of an archive minus the extensions that cannot be installed. */
function chosen(plan: RestorePlan, narrow: (entries: readonly TocEntry[]) => readonly TocEntry[]): (entries: readonly TocEntry[]) => readonly TocEntry[] {
  return (entries) => withoutPublicSchema(withoutExtensions(narrow(entries), plan.target.unavailableExtensions));
}

/**
 * Makes an empty database beside the target, as the source's was; its locale falls back to the target's own where the source's does not exist.
 *
 * @returns its address, and what is otherwise than at the source
 */
export async function createBeside(plan: RestorePlan, name: string): Promise<{ address: Database["address"]; note: string | undefined }> {
  const { target } = plan.request;
  await using session = await target.connect({ purpose: "restore" });
  const { collate, ctype } = plan.target.facts;
  const note = await createDatabaseLike(session, name, plan.backup.manifest.content, { collate, ctype });
  return { address: { ...target.address, database: name }, note };
}
