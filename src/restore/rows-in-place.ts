import { HoldfastError } from "../kernel/errors.ts";
import { quantity } from "../kernel/quantity.ts";
import { loadSet, readContents } from "../archive/load.ts";
import { refreshMaterializedViews } from "../archive/refresh.ts";
import type { LoadProblem, TocEntry } from "../ports/dump-tools.ts";
import type { Ports } from "../ports/ports.ts";
import { chosen, loadContext } from "./load-context.ts";
import type { RestorePlan } from "./plan.ts";
import { emptyLargeObjects, emptyTables, QUIET_TRIGGERS, requireLargeObjects, requireQuiet, tablesAt } from "./rows.ts";
import { tableEntries } from "./table-entries.ts";

/** Rows into tables that exist; named tables that do not exist are made first. */
export async function pourRows(plan: RestorePlan, ports: Ports): Promise<readonly LoadProblem[]> {
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
  if (plan.set.needsRefresh && request.tables.length === 0) await refreshMaterializedViews(session, plan.backup.manifest.content);
  return problems;
}
