import type { ArtifactRecord } from "../../../nouns/catalog/manifest.ts";
import type { BlobStore } from "../../../ports/blob-store.ts";
import type { DatabaseAddress } from "../../../ports/database.ts";
import type { Disk } from "../../../ports/disk.ts";
import type { DumpTools, LoadProblem, LoadRequest, TocEntry, ToolSet } from "../../../ports/dump-tools.ts";
import type { ByteStream } from "../../../kernel/streams.ts";
import type { Log, Progress } from "../../../ports/log.ts";
import { Archives } from "./archives.ts";
import { openArtifact } from "./artifact.ts";
import type { ArtifactSet, LoadPhase } from "./artifact-set.ts";
import { interruptible } from "./interruptible.ts";

/** What loading a set of artifacts into a database needs. */
export interface LoadContext {
  readonly store: BlobStore;
  readonly tools: DumpTools;
  readonly toolSet: ToolSet;
  readonly disk: Disk;
  readonly log: Log;
  readonly identities: readonly string[];
  readonly address: DatabaseAddress;
  /** Connections; more than one only where the plain archive fits on the disk. */
  readonly jobs: number;
  /**
   * The database grows on the disk the archive would lie on (a private server's): then there must be
   * room for both.
   */
  readonly isOnThisDisk?: boolean;
  readonly signal: AbortSignal;
  /** Leaves entries of the table of contents out; everything is loaded when absent. */
  readonly select?: (entries: readonly TocEntry[]) => readonly TocEntry[];
  readonly noOwner?: boolean;
  readonly noPrivileges?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
  /** Options of columns that are not set, see `LoadRequest`. */
  readonly withoutColumnOptions?: readonly string[];
  /** Plain archives that lie on the disk for longer than one phase. */
  readonly archives?: Archives;
  /** Hears of pg_restore's warnings; they are logged when absent. */
  readonly onWarning?: (text: string) => void;
}

/**
 * The plain archive on disk must leave this much of it free, in bytes: the database being restored may be on
 * the same disk.
 */
const DISK_RESERVE = 512 * 1024 * 1024;

/**
 * Room a restored database takes, as a multiple of the dumped bytes: indexes, page overhead and the
 * write-ahead log.
 */
export const RESTORED_SIZE_FACTOR = 2.5;

/** A phase that was loaded. */
export interface LoadedPhase {
  readonly phase: LoadPhase;
  /** What was loaded of it. */
  readonly entries: readonly TocEntry[];
  /** What pg_restore went past, in order. */
  readonly problems: readonly LoadProblem[];
}

/** Loads every phase of a set; returns the problems pg_restore went past, in order. */
export async function loadSet(set: ArtifactSet, context: LoadContext): Promise<readonly LoadProblem[]> {
  const problems: LoadProblem[] = [];
  for (const phase of set.phases) {
    context.signal.throwIfAborted();
    const entries = context.select ? context.select(await readContents(context, phase.artifact)) : undefined;
    problems.push(...(await loadPhase(phase, entries, context)));
  }
  return problems;
}

/** Loads one phase, or these entries of it. */
export async function loadPhase(
  { artifact, sections }: LoadPhase,
  entries: readonly TocEntry[] | undefined,
  context: LoadContext,
): Promise<readonly LoadProblem[]> {
  const label = `loading ${artifact.kind}${sections ? ` (${sections.join(", ")})` : ""}`;
  const request: Request = {
    tools: context.toolSet,
    address: context.address,
    signal: context.signal,
    onWarning: context.onWarning ?? ((text) => context.log.warn(`pg_restore: ${text}`)),
    ...(sections ? { sections } : {}),
    ...(entries ? { entries } : {}),
    ...(context.noOwner ? { noOwner: true } : {}),
    ...(context.noPrivileges ? { noPrivileges: true } : {}),
    ...(context.settings ? { settings: context.settings } : {}),
    ...(context.withoutColumnOptions ? { withoutColumnOptions: context.withoutColumnOptions } : {}),
  };
  return await loadArtifact(artifact, label, request, context);
}

/** What reading a table of contents needs. */
type Reading = Pick<LoadContext, "store" | "tools" | "toolSet" | "identities">;

/** Those that were read, by the record of the artifact, which a command reads once, and by the programs. */
const READ = new WeakMap<ArtifactRecord, Map<string, Promise<readonly TocEntry[]>>>();

/**
 * The table of contents of an artifact; reads only its beginning, and once: a restore asks for it up to ten
 * times, and each reading is a request to the store, a key's unwrapping and a process.
 */
export async function readContents(context: Reading, artifact: ArtifactRecord): Promise<readonly TocEntry[]> {
  const read = READ.get(artifact) ?? new Map<string, Promise<readonly TocEntry[]>>();
  READ.set(artifact, read);
  const { binDir } = context.toolSet;
  const reading = read.get(binDir) ?? readContentsAnew(context, artifact);
  read.set(binDir, reading);
  try {
    return await reading;
  } catch (error) {
    // It may go well the next time.
    read.delete(binDir);
    throw error;
  }
}

/** The same from the store, whatever was read before: it says that the artifact can still be read. */
export async function readContentsAnew(
  context: Reading,
  artifact: ArtifactRecord,
): Promise<readonly TocEntry[]> {
  return context.tools.listContents(
    context.toolSet,
    openArtifact(context.store, artifact, context.identities, () => undefined),
  );
}

/**
 * Whether the plain archive can lie on the local disk while it is restored. Asked at the last moment: other
 * things fill disks too.
 */
async function fitsBeside(artifact: ArtifactRecord, { disk, isOnThisDisk }: LoadContext): Promise<boolean> {
  const restored = isOnThisDisk ? artifact.plain.size * RESTORED_SIZE_FACTOR : 0;
  return (await disk.free()) > artifact.plain.size + restored + DISK_RESERVE;
}

type Request = Omit<LoadRequest, "archive" | "jobs">;

async function loadArtifact(
  artifact: ArtifactRecord,
  label: string,
  request: Request,
  context: LoadContext,
): Promise<readonly LoadProblem[]> {
  const progress = context.log.progress(label, "bytes", artifact.stored.size);
  try {
    if (context.archives !== undefined) {
      return await loadFrom(artifact, context.archives, request, context, progress);
    }
    await using archives = new Archives(context.disk);
    return await loadFrom(artifact, archives, request, context, progress);
  } finally {
    progress.done();
  }
}

async function loadFrom(
  artifact: ArtifactRecord,
  archives: Archives,
  request: Request,
  context: LoadContext,
  progress: Progress,
): Promise<readonly LoadProblem[]> {
  const open = (): ByteStream =>
    openArtifact(interruptible(context.store, context.signal), artifact, context.identities, (bytes) =>
      progress.add(bytes),
    );
  let path = archives.pathOf(artifact);
  if (path === undefined && context.jobs > 1 && (await fitsBeside(artifact, context))) {
    path = await archives.keep(artifact, open());
  }
  if (path === undefined) return await context.tools.load({ ...request, archive: open(), jobs: 1 });
  return await context.tools.load({ ...request, archive: { path }, jobs: context.jobs });
}
