import { DATABASE, MANIFESTS, RECEIPTS } from "../store/layout.ts";
import { timeOfBackupId } from "./backup-id.ts";
import { CATALOG_TIERS, SOURCE_NAME, type CatalogTier, type Kind } from "./manifest.ts";

/** Where a backup's parts lie in a store (`docs/formats.md`). */

/** Which backup: enough to find its manifest. */
export interface BackupKey {
  readonly id: string;
  readonly source: string;
  readonly tier: CatalogTier;
  /** When it was begun, from the id. */
  readonly time: Date;
}

export function manifestPath(key: Pick<BackupKey, "id" | "source" | "tier">): string {
  return `${MANIFESTS}${key.source}/${key.tier}/${key.id}.json`;
}

export function artifactFolder(key: Pick<BackupKey, "id" | "source" | "tier">): string {
  return `${DATABASE}${key.source}/${key.tier}/${key.id}/`;
}

export function artifactPath(
  key: Pick<BackupKey, "id" | "source" | "tier">,
  kind: Kind,
  encrypted: boolean,
): string {
  return `${artifactFolder(key)}${kind}.dump.zst${encrypted ? ".age" : ""}`;
}

/** Inverse of {@link manifestPath}; `undefined` for a path that is none of ours. */
export function parseManifestPath(path: string): BackupKey | undefined {
  const match = /^manifests\/([^/]+)\/([^/]+)\/([^/]+)\.json$/.exec(path);
  return match ? keyOf(match[1] ?? "", match[2] ?? "", match[3] ?? "") : undefined;
}

/** The backup an artifact's path belongs to; `undefined` for a path that is none of ours. */
export function parseArtifactPath(path: string): BackupKey | undefined {
  const match = /^database\/([^/]+)\/([^/]+)\/([^/]+)\/[^/]+$/.exec(path);
  return match ? keyOf(match[1] ?? "", match[2] ?? "", match[3] ?? "") : undefined;
}

function keyOf(source: string, tier: string, id: string): BackupKey | undefined {
  const time = timeOfBackupId(id);
  if (!time || !SOURCE_NAME.test(source) || !isCatalogTier(tier)) return undefined;
  return { id, source, tier, time };
}

export function isCatalogTier(text: string): text is CatalogTier {
  return (CATALOG_TIERS as readonly string[]).includes(text);
}

export function receiptFolder(backupId: string): string {
  return `${RECEIPTS}${backupId}/`;
}

/**
 * Newest first (an id begins with its time); equal ids by source and tier, so that the order never depends
 * on the store's.
 */
export function byNewest(a: BackupKey, b: BackupKey): number {
  if (a.id !== b.id) return a.id < b.id ? 1 : -1;
  const [one, other] = [`${a.source}/${a.tier}`, `${b.source}/${b.tier}`];
  return one < other ? -1 : one > other ? 1 : 0;
}
