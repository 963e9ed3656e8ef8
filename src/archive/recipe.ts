import type { Manifest } from "../catalog/manifest.ts";
import type { Database } from "../ports/database.ts";
import type { LoadProblem, TocEntry } from "../ports/dump-tools.ts";
import type { ArtifactSet } from "./artifact-set.ts";
import { withoutExtensions, type UnavailableExtension } from "./extensions.ts";
import { loadPhase, loadPhases, readContents, type LoadContext, type LoadedPhase } from "./load.ts";
import { loadingSettings } from "./loading-settings.ts";
import { prepare, withoutSchemas, type Prepared } from "./prepare.ts";
import { withoutPublicSchema } from "./public-schema.ts";
import { ownSearchPath, refreshMaterializedViews } from "./refresh.ts";
import { settle } from "./settle.ts";

/** What goes into which database. */
export interface Recipe {
  readonly manifest: Manifest;
  readonly set: ArtifactSet;
  /** Empty; on its way to become what the source was. */
  readonly database: Database;
  readonly context: Omit<LoadContext, "address" | "select" | "settings">;
  /** Search path of the database whose place this one takes, for functions that count on it. */
  readonly searchPath?: string | undefined;
}

/** What came of it. */
export interface LoadedSet {
  /** What failed for good. */
  readonly problems: readonly LoadProblem[];
  /** What pg_restore warned of. */
  readonly warnings: readonly string[];
  /** Extensions that could not be made here: what belongs to them and what needs them is not there. */
  readonly unavailable: readonly UnavailableExtension[];
}

/**
 * Loads a set of artifacts into an empty database. There is no other way in which Holdfast does this: what a validation proves is what a restore does.
 *
 * 1. prepare: `public`, the extensions and their schemas (prepare.ts);
 * 2. load everything but what would act on its own;
 * 3. settle: what failed is tried again in order, until nothing more succeeds (settle.ts);
 * 4. refresh the materialized views (refresh.ts);
 * 5. finish: event triggers, which would have fired at all of the above.
 */
export async function loadIntoEmpty({ manifest, set, database, context, searchPath }: Recipe): Promise<LoadedSet> {
  const [first] = set.phases;
  const contents = first ? await readContents(context, first.artifact) : [];
  const prepared = await prepare(database, manifest, contents, context.noOwner === true);
  const usable = (entries: readonly TocEntry[]): readonly TocEntry[] => usableEntries(entries, prepared, manifest, set);
  const warnings: string[] = [];
  const into: LoadContext = {
    ...context, address: database.address, settings: await loadingSettings(database), onWarning: (text) => void warnings.push(text),
  };
  const loaded = await loadPhases(set, { ...into, select: (entries) => usable(entries).filter((entry) => !isLate(entry)) });
  const settled = await settle(loaded, into);
  const empty = set.hasRows ? await refresh(database, manifest, searchPath) : [];
  const finished = await settle(await finish(set, usable, into), into);
  return {
    problems: [...prepared.problems, ...[...settled, ...finished].flatMap(({ problems }) => problems), ...empty],
    warnings,
    unavailable: prepared.unavailable,
  };
}

function usableEntries(entries: readonly TocEntry[], prepared: Prepared, { content }: Manifest, set: ArtifactSet): readonly TocEntry[] {
  const wanted = set.hasRows ? entries : withoutLargeObjects(entries);
  return withoutPublicSchema(withoutSchemas(withoutExtensions(wanted, prepared.unavailable, content), prepared.standing));
}

/** Large objects are rows, but a full archive makes them, empty, together with the schema. */
function withoutLargeObjects(entries: readonly TocEntry[]): readonly TocEntry[] {
  const object = /^(?:BLOBS?|BLOB METADATA|BLOB COMMENTS|LARGE OBJECT)$/;
  return entries.filter(({ type, rest }) => !object.test(type) && !/^- LARGE OBJECTS? /.test(rest));
}

async function refresh(database: Database, { content }: Manifest, searchPath: string | undefined): Promise<readonly LoadProblem[]> {
  if (!content.tables.some((table) => table.kind === "matview" && table.populated === true)) return [];
  await using bare = await database.connect({ purpose: "restore", bare: true });
  const paths = [await ownSearchPath(bare), ...(searchPath === undefined ? [] : [searchPath])];
  await using session = await database.connect({ purpose: "restore" });
  return await refreshMaterializedViews(session, content, paths);
}

/** Event triggers, and what stands beside them. */
async function finish(
  set: ArtifactSet, usable: (entries: readonly TocEntry[]) => readonly TocEntry[], context: LoadContext,
): Promise<LoadedPhase[]> {
  if (!set.hasSchema) return [];
  const loaded: LoadedPhase[] = [];
  for (const phase of set.phases) {
    if (phase.sections !== undefined && !phase.sections.includes("post-data")) continue;
    const entries = usable(await readContents(context, phase.artifact)).filter(isOfEventTrigger);
    if (entries.length === 0) continue;
    loaded.push({ phase, entries, problems: await loadPhase(phase, entries, { ...context, jobs: 1 }) });
  }
  return loaded;
}

function isLate(entry: TocEntry): boolean {
  return entry.type === "MATERIALIZED VIEW DATA" || isOfEventTrigger(entry);
}

function isOfEventTrigger({ type, rest }: TocEntry): boolean {
  return type === "EVENT TRIGGER" || ((type === "COMMENT" || type === "SECURITY LABEL") && rest.startsWith("- EVENT TRIGGER "));
}
