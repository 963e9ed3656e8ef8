import fc from "fast-check";
import { newBackupId } from "../../../src/nouns/catalog/backup-id.ts";
import {
  CATALOG_TIERS,
  type ArtifactRecord,
  type CatalogTier,
  type Manifest,
  type Receipt,
} from "../../../src/nouns/catalog/manifest.ts";
import { artifactPath, type BackupKey } from "../../../src/nouns/catalog/paths.ts";
import { timeOfBackupId } from "../../../src/nouns/catalog/backup-id.ts";

export const RUN = { kind: "cli", id: "host:42", url: null, commit: null, actor: "tester" } as const;
const DIGEST = "0123456789abcdef".repeat(4);

export function keyOf(id: string, source = "shop", tier: CatalogTier = "tier2"): BackupKey {
  const time = timeOfBackupId(id);
  if (time === undefined) throw new Error(`${id} is no backup id`);
  return { id, source, tier, time };
}

export function sampleArtifact(key: BackupKey, changes: Partial<ArtifactRecord> = {}): ArtifactRecord {
  return {
    path: artifactPath(key, "full", true),
    kind: "full",
    plain: { size: 10, sha256: DIGEST },
    stored: { size: 20, sha256: DIGEST },
    compression: { format: "zstd", level: 3 },
    encryption: { format: "age-v1", recipients: ["age1x"] },
    contents: { TABLE: 1 },
    ...changes,
  };
}

export function sampleManifest(key: BackupKey, changes: Partial<Manifest> = {}): Manifest {
  const at = key.time.toISOString();
  return {
    format: "holdfast.manifest/1",
    id: key.id,
    component: "database",
    source: key.source,
    tier: key.tier,
    snapshotAt: at,
    startedAt: at,
    finishedAt: at,
    server: { version: "15.18", major: 15, database: "shop", host: "db.example" },
    tools: { holdfast: "1.0.0", pgDump: "15.18" },
    scope: { includeSchemas: [], excludeSchemas: [] },
    artifacts: [sampleArtifact(key)],
    content: {
      algorithm: "test",
      proof: "rows",
      serverMajor: 15,
      encoding: "UTF8",
      collate: "C",
      ctype: "C",
      tables: [],
      sequences: [],
      objects: {},
      roles: [],
      extensions: [],
      largeObjects: { count: 0, fingerprint: null },
    },
    schemaVersion: null,
    migrationHash: null,
    run: RUN,
    previous: null,
    ...changes,
  };
}

export function sampleReceipt(key: BackupKey, changes: Partial<Receipt> = {}): Receipt {
  return {
    format: "holdfast.receipt/1",
    backup: key.id,
    source: key.source,
    tier: key.tier,
    manifest: DIGEST,
    kind: "restored",
    verdict: "proved",
    findings: [],
    startedAt: "2026-11-22T04:00:00Z",
    finishedAt: "2026-11-22T04:10:00Z",
    against: "scratch 15.18",
    counts: { bytes: 1, tables: 1, rows: 1 },
    tools: { holdfast: "1.0.0" },
    run: RUN,
    ...changes,
  };
}

/** Any second from 2000 to 2199. */
export const anyTime = fc
  .integer({ min: Date.UTC(2000, 0, 1) / 1000, max: Date.UTC(2199, 11, 31, 23, 59, 59) / 1000 })
  .map((seconds) => new Date(seconds * 1000));

export const anySource = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/);

export const anyKey: fc.Arbitrary<BackupKey> = fc
  .tuple(anyTime, fc.integer({ min: 0, max: 0xffff }), anySource, fc.constantFrom(...CATALOG_TIERS))
  .map(([time, hex, source, tier]) =>
    keyOf(
      newBackupId(time, { hex: () => hex.toString(16).padStart(4, "0"), fraction: () => 0 }),
      source,
      tier,
    ),
  );
