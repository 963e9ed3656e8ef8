import * as z from "zod";
import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { ageMs, formatDuration } from "../../kernel/duration.ts";
import { MiB } from "../../kernel/bytes.ts";
import { collect, once } from "../../kernel/streams.ts";
import type { BlobFacts, BlobStore } from "../../ports/blob-store.ts";
import type { Clock, Random } from "../../ports/clock.ts";
import type { RunIdentity } from "../../ports/run-identity.ts";
import { LOCKS } from "./layout.ts";
import { runRecord } from "./run-record.ts";

/**
 * The lock of a source and tier: keeps two runs from doing the same work at once. It is a courtesy, never
 * the guard of a commit: manifests are create-only under unique ids, so two backups at the same time would
 * both be right.
 *
 * A lock is a blob `locks/<source>/<tier>/<generation>.json` that its owner renews. A stale lock, left by a
 * killed runner, is taken over by creating the next generation, which exactly one of any number of takers can
 * do; the old owner, should it wake up, sees it and stops.
 */

const RENEW_EVERY_MS = 30_000;
/**
 * After this long without renewal the owner is taken for dead. Generous, because the clocks of two
 * machines differ.
 */
const STALE_AFTER_MS = 4 * 60_000;

const lockDocument = z.object({
  format: z.literal("holdfast.lock/1"),
  token: z.string(),
  since: z.iso.datetime(),
  renewedAt: z.iso.datetime(),
  doing: z.string(),
  run: runRecord,
});
type LockDocument = z.infer<typeof lockDocument>;

/**
 * A held lock. Disposing releases it; `lost` aborts when another run has taken it over or it could not be
 * renewed in time.
 */
export interface HeldLock extends AsyncDisposable {
  readonly path: string;
  readonly token: string;
  readonly lost: AbortSignal;
}

/** What {@link acquireLock} needs. */
export interface LockRequest {
  readonly store: BlobStore;
  readonly source: string;
  readonly tier: string;
  /** What is locked, for people; source and tier when left out. */
  readonly name?: string;
  readonly doing: string;
  /** For whoever loses it in the midst: what may have been done by then, and what to do next. */
  readonly ifLost: string;
  readonly run: RunIdentity;
  readonly clock: Clock;
  readonly random: Random;
  /** Told when the lock could not be given back; the work it guarded is done all the same. */
  readonly warn?: (text: string) => void;
}

/**
 * Takes the lock of source and tier.
 *
 * @throws lock.held, naming who holds it and since when
 */
export async function acquireLock(request: LockRequest): Promise<HeldLock> {
  const { store, clock } = request;
  const folder = `${LOCKS}${request.source}/${request.tier}/`;
  const top = await requireFree(request);
  const generation = (top?.generation ?? 0) + 1;
  const path = `${folder}${String(generation).padStart(9, "0")}.json`;
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
    blob = await store.put(path, once(encode(document)), { contentType: "application/json" });
  } catch (error) {
    if (!isHoldfastError(error, "store.exists")) throw error;
    throw held(request, await readLock(store, path), clock);
  }
  return new Holder(request, document, blob);
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
  const { store, source, tier, clock } = request;
  const top = (await generations(store, `${LOCKS}${source}/${tier}/`)).at(-1);
  const holder = top && (await readLock(store, top.blob.path));
  if (holder && !isStale(holder, top.blob, clock) && isMinded(holder.doing)) {
    throw held(request, holder, clock);
  }
  return top;
}

/**
 * Removes a lock that a run of ours left behind; somebody else's is left alone. Returns whether it was there.
 */
export async function releaseLock(store: BlobStore, path: string, token: string): Promise<boolean> {
  const lock = await readLock(store, path);
  if (lock?.token !== token) return false;
  await store.remove(path);
  return true;
}

class Holder implements HeldLock {
  readonly path: string;
  readonly token: string;
  readonly #request: LockRequest;
  readonly #lost = new AbortController();
  readonly #stop = new AbortController();
  readonly #renewing: Promise<void>;

  constructor(request: LockRequest, document: LockDocument, blob: BlobFacts) {
    this.path = blob.path;
    this.token = document.token;
    this.#request = request;
    this.#renewing = this.#keepRenewing(document, blob);
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#renewing;
    const { store, warn } = this.#request;
    try {
      // Abandoned generations first: were ours removed first, an abandoned one would look like
      // the newest again.
      if (!this.lost.aborted) await this.#removeAbandoned();
      await releaseLock(store, this.path, this.token);
    } catch (error) {
      // A backup that is committed must not end as a failure because its lock stays behind: it counts as
      // abandoned soon.
      warn?.(
        `the lock ${this.path} could not be released: ${(error as Error).message}; ` +
          `it counts as abandoned in ${formatDuration(STALE_AFTER_MS)}`,
      );
    }
  }

  /**
   * Removes generations below ours, unless somebody renews one: then it is not the one that was taken over,
   * but a new lock in its place.
   */
  async #removeAbandoned(): Promise<void> {
    const { store, clock } = this.#request;
    for (const { blob } of await generations(store, folderOf(this.path))) {
      if (blob.path >= this.path) continue;
      const lock = await readLock(store, blob.path);
      if (lock && isStale(lock, blob, clock)) await store.remove(blob.path);
    }
  }

  async #keepRenewing(document: LockDocument, blob: BlobFacts): Promise<void> {
    const { store, clock } = this.#request;
    const folder = folderOf(this.path);
    let { etag } = blob;
    let renewed = clock.elapsed();
    while (!this.#stop.signal.aborted) {
      try {
        await clock.sleep(RENEW_EVERY_MS, this.#stop.signal);
        const newer = (await generations(store, folder)).at(-1);
        if (newer && newer.blob.path > this.path) throw lost(this.#request, "another run took it over");
        const next = encode({ ...document, renewedAt: clock.now().toISOString() });
        ({ etag } = await store.replace(this.path, next, etag));
        renewed = clock.elapsed();
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        const gone = isHoldfastError(error, "lock.lost", "store.changed", "store.not-found");
        if (!gone && clock.elapsed() - renewed < STALE_AFTER_MS - RENEW_EVERY_MS) continue;
        this.#lost.abort(
          isHoldfastError(error, "lock.lost")
            ? error
            : lost(
                this.#request,
                gone ? "its blob was changed or removed" : "it could not be renewed",
                error,
              ),
        );
        return;
      }
    }
  }
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}

interface Generation {
  readonly generation: number;
  readonly blob: BlobFacts;
}

async function generations(store: BlobStore, folder: string): Promise<Generation[]> {
  const found: Generation[] = [];
  for await (const blob of store.list(folder)) {
    const match = /(\d{9})\.json$/.exec(blob.path);
    if (match) found.push({ generation: Number(match[1]), blob });
  }
  return found.sort((a, b) => a.generation - b.generation);
}

async function readLock(store: BlobStore, path: string): Promise<LockDocument | undefined> {
  let bytes: Buffer;
  try {
    bytes = await collect((await store.get(path)).content, MiB);
  } catch (error) {
    if (isHoldfastError(error, "store.not-found")) return undefined;
    throw error;
  }
  try {
    return lockDocument.parse(JSON.parse(bytes.toString("utf8")));
  } catch {
    // A lock that cannot be read still says that somebody was here; its age alone decides (see isStale).
    return {
      format: "holdfast.lock/1",
      token: "",
      since: "",
      renewedAt: "",
      doing: "an unknown command",
      run: UNKNOWN_RUN,
    };
  }
}

const UNKNOWN_RUN: RunIdentity = { kind: "cli", id: "unknown", url: null, commit: null, actor: "somebody" };

function isStale(lock: LockDocument, blob: BlobFacts, clock: Clock): boolean {
  const written = Date.parse(lock.renewedAt);
  // The later of the owner's clock and the store's: a lock is only taken over when both say that it is old.
  const renewed = Math.max(Number.isNaN(written) ? 0 : written, blob.modifiedAt.getTime());
  return clock.now().getTime() - renewed > STALE_AFTER_MS;
}

function encode(document: LockDocument): Buffer {
  return Buffer.from(`${JSON.stringify(document, null, 2)}\n`);
}

function nameOf({ source, tier, name = `${source}/${tier}` }: LockRequest): string {
  return name;
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

function lost(request: LockRequest, why: string, cause?: unknown): HoldfastError {
  return new HoldfastError("lock.lost", `the lock of ${nameOf(request)} was lost: ${why}`, {
    hint:
      `${request.ifLost} If it repeats, look for a second run that does the same, and for what keeps this ` +
      "one from the store for minutes.",
    cause,
  });
}
