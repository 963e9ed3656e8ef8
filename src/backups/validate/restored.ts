import type { Backup } from "../../nouns/catalog/catalog.ts";
import type { Manifest, NotCompared } from "../../nouns/catalog/manifest.ts";
import { artifactSets, type ArtifactSet } from "../copy/artifacts/artifact-set.ts";
import { believe } from "../copy/judging/control.ts";
import { measureControl } from "../copy/loading/control-copy.ts";
import { loadIntoEmpty, type LoadedSet, type Recipe } from "../copy/loading/recipe.ts";
import { asIfGiven } from "../copy/rights/as-if-given.ts";
import { judge } from "../copy/judging/judge-copy.ts";
import type { Difference } from "../../nouns/content/compare/difference.ts";
import { measureContent } from "../../nouns/content/rows/measure.ts";
import type { ContentRecord } from "../../nouns/content/record.ts";
import { KeptSessions } from "../../nouns/server/kept-sessions.ts";
import type { BlobStore } from "../../ports/blob-store.ts";
import type { Database } from "../../ports/database.ts";
import type { ToolSet } from "../../ports/dump-tools.ts";
import type { ValidatePorts } from "./ports.ts";
import { requirePowers, unreadableCopy } from "./require-powers.ts";
import { createScratchDatabase, type ScratchDatabase, type ScratchHost } from "./scratch.ts";

/** What restoring for proof needs. */
export interface RestoredContext {
  readonly store: BlobStore;
  readonly host: ScratchHost;
  readonly tools: ToolSet;
  readonly identities: readonly string[];
  readonly jobs: number;
  readonly ports: ValidatePorts;
}

/** What a proof by restoring found. */
export interface Proof {
  readonly findings: readonly Difference[];
  readonly notes: readonly string[];
  /** What differs of the platform's own. */
  readonly notCompared: readonly NotCompared[];
  readonly tables: number;
  readonly rows: number;
}

/**
 * Depth `restored`: every set of artifacts that restores on its own is restored into a database of its own,
 * which is then measured as the source was and compared with what the source held at the snapshot.
 */
export async function proveRestored(backup: Backup, context: RestoredContext): Promise<Proof> {
  const findings: Difference[] = [];
  const notes: string[] = [];
  const own = new Map<string, NotCompared>();
  let tables = 0;
  let rows = 0;
  const sets = artifactSets(backup.manifest);
  for (const set of sets) {
    context.ports.cancelled.throwIfAborted();
    const proof = await proveSet(backup.manifest, set, context);
    findings.push(
      ...(sets.length === 1
        ? proof.findings
        : proof.findings.map((finding) => ({
            ...finding,
            message: `${finding.message} (restored from ${set.name})`,
          }))),
    );
    notes.push(...proof.notes.filter((note) => !notes.includes(note)));
    for (const one of proof.notCompared) own.set(`${one.about} ${one.name} ${one.message}`, one);
    tables = Math.max(tables, proof.tables);
    rows = Math.max(rows, proof.rows);
  }
  return { findings, notes, notCompared: [...own.values()], tables, rows };
}

async function proveSet(manifest: Manifest, set: ArtifactSet, context: RestoredContext): Promise<Proof> {
  const { host, ports } = context;
  await using scratch = await emptyDatabase(manifest, context);
  const database = await host.open(scratch.name);
  ports.log.stage(`restoring ${set.name} of ${manifest.id} into ${host.described}`);
  const loaded = await loadIntoEmpty({ manifest, set, database, context: await loadContext(context) });
  ports.log.stage("comparing with what the source held at the snapshot");
  const proof = set.hasRows ? manifest.content.proof : "none";
  const progress = ports.log.progress("comparing", "tables", manifest.content.tables.length);
  try {
    const actual = await measureAsSource(manifest, database, loaded, {
      proof,
      jobs: context.jobs,
      signal: ports.cancelled,
      onTable: () => progress.add(1),
      like: manifest.content,
      debug: (text) => ports.log.debug(text),
    }).catch((error: unknown) => {
      throw unreadableCopy(error, host);
    });
    const expected = manifest.content;
    const judged = judge({
      expected,
      actual,
      ...loaded,
      options: { exact: true, rows: set.hasRows },
      platform: manifest.platform,
      recorded: manifest.gaps,
    });
    const { findings, notes, notCompared } = await believe(judged, expected, actual, () =>
      controlOf(manifest, set, context),
    );
    await requirePowers(findings, loaded, host);
    const counted = actual.tables.filter((table) => table.rows !== null);
    return {
      findings,
      notes: [...(scratch.localeNote ? [scratch.localeNote] : []), ...notes],
      notCompared,
      tables: counted.length,
      rows: counted.reduce((sum, table) => sum + (table.rows ?? 0), 0),
    };
  } finally {
    progress.done();
  }
}

/** What the copy holds, with rights as they would be if what was refused to the role had been given. */
async function measureAsSource(
  { scope }: Manifest,
  database: Database,
  { refusedRights }: LoadedSet,
  options: Parameters<typeof measureContent>[2],
): Promise<ContentRecord> {
  await using kept = new KeptSessions(database);
  return await asIfGiven(kept, scope, await measureContent(kept, scope, options), refusedRights);
}

async function controlOf(
  manifest: Manifest,
  set: ArtifactSet,
  context: RestoredContext,
): Promise<ContentRecord> {
  const { host } = context;
  await using scratch = await emptyDatabase(manifest, context);
  return await measureControl({
    manifest,
    set,
    database: await host.open(scratch.name),
    context: await loadContext(context),
  });
}

function emptyDatabase(manifest: Manifest, { host, ports }: RestoredContext): Promise<ScratchDatabase> {
  return createScratchDatabase(host, manifest, ports);
}

async function loadContext({
  store,
  tools,
  identities,
  jobs,
  host,
  ports,
}: RestoredContext): Promise<Recipe["context"]> {
  return {
    store,
    identities,
    jobs,
    tools: await ports.dumpTools(),
    toolSet: tools,
    disk: ports.disk,
    log: ports.log,
    isOnThisDisk: host.isPrivate,
    signal: ports.cancelled,
  };
}
