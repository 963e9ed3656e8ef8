import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { formatDuration } from "../../kernel/duration.ts";
import { once } from "../../kernel/streams.ts";
import type { BlobFacts, BlobStore } from "../../ports/blob-store.ts";
import { LOCKS } from "./layout.ts";
import { isStale, silenceOf, STALE_AFTER_MS, type Silence } from "./lock-age.ts";
import {
  encodeLock,
  generationPath,
  generations,
  guessLock,
  type Generation,
  type LockDocument,
} from "./lock-document.ts";
import { LockHolder, UNRENEWED_MS_MAX, type HeldLock } from "./lock-holder.ts";
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

/** Times a lock is looked for that is listed and gone: a store may list what it does not have any more. */
const LOOKS_MAX = 5;

/**
 * Takes the lock of source and tier.
 *
 * @throws lock.held, naming who holds it and since when
 */
export async function acquireLock(request: LockRequest): Promise<HeldLock> {
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    const lock = await take(request, await requireFree(request));
    if (lock !== undefined) return lock;
  }
  throw held(request, undefined);
}

/** @returns undefined where others may have come meanwhile, and it must be looked again */
async function take(request: LockRequest, top: Generation | undefined): Promise<HeldLock | undefined> {
  const { store, clock } = request;
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
  const began = clock.elapsed();
  let blob: BlobFacts;
  try {
    blob = await store.put(path, once(encodeLock(document)), { contentType: "application/json" });
  } catch (error) {
    if (!isHoldfastError(error, "store.exists")) throw error;
    throw held(request, await guessLock(store, path));
  }
  // Whoever began anew meanwhile, with the first generation, would meet ours as that of a taker.
  if (top !== undefined && !(await stillStands(top.blob, path, store))) return undefined;
  // Answers that took so long may have come after others had found it abandoned.
  if (clock.elapsed() - began >= UNRENEWED_MS_MAX) {
    await store.remove(path);
    return undefined;
  }
  return new LockHolder(request, document, { blob, began, abandoned: top?.blob });
}

/** @param ours is removed where the other does not stand any more, or that cannot be found out */
async function stillStands(abandoned: BlobFacts, ours: string, store: BlobStore): Promise<boolean> {
  let stands = false;
  try {
    stands = (await store.stat(abandoned.path))?.etag === abandoned.etag;
  } finally {
    if (!stands) await store.remove(ours).catch(() => undefined);
  }
  return stands;
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
  const { store } = request;
  let top: Generation | undefined;
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    top = (await generations(store, folderOfLock(request))).at(-1);
    if (top === undefined) return undefined;
    const holder = await guessLock(store, top.blob.path);
    // Gone meanwhile: whoever comes now begins with the first generation again, and so must we.
    if (holder === undefined) continue;
    if (holder.released === true || !isMinded(holder.doing)) return top;
    const silence = await silenceOf(top.blob.path, request);
    if (silence === undefined) continue;
    if (!isStale(silence)) throw held(request, holder, silence);
    return { ...top, blob: silence.blob };
  }
  return top;
}

function folderOfLock({ source, tier }: LockRequest): string {
  return `${LOCKS}${source}/${tier}/`;
}

function held(request: LockRequest, holder: LockDocument | undefined, silence?: Silence): HoldfastError {
  const who = holder
    ? `${holder.run.actor}, ${holder.run.url ?? `${holder.run.kind} run ${holder.run.id}`}, ` +
      `doing ${holder.doing}`
    : "another run";
  const lapses = silence === undefined ? "" : `, in ${formatDuration(STALE_AFTER_MS - silence.ms)}`;
  return new HoldfastError("lock.held", `${nameOf(request)} is locked by ${who}${since(holder, silence)}`, {
    hint:
      "Wait for that run to end. It may have ended: if it was killed, or may not remove its lock, " +
      "that counts " +
      `as abandoned ${formatDuration(STALE_AFTER_MS)} after its last sign of life${lapses}.`,
  });
}

/** Owner's and store's clock each measure a part; no moment of one is held against one of the other. */
function since(holder: LockDocument | undefined, silence: Silence | undefined): string {
  if (holder === undefined || holder.since === "") return "";
  if (silence === undefined) return ` since ${holder.since}`;
  const keptMs = Math.max(0, Date.parse(holder.renewedAt) - Date.parse(holder.since));
  if (!silence.isByDate) return ` for at least ${formatDuration(keptMs + silence.ms)}`;
  const began = new Date(silence.blob.modifiedAt.getTime() - keptMs);
  return ` since ${began.toISOString()} (${formatDuration(keptMs + silence.ms)} ago)`;
}
