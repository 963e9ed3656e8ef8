import { createDatabaseLike } from "../archive/create-database.ts";
import { loadSet, readContents, type LoadContext } from "../archive/load.ts";
import { refreshMaterializedViews } from "../archive/refresh.ts";
import { preparePublicSchema } from "../archive/public-schema.ts";
import { createNeededExtensions, withoutSchemas } from "../content/needed-extensions.ts";
import type { Database } from "../ports/database.ts";
import type { LoadProblem, TocEntry } from "../ports/dump-tools.ts";
import type { Ports } from "../ports/ports.ts";
import { clearScope } from "./clear.ts";
import type { RestorePlan } from "./plan.ts";
import { chosen, loadContext } from "./load-context.ts";
import { pourRows } from "./rows-in-place.ts";

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
    await clearScope(session, scope, content.extensions.map((extension) => extension.name), ports.log);
  }
  return await pourWhole(plan, request.target, ports);
}

/** Large objects are rows, but a full archive makes them, empty, together with the schema. */
function withoutLargeObjects(entries: readonly TocEntry[]): readonly TocEntry[] {
  return entries.filter(({ type, rest }) => !/^(?:BLOBS?|BLOB METADATA|BLOB COMMENTS|LARGE OBJECT)$/.test(type) && !/^- LARGE OBJECTS? /.test(rest));
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
