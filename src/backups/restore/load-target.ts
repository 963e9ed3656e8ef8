import { createDatabaseLike } from "../copy/databases/create-database.ts";
import { loadIntoEmpty, type LoadedSet, type Recipe } from "../copy/loading/recipe.ts";
import type { Database } from "../../ports/database.ts";
import type { RestorePorts } from "./request/ports.ts";
import { clearScope } from "./clear/clear.ts";
import { loadContext } from "./chosen/load-context.ts";
import type { RestorePlan } from "./restore-plan.ts";
import { loadRowsInPlace } from "./rows/rows-in-place.ts";

/**
 * Loads the whole set (or its schema) into an empty database.
 *
 * @param on see {@link Recipe}
 */
export async function loadWhole(
  plan: RestorePlan,
  database: Database,
  ports: RestorePorts,
  on: Pick<Recipe, "onUnavailable" | "onChange"> = {},
): Promise<LoadedSet> {
  return await loadIntoEmpty({
    manifest: plan.backup.manifest,
    set: plan.set,
    database,
    context: await loadContext(plan, database, ports),
    searchPath: plan.target.searchPath,
    ...on,
  });
}

/**
 * Restores into the target itself. Emptying is one transaction of its own; between it and the end of loading
 * the target is incomplete, which is why the safety backup was made before.
 *
 * @param onChange called before the first thing that changes the target
 */
export async function loadInPlace(
  plan: RestorePlan,
  ports: RestorePorts,
  onChange: () => void,
): Promise<LoadedSet> {
  const { request, target } = plan;
  if (request.part === "data" || request.tables.length > 0) {
    return {
      ...(await loadRowsInPlace(plan, ports, onChange)),
      warnings: [],
      unavailable: target.unavailableExtensions,
    };
  }
  if (!plan.target.empty) {
    ports.log.stage(`emptying ${request.target.address.database}`);
    await using session = await request.target.connect({ purpose: "restore" });
    const { scope, content } = plan.backup.manifest;
    onChange();
    await clearScope(
      session,
      scope,
      content.extensions.map((extension) => extension.name),
      ports.log,
    );
  }
  return await loadWhole(plan, request.target, ports, { onChange });
}

/**
 * Makes an empty database beside the target, as the source's was; its locale falls back to the target's own
 * where the source's does not exist.
 *
 * @returns its address, and what is otherwise than at the source
 */
export async function createBeside(
  plan: RestorePlan,
  name: string,
): Promise<{ address: Database["address"]; note: string | undefined }> {
  const { target } = plan.request;
  await using session = await target.connect({ purpose: "restore" });
  const { collate, ctype } = plan.target.facts;
  const note = await createDatabaseLike(session, name, plan.backup.manifest.content, { collate, ctype });
  return { address: { ...target.address, database: name }, note };
}
