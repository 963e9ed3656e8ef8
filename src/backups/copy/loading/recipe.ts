import { isHoldfastError } from "../../../kernel/errors.ts";
import type { Manifest } from "../../../nouns/catalog/manifest.ts";
import { profileOf } from "../../../nouns/platform/profiles.ts";
import type { Database } from "../../../ports/database.ts";
import type { LoadProblem, TocEntry } from "../../../ports/dump-tools.ts";
import { withoutAlwaysTriggers } from "./always-triggers.ts";
import { Archives } from "../artifacts/archives.ts";
import type { ArtifactSet } from "../artifacts/artifact-set.ts";
import { everySchema } from "./every-schema.ts";
import { withoutComments, withoutExtensions, type UnavailableExtension } from "./extensions.ts";
import { lackingEntries } from "./lacking-entries.ts";
import { loadPhase, type LoadContext, type LoadedPhase } from "../artifacts/load.ts";
import { listedProblems, rightsProblems, type ListedProblem } from "./listed-problem.ts";
import { loadingSettings, WITHOUT_LIMIT } from "./loading-settings.ts";
import { prepare, withoutSchemas, type Prepared } from "./prepare.ts";
import { withoutPublicSchema } from "./public-schema.ts";
import { ownSearchPath, refreshMaterializedViews } from "./refresh.ts";
import { giveLeft } from "../rights/give-left.ts";
import type { RefusedRights } from "../rights/give-singly.ts";
import { attachingAlone, roundsOf } from "../artifacts/rounds.ts";
import { SetContents } from "../artifacts/set-contents.ts";
import { heirsToValidate, validateHeir } from "./validate-heirs.ts";
import { isOfRows, settle } from "./settle.ts";

/** What goes into which database. */
export interface Recipe {
  readonly manifest: Manifest;
  readonly set: ArtifactSet;
  /** Empty; on its way to become what the source was. */
  readonly database: Database;
  readonly context: Omit<LoadContext, "address" | "select" | "settings">;
  /** Search path of the database whose place this one takes, for functions that count on it. */
  readonly searchPath?: string | undefined;
  /** Told, before hours of loading, what cannot be had; may throw. */
  readonly onUnavailable?: (extensions: readonly UnavailableExtension[]) => void;
  /** Called before the first thing that changes the database. */
  readonly onChange?: () => void;
}

/** What came of it. */
export interface LoadedSet {
  /** What failed for good. */
  readonly problems: readonly ListedProblem[];
  /** What pg_restore warned of. */
  readonly warnings: readonly string[];
  /** Extensions that could not be made here: what belongs to them and what needs them is not there. */
  readonly unavailable: readonly UnavailableExtension[];
  /** Rights that could not be given; they are among the problems too. */
  readonly refusedRights: readonly RefusedRights[];
}

/**
 * Loads a set of artifacts into an empty database. There is no other way in which Holdfast does this: what a
 * validation proves is what a restore does.
 *
 * 1. prepare: `public`, the extensions and their schemas (prepare.ts);
 * 2. load everything but what would act on its own, in rounds (rounds.ts); each is settled before the next:
 *    what failed is tried again in order, until nothing more succeeds (settle.ts);
 * 3. settle once more, when everything stands;
 * 4. validate what heirs had validated and their parents had not (validate-heirs.ts);
 * 5. give right by right what could not be given as a whole list (../rights/give-left.ts);
 * 6. refresh the materialized views (refresh.ts);
 * 7. finish: event triggers, which would have fired at all of the above.
 */
export async function loadIntoEmpty(recipe: Recipe): Promise<LoadedSet> {
  const { manifest, set, database, context, searchPath, onUnavailable, onChange } = recipe;
  const archived = new SetContents(set, context);
  const contents = await archived.first();
  onChange?.();
  const prepared = await prepare(database, manifest, contents, context.noOwner === true);
  if (prepared.unavailable.length > 0) onUnavailable?.(prepared.unavailable);
  const usable: Select = (entries) => usableEntries(entries, prepared, manifest, set);
  const warnings: string[] = [];
  const onWarning = (text: string): void => void warnings.push(text);
  const settings = await loadingSettings(database);
  await using archives = new Archives(context.disk);
  const into: LoadContext = { ...context, address: database.address, settings, onWarning, archives };
  const early: Select = (entries) => usable(entries).filter((entry) => !isLate(entry));
  const settled = await settleLast(await loadRounds(set, archived, early, into), into, database);
  if (set.hasSchema) await validate(database, manifest, context);
  const given = await giveLeft(settled, into, database, {
    sourceMajor: manifest.content.serverMajor,
    platforms: manifest.platform === undefined ? [] : profileOf(manifest.platform.name).roles,
  });
  const empty = set.hasRows ? await refresh(database, manifest, searchPath) : [];
  const finished = await settle(await finish(set, archived, usable, into), into);
  const lacking = lackingEntries(contents, prepared.unavailable, manifest.content);
  const problems = [...listedProblems([...given.loaded, ...finished]), ...rightsProblems(given.refused)].map(
    (problem): ListedProblem => {
      const lacks = problem.listed === undefined ? [] : lacking(problem.listed);
      return lacks.length === 0 ? problem : { ...problem, lacks };
    },
  );
  return {
    problems: [...prepared.problems, ...problems, ...empty],
    warnings: [...new Set(warnings)],
    unavailable: prepared.unavailable,
    refusedRights: given.refused,
  };
}

async function loadRounds(
  set: ArtifactSet,
  archived: SetContents,
  select: Select,
  context: LoadContext,
): Promise<readonly LoadedPhase[]> {
  const rounds = await roundsOf(set, async ({ artifact }) => select(await archived.of(artifact)));
  const loaded: LoadedPhase[] = [];
  for (const round of rounds) {
    // Only an archive that lies on the disk is loaded by several connections.
    const isParallel = context.archives?.pathOf(round.phase.artifact) !== undefined;
    for (const { phase, entries, alone } of isParallel ? attachingAlone(round) : [round]) {
      context.signal.throwIfAborted();
      const problems = await loadPhase(phase, entries, alone === true ? { ...context, jobs: 1 } : context);
      loaded.push(...(await settle([{ phase, entries, problems }], context)));
    }
  }
  return loaded;
}

/**
 * Some things find what they need only now that everything is there (a value that names an index). Triggers
 * and keys stand too, and must not act on rows that come late, so rows are tried only where the role can keep
 * them from it. What was made meanwhile may help rows, and rows what is still to be made.
 *
 * https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-SESSION-REPLICATION-ROLE
 */
async function settleLast(
  loaded: readonly LoadedPhase[],
  context: LoadContext,
  database: Database,
): Promise<readonly LoadedPhase[]> {
  if (problemsOf(loaded).length === 0) return loaded;
  const quiet = { session_replication_role: "replica" };
  const canBeQuiet = await mayConnectWith(quiet, database);
  const quietly: LoadContext = { ...context, settings: { ...context.settings, ...quiet } };
  let now = loaded;
  let before: number;
  do {
    before = problemsOf(now).length;
    now = await settle(now, context, (problem) => !isOfRows(problem));
    const late = now;
    if (!canBeQuiet || !problemsOf(late).some(isOfRows)) return late;
    now = (await withoutAlwaysTriggers(database, () => settle(late, quietly, isOfRows))) ?? late;
  } while (problemsOf(now).length > 0 && problemsOf(now).length < before);
  return now;
}

async function mayConnectWith(
  settings: Readonly<Record<string, string>>,
  database: Database,
): Promise<boolean> {
  const session = await database.connect({ purpose: "restore", settings }).catch((error: unknown) => {
    if (isHoldfastError(error, "database.permission", "database.denied", "database.query")) return undefined;
    throw error;
  });
  await session?.close();
  return session !== undefined;
}

type Select = (entries: readonly TocEntry[]) => readonly TocEntry[];

function problemsOf(phases: readonly LoadedPhase[]): readonly LoadProblem[] {
  return phases.flatMap(({ problems }) => problems);
}

function usableEntries(
  entries: readonly TocEntry[],
  { unavailable, standing, othersExtensions }: Prepared,
  { content }: Manifest,
  set: ArtifactSet,
): readonly TocEntry[] {
  const wanted = set.hasRows ? entries : withoutLargeObjects(entries);
  return withoutComments(
    withoutPublicSchema(
      withoutSchemas(withoutExtensions(wanted, unavailable, content), standing, content),
      content,
    ),
    othersExtensions,
  );
}

/** Large objects are rows, but a full archive makes them, empty, together with the schema. */
function withoutLargeObjects(entries: readonly TocEntry[]): readonly TocEntry[] {
  const object = /^(?:BLOBS?|BLOB METADATA|BLOB COMMENTS|LARGE OBJECT)$/;
  return entries.filter(({ type, rest }) => !object.test(type) && !/^- LARGE OBJECTS? /.test(rest));
}

async function validate(
  database: Database,
  { content }: Manifest,
  { log }: Pick<LoadContext, "log">,
): Promise<void> {
  await using session = await database.connect({ purpose: "restore" });
  for (const heir of await heirsToValidate(session, content)) {
    // A transaction each: thousands of locks at once would fill the server's table of them.
    await session.query("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE NOT DEFERRABLE");
    await validateHeir(session, heir, log);
    await session.query("COMMIT");
  }
}

async function refresh(
  database: Database,
  { content }: Manifest,
  searchPath: string | undefined,
): Promise<readonly LoadProblem[]> {
  if (!content.tables.some((table) => table.kind === "matview" && table.populated === true)) return [];
  await using bare = await database.connect({ purpose: "restore", bare: true });
  await bare.query(WITHOUT_LIMIT);
  const paths = [await ownSearchPath(bare), searchPath, everySchema(content)].filter(
    (path) => path !== undefined,
  );
  await using session = await database.connect({ purpose: "restore" });
  return await refreshMaterializedViews(session, content, paths);
}

/** Event triggers, and what stands beside them. */
async function finish(
  set: ArtifactSet,
  archived: SetContents,
  usable: Select,
  context: LoadContext,
): Promise<LoadedPhase[]> {
  if (!set.hasSchema) return [];
  const loaded: LoadedPhase[] = [];
  for (const phase of set.phases) {
    if (phase.sections !== undefined && !phase.sections.includes("post-data")) continue;
    const entries = usable(await archived.of(phase.artifact)).filter(isOfEventTrigger);
    if (entries.length === 0) continue;
    loaded.push({ phase, entries, problems: await loadPhase(phase, entries, { ...context, jobs: 1 }) });
  }
  return loaded;
}

function isLate(entry: TocEntry): boolean {
  return entry.type === "MATERIALIZED VIEW DATA" || isOfEventTrigger(entry);
}

function isOfEventTrigger({ type, rest }: TocEntry): boolean {
  const isBeside = type === "COMMENT" || type === "SECURITY LABEL";
  return type === "EVENT TRIGGER" || (isBeside && rest.startsWith("- EVENT TRIGGER "));
}
