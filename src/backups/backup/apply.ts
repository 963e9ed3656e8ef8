import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { orAbort } from "../../kernel/or-abort.ts";
import { together } from "../../kernel/together.ts";
import { Catalog } from "../../nouns/catalog/catalog.ts";
import { lockSource } from "../../nouns/store/source-lock.ts";
import { findingSentence } from "../copy/judging/headline.ts";
import type { ArtifactRecord, Finding, Manifest } from "../../nouns/catalog/manifest.ts";
import { columnOrderWarnings } from "../../nouns/content/read/column-order-warnings.ts";
import { displayName } from "../../postgres/display-name.ts";
import {
  fingerprintLargeObjects,
  fingerprintTables,
  withRows,
} from "../../nouns/content/rows/fingerprint.ts";
import { takeInventory } from "../../nouns/content/read/inventory.ts";
import type { LeftOut } from "../../nouns/content/left-out.ts";
import { requireReadable } from "../../nouns/content/read/readable.ts";
import { readMigrations } from "../../nouns/server/migrations.ts";
import { unloggedOnStandby, withoutTheirRows } from "../../nouns/content/omissions/unlogged.ts";
import { findOmissions } from "../../nouns/content/omissions/find.ts";
import { searchPathWarnings } from "../../nouns/content/read/search-path.ts";
import { readSequences } from "../../nouns/content/read/sequences.ts";
import type { ContentRecord, TableRecord } from "../../nouns/content/record.ts";
import { mayLeaveOut } from "../../nouns/platform/may-leave-out.ts";
import { profileOf } from "../../nouns/platform/profiles.ts";
import { readPlatform } from "../../nouns/platform/read-record.ts";
import type { PlatformRecord } from "../../nouns/platform/record.ts";
import type { BackupPorts } from "./ports.ts";
import { inAttempts } from "./attempts.ts";
import { dumpArtifact, type DumpContext, type Dumped } from "./dump.ts";
import type { BackupPlan } from "./plan.ts";
import { isPlatformsLog, outsideWarnings, platformGaps } from "./platform.ts";
import { ProofPace } from "./proof-pace.ts";
import { exportSnapshot, type Snapshot } from "./snapshot.ts";
import { commitManifest } from "./commit-manifest.ts";

/** A backup that exists. */
export interface BackupTaken {
  /** Of the attempt that succeeded: its id and paths. */
  readonly plan: BackupPlan;
  readonly manifest: Manifest;
  /** Checksum of the manifest. */
  readonly sha256: string;
}

/**
 * Carries a plan out. The order of effects makes any crash harmless: artifacts first, each visible only when
 * whole; the manifest last, and only with it does the backup exist. What a killed run leaves are artifacts
 * without a manifest, which `list` shows and nothing else looks at.
 */
export async function applyBackup(plan: BackupPlan, ports: BackupPorts): Promise<BackupTaken> {
  const { request, key } = plan;
  await using lock = await lockSource(
    key,
    { doing: `backup ${key.id}`, ifLost: "No backup was committed by this run. Run again." },
    request.store,
    ports,
  );
  return await inAttempts(plan, ports, AbortSignal.any([ports.cancelled, lock.lost]), (one, stored) =>
    attemptBackup(one, ports, { lost: lock.lost, stored }),
  );
}

/** One attempt, under the run's lock. */
interface UnderLock {
  readonly lost: AbortSignal;
  /** Takes the path of every artifact as soon as it lies in the store. */
  readonly stored: string[];
}

/** From the snapshot to the manifest. */
async function attemptBackup(
  plan: BackupPlan,
  ports: BackupPorts,
  { lost, stored }: UnderLock,
): Promise<BackupTaken> {
  const { request, key } = plan;
  const { clock, log, run } = ports;
  const startedAt = clock.now();
  log.stage(`taking one snapshot of ${request.database.address.database}`);
  await using snapshot = await exportSnapshot(
    request.database,
    { holdMs: request.snapshotLimitMs, lockWaitMs: request.lockWaitMs },
    clock,
  );
  const stop = AbortSignal.any([ports.cancelled, lost, snapshot.lost]);
  const platform = await orAbort(stop, readPlatform(snapshot.session, request.scope));
  const may = platform === undefined ? undefined : mayLeaveOut(profileOf(platform.name));
  const { leftOut, withoutValue } = await orAbort(
    stop,
    requireReadable(snapshot.session, request.scope, may),
  );
  const unlogged = await orAbort(stop, unloggedOnStandby(snapshot.session, request.scope));
  const inventory = await orAbort(
    stop,
    takeInventory(snapshot.session, request.scope, {
      proof: request.proof,
      lockWaitMs: request.lockWaitMs,
      leaveOut: leftOut,
      withoutValue: [...unlogged, ...withoutValue],
      debug: (text) => log.debug(text),
    }),
  );
  const migrations = await orAbort(stop, readMigrations(snapshot.session));
  const warnings = await sourceWarnings(snapshot, plan, platform, stop);
  const onWarning = (text: string): void => void warnings.add(`pg_dump warned: ${text}`);
  const pace = new ProofPace(bytesOf(withRows(inventory.tables, { withoutRows: unlogged })));
  const [dumped, content] = await together<[Dumped[], ContentRecord]>(stop, [
    (signal) =>
      dumpAll(
        plan,
        ports,
        { snapshot, inventory, leftOut, withoutValue, unlogged, stored, pace },
        { signal, onWarning },
      ),
    (signal) => prove(plan, ports, { snapshot, inventory, unlogged, pace }, signal),
  ]);
  const sequences = await orAbort(
    stop,
    readSequences(snapshot.session, request.scope, [...leftOut, ...withoutValue, ...unlogged]),
  );
  const gaps = await gapsOfBackup(
    plan,
    ports,
    { snapshot, inventory, leftOut, withoutValue, unlogged, platform, dumped },
    stop,
  );
  stop.throwIfAborted();
  tellLosses(plan, ports, gaps, warnings);

  const artifacts = dumped.map(({ artifact }) => artifact);
  await requireStored(plan, artifacts);
  const manifest: Manifest = {
    format: platform === undefined ? "holdfast.manifest/2" : "holdfast.manifest/3",
    id: key.id,
    component: "database",
    source: key.source,
    tier: key.tier,
    snapshotAt: snapshot.at.toISOString(),
    startedAt: startedAt.toISOString(),
    finishedAt: clock.now().toISOString(),
    server: {
      version: plan.facts.version,
      major: plan.facts.major,
      database: request.database.address.database,
      host: request.database.address.host,
    },
    tools: { holdfast: ports.version, pgDump: plan.tools.version },
    scope: {
      includeSchemas: [...request.scope.includeSchemas],
      excludeSchemas: [...request.scope.excludeSchemas],
    },
    artifacts,
    content: { ...content, sequences: bracket(content.sequences, sequences) },
    ...(platform === undefined ? {} : { platform }),
    gaps,
    warnings: [...warnings],
    schemaVersion: migrations?.version ?? null,
    migrationHash: migrations?.hash ?? null,
    run,
    previous: await previousManifest(plan, ports),
  };
  stop.throwIfAborted();
  log.stage("writing the manifest: from here on the backup exists");
  return { plan, manifest, sha256: await commitManifest(request.store, manifest) };
}

/** What is dumped, and where it is said what lies in the store. */
interface Dumping {
  readonly snapshot: Snapshot;
  readonly inventory: ContentRecord;
  /** What pg_dump may not read and need not. */
  readonly leftOut: readonly LeftOut[];
  /** Sequences whose values it may not read and need not. */
  readonly withoutValue: readonly LeftOut[];
  /** Relations whose definitions are dumped and whose rows are not there. */
  readonly unlogged: readonly LeftOut[];
  readonly stored: string[];
  readonly pace: ProofPace;
}

/** On the disk. */
function bytesOf(tables: readonly TableRecord[]): number {
  return tables.reduce((sum, table) => sum + table.bytes, 0);
}

/**
 * The dumps one after the other: they would only fight for the same disk and network, and one is enough to
 * fill a core.
 */
async function dumpAll(
  plan: BackupPlan,
  ports: BackupPorts,
  { snapshot, inventory, leftOut, withoutValue, unlogged, stored, pace }: Dumping,
  running: Pick<DumpContext, "signal" | "onWarning">,
): Promise<Dumped[]> {
  const tools = await ports.dumpTools();
  const dumped: Dumped[] = [];
  for (const dump of plan.dumps) {
    const estimate = dump.kind === "schema" ? undefined : bytesOf(inventory.tables);
    const progress = ports.log.progress(`dumping ${dump.kind}`, "bytes", estimate);
    try {
      dumped.push(
        await dumpArtifact(plan, dump, {
          tools,
          snapshot: snapshot.id,
          tables: inventory.tables,
          leftOut,
          withoutValue,
          unlogged,
          onBytes: (bytes) => {
            progress.add(bytes);
            pace.dumped(bytes);
          },
          ...running,
        }),
      );
      stored.push(dump.path);
    } finally {
      progress.done();
    }
  }
  pace.dumpEnded();
  return dumped;
}

/** What of the source will trouble who restores it, or its proof. */
async function sourceWarnings(
  { session }: Snapshot,
  { warnings, request: { scope } }: BackupPlan,
  platform: PlatformRecord | undefined,
  stop: AbortSignal,
): Promise<Set<string>> {
  return new Set([
    ...warnings,
    ...(await orAbort(stop, searchPathWarnings(session, scope))),
    ...(await orAbort(stop, columnOrderWarnings(session, scope))),
    ...(platform === undefined ? [] : await orAbort(stop, outsideWarnings(session, scope, platform))),
  ]);
}

/** What was dumped, and what it may lack. */
interface Losing extends Omit<Dumping, "stored" | "pace"> {
  readonly platform: PlatformRecord | undefined;
  readonly dumped: readonly Dumped[];
}

/** What the source has and the backup has not. */
async function gapsOfBackup(
  { request: { scope } }: BackupPlan,
  { log }: BackupPorts,
  { snapshot: { session }, platform, dumped, ...of }: Losing,
  stop: AbortSignal,
): Promise<Finding[]> {
  const { inventory, leftOut, withoutValue, unlogged } = of;
  const archives = dumped.filter(({ artifact }) => artifact.kind !== "data");
  const omitted = await orAbort(stop, findOmissions(session, scope, inventory, archives, leftOut));
  const logs = platform === undefined ? [] : omitted.filter((each) => isPlatformsLog(platform, each));
  for (const each of logs) log.debug(`${each.name} ${each.message}`);
  return [
    ...withoutTheirRows(unlogged),
    ...omitted.filter((each) => !logs.includes(each)),
    ...(platform === undefined
      ? []
      : await orAbort(stop, platformGaps(session, platform, { leftOut, withoutValue }, inventory))),
  ];
}

/** Losses told one by one; all of them are in the manifest. */
const TOLD_MAX = 20;

/**
 * Gaps are a table of the report. Where nobody reads that, as of a safety backup, or where warnings stand
 * beside the job, they are told at once.
 */
function tellLosses(
  { key }: BackupPlan,
  { log, surface }: BackupPorts,
  gaps: readonly Finding[],
  warnings: ReadonlySet<string>,
): void {
  for (const text of warnings) log.warn(text);
  if (key.tier !== "safety" && surface === "cli") return;
  for (const gap of gaps.slice(0, TOLD_MAX)) log.warn(findingSentence(gap));
  if (gaps.length > TOLD_MAX) {
    log.warn(
      `and ${gaps.length - TOLD_MAX} more that are not in this backup; its manifest names all of them`,
    );
  }
}

/** Fingerprints, in sessions of their own that see the same snapshot, while the dump runs. */
async function prove(
  plan: BackupPlan,
  ports: BackupPorts,
  { snapshot, inventory, unlogged, pace }: Pick<Dumping, "snapshot" | "inventory" | "unlogged" | "pace">,
  signal: AbortSignal,
): Promise<ContentRecord> {
  if (plan.request.proof === "none") return inventory;
  const counting = inventory.tables.filter((table) => table.kind === "table").length;
  const progress = ports.log.progress("fingerprinting", "tables", counting);
  try {
    const tables = await fingerprintTables((stop) => snapshot.openSession(stop), inventory, {
      jobs: plan.request.jobs,
      moreSessions: pace.behind,
      withoutRows: unlogged,
      signal,
      onTable: () => progress.add(1),
      onBytes: (bytes) => pace.counted(bytes),
      onFewer: (why) => ports.log.warn(fewerSessions(plan.request.jobs, why)),
    });
    const largeObjects = await fingerprintLargeObjects(() => snapshot.openSession(), inventory, { signal });
    return { ...inventory, tables, largeObjects };
  } finally {
    progress.done();
  }
}

/** The backup goes on, as fast as it can with those that it has. */
function fewerSessions(jobs: number, why: HoldfastError): string {
  return (
    `one session fewer than --jobs asks for: ${why.message}. A backup uses ${jobs + 2} sessions ` +
    `with --jobs ${jobs} ` +
    "(one holds the snapshot, one is pg_dump's); a pooler in front of the server must have as many, and " +
    "let those that wait for the dump be idle in a transaction (PgBouncer's idle_transaction_timeout)"
  );
}

/**
 * Sequences move outside of transactions: the restored value must lie between the readings before and
 * after the dump.
 */
function bracket(
  before: ContentRecord["sequences"],
  after: ContentRecord["sequences"],
): ContentRecord["sequences"] {
  const late = new Map(after.map((sequence) => [displayName(sequence), sequence.after]));
  return before.map((sequence) => ({
    ...sequence,
    after: late.get(displayName(sequence)) ?? sequence.after,
  }));
}

/** What the store says it has must be what was sent, before the manifest promises it. */
async function requireStored(plan: BackupPlan, artifacts: readonly ArtifactRecord[]): Promise<void> {
  for (const artifact of artifacts) {
    const stored = await plan.request.store.stat(artifact.path);
    if (stored?.size === artifact.stored.size) continue;
    throw new HoldfastError(
      "store.lied",
      `the store accepted ${artifact.path} and now says it ` +
        `has ${stored ? `${stored.size} of ${artifact.stored.size} bytes` : "no such blob"}`,
      {
        hint: "No backup was committed. Run again; if it repeats, the storage service loses data.",
      },
    );
  }
}

/** The chain: each manifest names the one before it, so that a removed or replaced backup leaves a trace. */
async function previousManifest(plan: BackupPlan, ports: BackupPorts): Promise<Manifest["previous"]> {
  const catalog = new Catalog(plan.request.store);
  try {
    const [newest] = await catalog.keys({ source: plan.key.source, tier: plan.key.tier });
    if (!newest) return null;
    return { id: newest.id, sha256: (await catalog.read(newest)).sha256 };
  } catch (error) {
    // Bad news, but no reason to have no backup tonight: all that it costs is a link of the chain.
    if (!isHoldfastError(error) || error.code === "run.cancelled") throw error;
    ports.log.warn(`the previous backup's manifest cannot be read: ${error.message}`);
    return null;
  }
}
