import { drain, fork } from "../../kernel/streams.ts";
import type { ArtifactRecord, Finding, Manifest } from "../../nouns/catalog/manifest.ts";
import { openArtifact, verifyStored } from "../copy/artifacts/artifact.ts";
import { compareDatabase, type DatabaseCompared } from "../copy/judging/compare-database.ts";
import {
  readDatabaseProperties,
  understood,
  type DatabaseProperties,
  type Untold,
} from "../copy/judging/database-properties.ts";
import { countTypes } from "../copy/artifacts/contents.ts";
import type { BlobStore } from "../../ports/blob-store.ts";
import type { DumpTools, ToolSet } from "../../ports/dump-tools.ts";
import type { Log } from "../../ports/log.ts";

/**
 * Depth `stored`: every stored byte is read and hashed. Throws at the first artifact that is not as promised.
 */
export async function readStoredArtifacts(manifest: Manifest, store: BlobStore, log: Log): Promise<void> {
  for (const artifact of manifest.artifacts) {
    const progress = log.progress(`reading ${artifact.kind}`, "bytes", artifact.stored.size);
    try {
      await verifyStored(store, artifact, (bytes) => progress.add(bytes));
    } finally {
      progress.done();
    }
  }
}

/** What opening needs. */
export interface OpenContext {
  readonly store: BlobStore;
  readonly log: Log;
  readonly identities: readonly string[];
  readonly dumpTools: DumpTools;
  /**
   * Absent when no pg_restore here can read the archive: then its contents stay unproved, and that is said.
   */
  readonly tools: ToolSet | undefined;
}

/**
 * Depth `opened`: decrypted and decompressed to the last byte, hashed on both sides of the seal, and the
 * table of contents held against the manifest. Damage is thrown; what could not be looked at is returned.
 */
export async function readOpened(manifest: Manifest, context: OpenContext): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const artifact of manifest.artifacts) {
    const progress = context.log.progress(`opening ${artifact.kind}`, "bytes", artifact.stored.size);
    try {
      findings.push(...(await openOne(artifact, context, (bytes) => progress.add(bytes))));
    } finally {
      progress.done();
    }
  }
  return findings;
}

async function openOne(
  artifact: ArtifactRecord,
  context: OpenContext,
  onBytes: (bytes: number) => void,
): Promise<Finding[]> {
  const archive = openArtifact(context.store, artifact, context.identities, onBytes);
  if (!context.tools) {
    await drain(archive);
    return [
      {
        severity: "gap",
        about: "archive",
        name: artifact.path,
        message: "its table of contents was not compared: no pg_restore here can read it",
      },
    ];
  }
  const { main, side, leave } = fork(archive);
  const listing = context.dumpTools.listContents(context.tools, side).finally(leave);
  listing.catch(() => undefined);
  await drain(main);
  return compareCounts(artifact, countTypes(await listing));
}

/**
 * What the archives hold of the database itself, held against the manifest: pg_restore brings it only with
 * `--create`, so no copy shows it. It stands at an archive's beginning, where no hash has been checked yet:
 * what differs is looked at again in bytes that are as they were promised.
 *
 * @returns notes for what could not be told
 */
export async function readDatabase(
  { artifacts, content: { database, roles } }: Manifest,
  context: DatabaseContext,
): Promise<{ readonly findings: readonly Finding[]; readonly notes: readonly string[] }> {
  const findings: Finding[] = [];
  const notes: string[] = [];
  if (database === undefined) return { findings, notes };
  const roleNames = new Set(roles.map(({ name }) => name));
  for (const artifact of artifacts.filter(({ kind }) => kind !== "data")) {
    const compared = (properties: DatabaseProperties | Untold): DatabaseCompared => {
      if (typeof properties !== "string") {
        return compareDatabase(database, properties, artifact.path, roleNames);
      }
      return properties === "unreadable"
        ? { findings: [], notes: [unread(artifact)] }
        : { findings: [notUnderstood(artifact)], notes: [] };
    };
    const first = compared(await readDatabaseProperties({ ...context, tools: context.dumpTools }, artifact));
    const found = first.findings.length === 0 ? first : compared(await propertiesOfWhole(artifact, context));
    findings.push(...found.findings);
    notes.push(...found.notes);
  }
  return { findings, notes };
}

function unread({ path }: ArtifactRecord): string {
  return (
    `what ${path} holds of the database itself (settings, comment, rights) could not be told, ` +
    "and was not compared"
  );
}

/** A restore brings nothing of it then, so no proof may pass over it. */
function notUnderstood({ path }: ArtifactRecord): Finding {
  return {
    severity: "gap",
    about: "database",
    name: "properties",
    message:
      "are written in the archive in a way that is not understood: they were not compared, and a restore " +
      `does not bring them (${path})`,
  };
}

type DatabaseContext = Pick<OpenContext, "store" | "identities" | "dumpTools">;

async function propertiesOfWhole(
  artifact: ArtifactRecord,
  context: DatabaseContext,
): Promise<DatabaseProperties | Untold> {
  const { main, side, leave } = fork(
    openArtifact(context.store, artifact, context.identities, () => undefined),
  );
  const listing = context.dumpTools.listDatabase(side).finally(leave);
  listing.catch(() => undefined);
  await drain(main);
  return understood(await listing);
}

function compareCounts(artifact: ArtifactRecord, counted: Readonly<Record<string, number>>): Finding[] {
  const types = [...new Set([...Object.keys(artifact.contents), ...Object.keys(counted)])].sort();
  return types
    .filter((type) => (artifact.contents[type] ?? 0) !== (counted[type] ?? 0))
    .map((type) => ({
      severity: "difference",
      about: "archive",
      name: artifact.path,
      message:
        `its table of contents has ${counted[type] ?? 0} of type ${type}, and the manifest ` +
        `promises ${artifact.contents[type] ?? 0}`,
    }));
}
