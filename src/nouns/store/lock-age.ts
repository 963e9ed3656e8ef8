import type { BlobFacts } from "../../ports/blob-store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { LockDocument } from "./lock-document.ts";

export const RENEW_EVERY_MS = 30_000;
/**
 * After this long without renewal the owner is taken for dead. Generous, because the clocks of two
 * machines differ.
 */
export const STALE_AFTER_MS = 4 * 60_000;

export function isStale(lock: LockDocument, blob: BlobFacts, clock: Clock): boolean {
  const written = Date.parse(lock.renewedAt);
  // The later of the owner's clock and the store's: a lock is only taken over when both say that it is old.
  const renewed = Math.max(Number.isNaN(written) ? 0 : written, blob.modifiedAt.getTime());
  return clock.now().getTime() - renewed > STALE_AFTER_MS;
}
