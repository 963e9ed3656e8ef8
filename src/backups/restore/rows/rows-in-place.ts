import { HoldfastError } from "../../../kernel/errors.ts";
import { quantity } from "../../../kernel/quantity.ts";
import { openArtifact } from "../../copy/artifacts/artifact.ts";
import type { LoadPhase } from "../../copy/artifacts/artifact-set.ts";
import { interruptible } from "../../copy/artifacts/interruptible.ts";
import { loadPhase, loadSet, readContents, type LoadContext } from "../../copy/artifacts/load.ts";
import { refreshMaterializedViews } from "../../copy/loading/refresh.ts";
import { rightsProblems, type ListedProblem } from "../../copy/loading/listed-problem.ts";
import type { LoadedSet } from "../../copy/loading/recipe.ts";
import { giveLeft } from "../../copy/rights/give-left.ts";
import type { RefusedRights } from "../../copy/rights/give-singly.ts";
import { isOfRights } from "../../copy/artifacts/rounds.ts";
import { RowScript } from "../../copy/artifacts/row-script.ts";
import { settle } from "../../copy/loading/settle.ts";
import type { TableRecord } from "../../../nouns/content/record.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import type { LoadProblem, TocEntry } from "../../../ports/dump-tools.ts";
import type { RestorePorts } from "../request/ports.ts";
import { dropMade, nameLeft, tablesNotMade, requireMade } from "./being-made.ts";
import { hasDefaultPrivileges, takeDefaultsBack } from "../clear/default-privileges.ts";
import { FILL_SETTINGS, fillTables } from "./fill-tables.ts";
import { foreseeRows } from "./foresee-rows.ts";
import { chosen, loadContext } from "../chosen/load-context.ts";
import { quietRefresh } from "./quiet-refresh.ts";
import type { RowsPlan } from "./rows-plan.ts";
import { attachEntries, tableEntries } from "./table-entries.ts";
import { Untouched } from "../care/untouched.ts";

/** The entries that are rows; everything else is definitions, which a live target has. */
const ROW_TYPES: ReadonlySet<string> = new Set(["TABLE DATA", "SEQUENCE SET", "BLOBS"]);

/**
 * Rows into tables that exist, all of them in one transaction; named tables that do not exist are made before
 * and completed after it. Live tables are at every moment as they were or as the backup has them.
 *
 * @param onChange called before the first thing that changes the target
 * @returns what pg_restore went past, materialized views that stay empty, and rights that could not be given
 */
export async function loadRowsInPlace(
  plan: RowsPlan,
  ports: RestorePorts,
  onChange: () => void,
): Promise<LoadedInPlace> {
  const { request, tables } = plan;
  // Again, because the plan may be some time old: a safety backup was made meanwhile.
  const { missing } = await foreseeRows(plan, ports).catch((error: unknown) => {
    throw new Untouched(error);
  });
  const context = await loadContext(plan, request.target, ports);
  await using session = await request.target.connect({ purpose: "restore", settings: FILL_SETTINGS });
  if (missing.length > 0) onChange();
  const { problems, refusedRights }: LoadedInPlace =
    missing.length === 0 ? NOTHING : await make(plan, session, context, missing);
  const filled = tables.filter((table) => table.kind === "table").length;
  ports.log.stage(`replacing the rows of ${quantity(filled, "table")} in one transaction`);
  try {
    await fill(plan, session, context, onChange);
  } catch (error) {
    // Where it is not known whether the transaction was committed, they may hold the backup's rows.
    if (missing.length === 0 || !(error instanceof Untouched)) throw error;
    throw await unmake(plan, session, missing, error, ports.log);
  }
  const later = missing.length === 0 ? NOTHING : await loadParts(plan, context, missing, "post-data");
  const attaching = missing.length === 0 ? [] : await attach(plan, context, missing);
  const views =
    !plan.set.needsRefresh || request.tables.length > 0
      ? []
      : await refreshMaterializedViews(
          session,
          plan.backup.manifest.content,
          [plan.target.searchPath],
          await quietRefresh(session),
        );
  return {
    problems: [...problems, ...later.problems, ...attaching, ...views],
    refusedRights: [...refusedRights, ...later.refusedRights],
  };
}

/** What became of rows and the tables made for them. */
type LoadedInPlace = Pick<LoadedSet, "problems" | "refusedRights">;
const NOTHING: LoadedInPlace = { problems: [], refusedRights: [] };

/** Makes the tables that the target lacks, bare; all of them or none. */
async function make(
  plan: RowsPlan,
  session: DatabaseSession,
  context: LoadContext,
  missing: readonly TableRecord[],
): Promise<LoadedInPlace> {
  const bare = plan.request.noPrivileges ? false : await hasDefaultPrivileges(session);
  const load = (which: (entry: TocEntry) => boolean): Promise<LoadedInPlace> =>
    loadParts(plan, context, missing, "pre-data", which).catch(async (error: unknown) => {
      await nameLeft(session, missing, context.log);
      throw error;
    });
  // Rights come when the tables have no others: default privileges of the target act on what is made.
  const first = await load((entry) => !bare || !isOfRights(entry));
  const { problems } = first;
  const others = tablesNotMade(missing, await definitionContents(plan, context), problems);
  try {
    await requireMade(session, missing, others, problems);
    if (bare) await takeDefaultsBack(session, missing);
  } catch (error) {
    const ours = missing.filter((table) => !others.some((other) => other.table === table));
    throw (await dropMade(session, ours, context.log)) ? new Untouched(error) : error;
  }
  if (!bare) return first;
  const rights = await load(isOfRights);
  return { problems: [...problems, ...rights.problems], refusedRights: rights.refusedRights };
}

/** The contents of the archives from which tables are made. */
async function definitionContents(plan: RowsPlan, context: LoadContext): Promise<readonly TocEntry[]> {
  const phase = plan.set.phases.find((one) => has(one, "pre-data"));
  return phase === undefined ? [] : await readContents(context, phase.artifact);
}

/** Takes the made tables away again; the session that filled them may be the one that broke. */
async function unmake(
  plan: RowsPlan,
  session: DatabaseSession,
  made: readonly TableRecord[],
  error: Untouched,
  log: LoadContext["log"],
): Promise<Error> {
  if (!session.lost.aborted) return (await dropMade(session, made, log)) ? error : leftover(error);
  try {
    await using another = await plan.request.target.connect({ purpose: "restore" });
    return (await dropMade(another, made, log)) ? error : leftover(error);
  } catch (unreachable) {
    for (const { schema, name } of made) {
      log.warn(
        `table ${schema}.${name} was made and not filled: ${(unreachable as Error).message}; drop it by hand`,
      );
    }
    return leftover(error);
  }
}

/**
 * The rows are as they were, but not everything is: the failure itself, without the word that
 * nothing was changed.
 */
function leftover(error: Untouched): Error {
  return new HoldfastError(error.code, error.message, {
    hint: "Drop the tables that were made and could not be removed, then run again.",
    cause: error,
  });
}

/** What belongs to the tables that are made, from the artifacts that hold definitions. */
async function loadParts(
  plan: RowsPlan,
  context: LoadContext,
  make: readonly TableRecord[],
  section: "pre-data" | "post-data",
  which?: (entry: TocEntry) => boolean,
): Promise<LoadedInPlace> {
  const select = chosen(plan, (entries) => tableEntries(entries, { make, fill: [] }));
  const problems: ListedProblem[] = [];
  const refusedRights: RefusedRights[] = [];
  for (const { artifact } of plan.set.phases.filter((phase) => has(phase, section))) {
    const all = select(await readContents(context, artifact));
    const entries = which === undefined ? all : all.filter(which);
    // Rights have no section of their own: pg_restore counts them to that of the entry before, and in a list
    // of nothing else there is none.
    const phase: LoadPhase = entries.every(isOfRights) ? { artifact } : { artifact, sections: [section] };
    if (entries.length === 0) continue;
    const loaded = { phase, entries, problems: await loadPhase(phase, entries, context) };
    const given = await giveLeft(await settle([loaded], context), context, plan.request.target, {
      sourceMajor: plan.backup.manifest.content.serverMajor,
    });
    problems.push(...given.loaded.flatMap((one) => one.problems), ...rightsProblems(given.refused));
    refusedRights.push(...given.refused);
  }
  return { problems, refusedRights };
}

/** Partitions that were made are put where they were, after their rows and indexes. */
async function attach(
  plan: RowsPlan,
  context: LoadContext,
  made: readonly TableRecord[],
): Promise<readonly LoadProblem[]> {
  const [first] = plan.set.phases;
  const entries = first === undefined ? [] : attachEntries(await readContents(context, first.artifact), made);
  if (entries.length === 0) return [];
  // By one connection: two that attach the last two indexes of a table in the same moment leave its
  // index invalid.
  return await loadSet(
    { ...plan.set, phases: [{ artifact: first!.artifact }] },
    { ...context, jobs: 1, select: () => entries },
  );
}

async function fill(
  plan: RowsPlan,
  session: DatabaseSession,
  context: LoadContext,
  onChange: () => void,
): Promise<void> {
  const { request, tables } = plan;
  const phase = plan.set.phases.find((one) => has(one, "data") && one.artifact.kind !== "schema");
  if (phase === undefined) return;
  const ofTables = (entries: readonly TocEntry[]): readonly TocEntry[] =>
    request.tables.length === 0 ? entries : tableEntries(entries, { make: [], fill: tables });
  const entries = chosen(
    plan,
    ofTables,
  )(await readContents(context, phase.artifact)).filter(({ type }) => ROW_TYPES.has(type));
  const progress = context.log.progress(
    `loading ${phase.artifact.kind}`,
    "bytes",
    phase.artifact.stored.size,
  );
  const script = (): RowScript => {
    const store = interruptible(context.store, context.signal);
    const archive = openArtifact(store, phase.artifact, context.identities, (bytes) => progress.add(bytes));
    return new RowScript(
      context.tools.script({
        tools: context.toolSet,
        archive,
        sections: ["data"],
        entries,
        signal: context.signal,
      }),
    );
  };
  onChange();
  try {
    await fillTables(session, {
      tables,
      script,
      signal: context.signal,
      warn: (text) => context.log.warn(text),
    });
  } finally {
    progress.done();
  }
}

function has({ sections }: LoadPhase, section: "pre-data" | "data" | "post-data"): boolean {
  return sections === undefined || sections.includes(section);
}
