import { formatDuration } from "../../kernel/duration.ts";
import type { BlobFacts } from "../../ports/blob-store.ts";
import type { LockRequest } from "./lock-request.ts";

/**
 * How long a lock has been silent, between two moments of one clock: the store's, which dates every blob.
 * What the clocks of owner and taker say decides nothing; one of them may be hours off.
 */

export const RENEW_EVERY_MS = 30_000;
/** After this long without renewal the owner is taken for dead: some renewals may come late or fail. */
export const STALE_AFTER_MS = 4 * 60_000;
/** A date that lies further ahead than a lock can be renewed while it is looked at. */
const AHEAD_MS_MAX = 60_000;

/** A lock's blob, and for how long it had not been renewed. */
export interface Silence {
  readonly blob: BlobFacts;
  readonly ms: number;
  /** Told from the store's dates; otherwise they say nothing, and it was watched. */
  readonly isByDate: boolean;
}

/** @returns undefined where the lock is gone meanwhile */
export async function silenceOf(path: string, request: LockRequest): Promise<Silence | undefined> {
  const now = await request.store.now();
  // Looked at after that moment, so that no sign of life before it is missed.
  const blob = await request.store.stat(path);
  if (blob === null) return undefined;
  const ms = now.getTime() - blob.modifiedAt.getTime();
  // What an answer without a date comes to: no age can be told from it.
  if (blob.modifiedAt.getTime() === 0 || now.getTime() === 0) {
    return await watched(blob, "not dated", request);
  }
  if (ms >= -AHEAD_MS_MAX) return { blob, ms: Math.max(0, ms), isByDate: true };
  return await watched(blob, `dated ${formatDuration(-ms)} ahead of the store's clock`, request);
}

export function isStale({ ms }: Silence): boolean {
  return ms > STALE_AFTER_MS;
}

/**
 * Dates say nothing, as when the store's own clock was set back since the lock was written. A living owner
 * changes the blob, or adds one behind it, within the time in which he counts as alive.
 */
async function watched(blob: BlobFacts, why: string, request: LockRequest): Promise<Silence | undefined> {
  const { store, clock, cancelled, warn } = request;
  warn?.(
    `the lock ${blob.path} is ${why}; it is watched, and taken over when it is not renewed for ` +
      formatDuration(STALE_AFTER_MS),
  );
  const began = clock.elapsed();
  for (;;) {
    await clock.sleep(RENEW_EVERY_MS, cancelled);
    const seen = await store.stat(blob.path);
    if (seen === null) return undefined;
    if (seen.etag !== blob.etag) return { blob: seen, ms: 0, isByDate: false };
    const ms = clock.elapsed() - began;
    if (ms > STALE_AFTER_MS) return { blob, ms, isByDate: false };
  }
}
