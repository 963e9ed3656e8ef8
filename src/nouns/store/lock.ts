import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { ageMs, formatDuration } from "../../kernel/duration.ts";
import { once } from "../../kernel/streams.ts";
import type { BlobFacts } from "../../ports/blob-store.ts";
import type { Clock } from "../../ports/clock.ts";
import { LOCKS } from "./layout.ts";
import { isStale, STALE_AFTER_MS } from "./lock-age.ts";
import {
  encodeLock,
  generationPath,
  generations,
  readLock,
  type Generation,
  type LockDocument,
} from "./lock-document.ts";
import { LockHolder, type HeldLock } from "./lock-holder.ts";
import { nameOf, type LockRequest } from "./lock-request.ts";

export type { HeldLock } from "./lock-holder.ts";
export { releaseLock } from "./lock-release.ts";
export type { LockRequest } from "./lock-request.ts";

/**
 * The lock of a source and tier: keeps two runs from doing the same work at once. It is never the guard of a
 * commit: manifests are create-only under unique ids, so two backups at the same time would both be right.
 * For whatever changes a target it is one ({@link LockRequest.purpose}).
 *
 * A lock is a blob `locks/<source>/<tier>/<generation>.json` that its owner renews. A stale lock, left by a
 * killed runner, is taken over by creating the next generation, which exactly one of any number of takers can
 * do; the old owner, should it wake up, sees it and stops.
 */

/**
 * Takes the lock of source and tier.
 *
 * @throws lock.held, naming who holds it and since when
 */
export async function acquireLock(request: LockRequest): Promise<HeldLock> {
  const { store, clock } = request;
  const top = await requireFree(request);
  const path = generationPath(folderOfLock(request), (top?.generation ?? 0) + 1);
  const now = clock.now().toISOString();
  const document: LockDocument = {
    format: "holdfast.lock/1",
    token: request.random.hex(16),
    since: now,
    renewedAt: now,
    doing: request.doing,
    run: request.run,
  };
  let blob: BlobFacts;
  try {
    blob = await store.put(path, once(encodeLock(document)), { contentType: "application/json" });
  } catch (error) {
    if (!isHoldfastError(error, "store.exists")) throw error;
    throw held(request, await readLock(store, path), clock);
  }
  return new LockHolder(request, document, blob);
}

/**
 * @param isMinded by what a holder says that he does; everybody is when left out
 * @returns the newest generation that was left behind
 * @throws lock.held
 */
export async function requireFree(
  request: LockRequest,
  isMinded: (doing: string) => boolean = () => true,
): Promise<Generation | undefined> {
  const { store, clock } = request;
  const top = (await generations(store, folderOfLock(request))).at(-1);
  const holder = top && (await readLock(store, top.blob.path));
  if (holder && !isStale(holder, top.blob, clock) && isMinded(holder.doing)) {
    throw held(request, holder, clock);
  }
  return top;
}

function folderOfLock({ source, tier }: LockRequest): string {
  return `${LOCKS}${source}/${tier}/`;
}

function held(request: LockRequest, holder: LockDocument | undefined, clock: Clock): HoldfastError {
  const since =
    holder && holder.since !== ""
      ? ` since ${holder.since} (${formatDuration(ageMs(new Date(holder.since), clock))} ago)`
      : "";
  const who = holder
    ? `${holder.run.actor}, ${holder.run.url ?? `${holder.run.kind} run ${holder.run.id}`}, ` +
      `doing ${holder.doing}`
    : "another run";
  return new HoldfastError("lock.held", `${nameOf(request)} is locked by ${who}${since}`, {
    hint:
      "Wait for that run to end; if it was killed, its lock counts as abandoned " +
      `${formatDuration(STALE_AFTER_MS)} after its last sign of life.`,
  });
}
