import * as z from "zod";
import { namesMapOf } from "../content/names-map.ts";
import { contentRecord } from "../content/record.ts";
import { runRecord } from "../store/run-record.ts";
import { platformRecord } from "../platform/record.ts";

/**
 * The manifest: a backup exists if and only if this document does. Written last, once, never edited. Every
 * field is explained in `docs/formats.md`; `docs/reference/manifest.schema.json` is generated from here.
 */

export const TIERS = ["tier1", "tier2", "tier3", "tier4"] as const;
/** A tier people choose for a backup. */
export type Tier = (typeof TIERS)[number];
/** `safety` holds the backups taken automatically before a restore; never selected as "latest" by itself. */
export const CATALOG_TIERS = [...TIERS, "safety"] as const;
export type CatalogTier = (typeof CATALOG_TIERS)[number];

export const KINDS = ["schema", "data", "full"] as const;
/** What a dump holds. */
export type Kind = (typeof KINDS)[number];

export const BACKUP_ID = /^\d{8}T\d{6}Z-[0-9a-f]{6}$/;
export const SOURCE_NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const instant = z.iso.datetime();
const measured = z.strictObject({ size: z.int().nonnegative(), sha256: digest });

export const artifactRecord = z.strictObject({
  /** Path below the store's prefix. */
  path: z.string(),
  kind: z.enum(KINDS),
  /** Bytes as pg_dump wrote them. */
  plain: measured,
  /** Bytes as they lie in the store. */
  stored: measured,
  compression: z.strictObject({ format: z.literal("zstd"), level: z.int() }),
  /** `none` only after `--allow-unencrypted`. */
  encryption: z.strictObject({ format: z.enum(["age-v1", "none"]), recipients: z.array(z.string()) }),
  /** How many entries of each type the archive's table of contents holds. */
  contents: namesMapOf(z.int().positive()),
});
export type ArtifactRecord = z.infer<typeof artifactRecord>;

/** One thing that is not as promised, or could not be proved. */
export const finding = z.strictObject({
  /** `difference`: the backup is bad. `gap`: it could not be proved here. */
  severity: z.enum(["difference", "gap"]),
  /** What it is about: `table`, `sequence`, `index`, `artifact`, `extension` … */
  about: z.string(),
  name: z.string(),
  message: z.string(),
});
export type Finding = z.infer<typeof finding>;

/**
 * Formats of manifests this version reads. It writes 2, and 3 where 2 has no place for what is to be said: so
 * that a database of no known platform keeps manifests that every version since 2 reads, and a version that
 * knows nothing of platforms says that the format is unknown, and not that a backup is damaged.
 */
export const MANIFEST_FORMATS = [
  "holdfast.manifest/1",
  "holdfast.manifest/2",
  "holdfast.manifest/3",
] as const;

export const manifest = z.strictObject({
  format: z.enum(MANIFEST_FORMATS),
  id: z.string().regex(BACKUP_ID),
  component: z.literal("database"),
  source: z.string().regex(SOURCE_NAME),
  tier: z.enum(CATALOG_TIERS),
  /** When the snapshot was taken: everything in the backup is as of this instant (the server's clock). */
  snapshotAt: instant,
  startedAt: instant,
  finishedAt: instant,
  server: z.strictObject({ version: z.string(), major: z.int(), database: z.string(), host: z.string() }),
  tools: z.strictObject({ holdfast: z.string(), pgDump: z.string() }),
  scope: z.strictObject({ includeSchemas: z.array(z.string()), excludeSchemas: z.array(z.string()) }),
  artifacts: z.array(artifactRecord).min(1),
  content: contentRecord,
  /** Whose is what in the database of a known platform. Only in format 3; absent for plain PostgreSQL. */
  platform: platformRecord.optional(),
  /**
   * What the database had at the snapshot and no archive of this backup holds; every proof repeats it.
   * Absent in format 1.
   */
  gaps: z.array(finding).optional(),
  /**
   * What pg_dump warned of, in its own words, and what of the schema may not survive a restore.
   * Absent in format 1.
   */
  warnings: z.array(z.string()).optional(),
  /**
   * Schema version: last applied migration and a hash over all of them; null where no migration
   * table is known.
   */
  schemaVersion: z.strictObject({ last: z.string(), count: z.int(), table: z.string() }).nullable(),
  migrationHash: digest.nullable(),
  /** What made it: the CI run or the local user, for the audit trail. */
  run: runRecord,
  /** The newest manifest of the same source and tier when this one was written. */
  previous: z.strictObject({ id: z.string().regex(BACKUP_ID), sha256: digest }).nullable(),
});
export type Manifest = z.infer<typeof manifest>;

/** How far a verification went; each includes the ones before it. */
export const DEPTHS = ["stored", "opened", "restored"] as const;
export type Depth = (typeof DEPTHS)[number];

/**
 * Formats of receipts this version reads. It writes 1, 2 where there is something that only 2 can say, and
 * 3 only where gaps were accepted: who does not know that word must not take the verdict for one without it,
 * and refuses the format.
 */
export const RECEIPT_FORMATS = ["holdfast.receipt/1", "holdfast.receipt/2", "holdfast.receipt/3"] as const;

/** One object that is the platform's and that differs from the source's: the platform brings its own. */
export const notCompared = finding.omit({ severity: true });
export type NotCompared = z.infer<typeof notCompared>;

export const receipt = z.strictObject({
  format: z.enum(RECEIPT_FORMATS),
  backup: z.string().regex(BACKUP_ID),
  source: z.string(),
  tier: z.enum(CATALOG_TIERS),
  /** SHA-256 of the manifest this is about. */
  manifest: digest,
  kind: z.enum(["stored", "opened", "restored", "recovered"]),
  verdict: z.enum(["proved", "gaps", "failed"]),
  findings: z.array(finding),
  /**
   * Gaps that whoever validated had accepted by name: the verdict does not count them. Only in format
   * 3; absent where there is none, and from every receipt that says failed, which all versions must be
   * able to read.
   */
  accepted: z.array(finding).min(1).optional(),
  /**
   * The platform's own, not compared: none of it is a finding, and none is left unsaid. Not in format 1;
   * absent where there is none.
   */
  notCompared: z.array(notCompared).optional(),
  startedAt: instant,
  finishedAt: instant,
  /** Against what: `scratch 15.18`, a given scratch server, or the target of a real restore. */
  against: z.string(),
  counts: z.strictObject({ bytes: z.int(), tables: z.int(), rows: z.int() }),
  tools: z.strictObject({ holdfast: z.string() }),
  run: runRecord,
});
export type Receipt = z.infer<typeof receipt>;

/** The oldest format that can say all that a receipt holds. */
export function receiptFormat({
  accepted,
  notCompared: own,
}: Pick<Receipt, "accepted" | "notCompared">): Receipt["format"] {
  if (accepted !== undefined) return "holdfast.receipt/3";
  return own === undefined ? "holdfast.receipt/1" : "holdfast.receipt/2";
}

/** A finding's own words alone, without what is only known while comparing. */
export function recordedFinding({ severity, about, name, message }: Finding): Finding {
  return { severity, about, name, message };
}
