import { HoldfastError } from "../kernel/errors.ts";
import { quantity } from "../kernel/quantity.ts";
import { qualifiedName } from "../kernel/sql.ts";
import { openArtifact } from "../archive/artifact.ts";
import type { Phase } from "../archive/artifact-set.ts";
import { interruptible } from "../archive/interruptible.ts";
import { loadSet, readContents, type LoadContext } from "../archive/load.ts";
import { refreshMaterializedViews } from "../archive/refresh.ts";
import { RowScript } from "../archive/row-script.ts";
import type { TableRecord } from "../content/record.ts";
import type { DatabaseSession } from "../ports/database.ts";
import type { LoadProblem, TocEntry } from "../ports/dump-tools.ts";
import type { Ports } from "../ports/ports.ts";
import { FILL_SETTINGS, fillTables } from "./fill-tables.ts";
import { foreseeRows } from "./foresee-rows.ts";
import { readLiveTables } from "./live-tables.ts";
import { chosen, loadContext } from "./load-context.ts";
import type { RestorePlan } from "./plan.ts";
import { attachEntries, tableEntries } from "./table-entries.ts";
import { Untouched } from "./untouched.ts";

/** The entries that are rows; everything else is definitions, which a live target has. */
const ROW_TYPES: ReadonlySet<string> = new Set(["TABLE DATA", "SEQUENCE SET", "BLOBS"]);

/**
 * Rows into tables that exist, all of them in one transaction; named tables that do not exist are made before and completed after it. Live tables are
 * at every moment as they were or as the backup has them.
 */
export async function pourRows(plan: RestorePlan, ports: Ports): Promise<readonly LoadProblem[]> {
  const { request, tables } = plan;
  // Again, because the plan may be some time old: a safety backup was made meanwhile.
  const { missing } = await foreseeRows(plan, ports).catch((error: unknown) => {
    throw new Untouched(error);
  });
  const context = await loadContext(plan, request.target, ports);
  await using session = await request.target.connect({ purpose: "restore", settings: FILL_SETTINGS });
  const problems: LoadProblem[] = [];
  try {
    if (missing.length > 0) {
      problems.push(...(await loadParts(plan, context, missing, "pre-data")));
      await requireMade(session, missing, problems);
    }
    const filled = tables.filter((table) => table.kind === "table").length;
    ports.log.stage(`replacing the rows of ${quantity(filled, "table")} in one transaction`);
    await fill(plan, session, context);
  } catch (error) {
    if (missing.length > 0) await dropMade(session, missing, ports);
    throw error;
  }
  if (missing.length > 0) {
    problems.push(...(await loadParts(plan, context, missing, "post-data")), ...(await attach(plan, context, missing)));
  }
  if (plan.set.needsRefresh && request.tables.length === 0) await refreshMaterializedViews(session, plan.backup.manifest.content);
  return problems;
}

/**
 * A table that could not be made cannot be filled, and why not says more than anything that fails because of it.
 *
 * @throws database.lacks with what pg_restore said first
 */
async function requireMade(session: DatabaseSession, made: readonly TableRecord[], problems: readonly LoadProblem[]): Promise<void> {
  const present = await readLiveTables(session, made);
  const absent = made.find(({ schema, name }) => !present.some((one) => one.schema === schema && one.name === name));
  if (absent === undefined) return;
  const why = problems[0]?.message ?? "pg_restore gave no reason";
  throw new HoldfastError("database.lacks", `table ${qualifiedName(absent.schema, absent.name)} could not be made: ${why}`, {
    hint: "Make what it needs at the target first (its schema, types and functions are not restored with --tables), then run again.",
  });
}

/** What belongs to the tables that are made, from the artifacts that hold definitions. */
async function loadParts(plan: RestorePlan, context: LoadContext, make: readonly TableRecord[], section: "pre-data" | "post-data"): Promise<readonly LoadProblem[]> {
  const phases = plan.set.phases.filter((phase) => has(phase, section)).map(({ artifact }): Phase => ({ artifact, sections: [section] }));
  return await loadSet({ ...plan.set, phases }, { ...context, select: chosen(plan, (entries) => tableEntries(entries, { make, fill: [] })) });
}

/** Partitions that were made are put where they were, after their rows and indexes. */
async function attach(plan: RestorePlan, context: LoadContext, made: readonly TableRecord[]): Promise<readonly LoadProblem[]> {
  const [first] = plan.set.phases;
  const entries = first === undefined ? [] : attachEntries(await readContents(context, first.artifact), made);
  if (entries.length === 0) return [];
  return await loadSet({ ...plan.set, phases: [{ artifact: first!.artifact }] }, { ...context, select: () => entries });
}

async function fill(plan: RestorePlan, session: DatabaseSession, context: LoadContext): Promise<void> {
  const { request, tables } = plan;
  const phase = plan.set.phases.find((one) => has(one, "data") && one.artifact.kind !== "schema");
  if (phase === undefined) return;
  const ofTables = (entries: readonly TocEntry[]): readonly TocEntry[] => (request.tables.length === 0 ? entries : tableEntries(entries, { make: [], fill: tables }));
  const entries = chosen(plan, ofTables)(await readContents(context, phase.artifact)).filter(({ type }) => ROW_TYPES.has(type));
  const progress = context.log.progress(`loading ${phase.artifact.kind}`, "bytes", phase.artifact.stored.size);
  const script = (): RowScript => {
    const store = interruptible(context.store, context.signal);
    const archive = openArtifact(store, phase.artifact, context.identities, (bytes) => progress.add(bytes));
    return new RowScript(context.tools.script({ tools: context.toolSet, archive, sections: ["data"], entries, signal: context.signal }));
  };
  try {
    await fillTables(session, { tables, script, signal: context.signal });
  } finally {
    progress.done();
  }
}

function has({ sections }: Phase, section: "pre-data" | "data" | "post-data"): boolean {
  return sections === undefined || sections.includes(section);
}

/** Tables made a moment ago, which nobody has used yet: left behind empty and without indexes they would pass for whole at the next try. */
async function dropMade(session: DatabaseSession, made: readonly TableRecord[], ports: Ports): Promise<void> {
  for (const { schema, name } of made) {
    try {
      await session.query(`DROP TABLE IF EXISTS ${qualifiedName(schema, name)}`);
    } catch (error) {
      ports.log.warn(`table ${schema}.${name} was made and not filled, and could not be removed again: ${(error as Error).message}; drop it by hand`);
    }
  }
}
