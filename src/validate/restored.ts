import type { Backup } from "../catalog/catalog.ts";
import type { Finding, Manifest } from "../catalog/manifest.ts";
import { artifactSets, type ArtifactSet } from "../archive/artifact-set.ts";
import { unavailableExtensions, withoutExtensions } from "../archive/extensions.ts";
import { loadSet, readContents } from "../archive/load.ts";
import { loadingSettings } from "../archive/loading-settings.ts";
import { refreshMaterializedViews } from "../archive/refresh.ts";
import { preparePublicSchema, withoutPublicSchema } from "../archive/public-schema.ts";
import { judge } from "../archive/judge.ts";
import { createNeededExtensions, withoutSchemas } from "../content/needed-extensions.ts";
import { measureContent } from "../content/measure.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { ToolSet } from "../ports/dump-tools.ts";
import type { Ports } from "../ports/ports.ts";
import { createScratchDatabase, type ScratchHost } from "./scratch.ts";

/** What restoring for proof needs. */
export interface RestoredContext {
  readonly store: BlobStore;
  readonly host: ScratchHost;
  readonly tools: ToolSet;
  readonly identities: readonly string[];
  readonly jobs: number;
  readonly ports: Ports;
}

/** What a proof by restoring found. */
export interface Proof {
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
  readonly tables: number;
  readonly rows: number;
}

/**
 * Depth `restored`: every set of artifacts that restores on its own is restored into a database of its own, which is then measured as the source was
 * and compared with what the source held at the snapshot.
 */
export async function proveRestored(backup: Backup, context: RestoredContext): Promise<Proof> {
  const findings: Finding[] = [];
  const notes: string[] = [];
  let tables = 0;
  let rows = 0;
  const sets = artifactSets(backup.manifest);
  for (const set of sets) {
    context.ports.cancelled.throwIfAborted();
    const proof = await proveSet(backup.manifest, set, context);
    findings.push(...(sets.length === 1 ? proof.findings : proof.findings.map((finding) => ({ ...finding, message: `${finding.message} (restored from ${set.name})` }))));
    notes.push(...proof.notes.filter((note) => !notes.includes(note)));
    tables = Math.max(tables, proof.tables);
    rows = Math.max(rows, proof.rows);
  }
  return { findings, notes, tables, rows };
}

async function proveSet(manifest: Manifest, set: ArtifactSet, context: RestoredContext): Promise<Proof> {
  const { host, ports } = context;
  await using scratch = await createScratchDatabase(host, manifest, `${manifest.id.slice(-6)}_${ports.random.hex(4)}`);
  await using session = await host.connect(scratch.name);
  const unavailable = await unavailableExtensions(session, manifest.content.extensions);
  const [first] = set.phases;
  const entries = first ? await readContents({ store: context.store, tools: await ports.dumpTools(), toolSet: context.tools, identities: context.identities }, first.artifact) : [];
  await preparePublicSchema(session, manifest, entries);
  const available = manifest.content.extensions.filter((extension) => !unavailable.includes(extension));
  const standing = await createNeededExtensions(session, available, manifest.scope, entries);
  ports.log.stage(`restoring ${set.name} of ${manifest.id} into ${host.described}`);
  const problems = await loadSet(set, {
    store: context.store,
    tools: await ports.dumpTools(),
    toolSet: context.tools,
    disk: ports.disk,
    log: ports.log,
    identities: context.identities,
    address: host.address(scratch.name),
    jobs: context.jobs,
    isOnThisDisk: host.isPrivate,
    signal: ports.cancelled,
    settings: await loadingSettings(await host.open(scratch.name)),
    select: (entries) => withoutPublicSchema(withoutSchemas(withoutExtensions(entries, unavailable), standing)),
  });
  if (set.needsRefresh) await refreshMaterializedViews(session, manifest.content);
  ports.log.stage("comparing with what the source held at the snapshot");
  const proof = set.hasRows ? manifest.content.proof : "none";
  const progress = ports.log.progress("comparing", "tables", manifest.content.tables.length);
  try {
    const actual = await measureContent(await host.open(scratch.name), manifest.scope, {
      proof, jobs: context.jobs, signal: ports.cancelled, onTable: () => progress.add(1),
    });
    const { findings, notes } = judge({ expected: manifest.content, actual, problems, unavailable, options: { exact: true, rows: set.hasRows } });
    const counted = actual.tables.filter((table) => table.rows !== null);
    return {
      findings,
      notes: [...(scratch.localeNote ? [scratch.localeNote] : []), ...notes],
      tables: counted.length,
      rows: counted.reduce((sum, table) => sum + (table.rows ?? 0), 0),
    };
  } finally {
    progress.done();
  }
}
