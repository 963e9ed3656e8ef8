import { formatDuration } from "../../kernel/duration.ts";
import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { once } from "../../kernel/streams.ts";
import type { BlobFacts } from "../../ports/blob-store.ts";
import type { Clock } from "../../ports/clock.ts";
import {
  encodeLock,
  folderOf,
  generations,
  guessLock,
  nextGenerationPath,
  readLock,
  type LockDocument,
} from "./lock-document.ts";
import { isRefusal, lost, nameOf, unrenewed, type LockRequest } from "./lock-request.ts";
import { releaseLock } from "./lock-release.ts";
import { RENEW_EVERY_MS, STALE_AFTER_MS } from "./lock-age.ts";

/**
 * Unrenewed for this long a guard ends, whatever is under way: some time before others may take it over. It
 * is counted from before a blob was written, since the store dates it by when it was.
 */
export const UNRENEWED_MS_MAX = STALE_AFTER_MS - RENEW_EVERY_MS;

/** Between two renewals at least, also where there is little time left. */
const PAUSE_MS_MIN = 1_000;

/** So long a run that is over waits for the store to take its lock back; retries within are a store's own. */
const RELEASE_MS_MAX = 60_000;

/**
 * A held lock. Disposing releases it; `lost` aborts when another run has taken it over, somebody removed it,
 * or it could not be renewed in time: then with what the store said.
 */
export interface HeldLock extends AsyncDisposable {
  /** Of its newest generation. */
  readonly path: string;
  readonly token: string;
  readonly lost: AbortSignal;
}

/** How a lock was taken. */
export interface Taken {
  readonly blob: BlobFacts;
  /** Monotonic milliseconds, before the blob was written. */
  readonly began: number;
  /** The generation that was taken over, as it was found. */
  readonly abandoned?: BlobFacts | undefined;
}

/**
 * Keeps a lock by renewing its blob until it is disposed. Where the store lets no blob be changed, as under
 * an immutability policy, a guard is kept by the next generation, created as a taker would create it.
 */
export class LockHolder implements HeldLock {
  readonly token: string;
  readonly #request: LockRequest;
  readonly #document: LockDocument;
  readonly #lost = new AbortController();
  readonly #stop = new AbortController();
  readonly #renewing: Promise<void>;
  readonly #abandoned: BlobFacts | undefined;
  /** As this run has written it last. */
  #blob: BlobFacts;
  /** Not later than that was, by the monotonic clock. */
  #renewed: number;
  /** The store refuses to let it be renewed, since the last time that it did. */
  #isRefused = false;
  #isRefusalTold = false;
  /** Why it could not be renewed the last time; absent where it could. */
  #failure: unknown;
  /** What is there may not be changed: each sign of life is a blob of its own. */
  #isCreateOnly = false;

  /** @param taken how it was taken */
  constructor(request: LockRequest, document: LockDocument, { blob, began, abandoned }: Taken) {
    this.token = document.token;
    this.#request = request;
    this.#document = document;
    this.#blob = blob;
    this.#abandoned = abandoned;
    this.#renewed = began;
    this.#renewing = this.#keepRenewing();
  }

  get path(): string {
    return this.#blob.path;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    const { clock, warn } = this.#request;
    try {
      if (!(await answered(() => this.#release(), RELEASE_MS_MAX, clock))) throw unanswered();
    } catch (error) {
      // A backup that is committed must not end as a failure because its lock stays behind: it counts as
      // abandoned soon.
      warn?.(
        `the lock ${this.path} could not be released: ${(error as Error).message}; ` +
          `it counts as abandoned in at most ${formatDuration(STALE_AFTER_MS)}`,
      );
    }
  }

  async #release(): Promise<void> {
    await this.#renewing;
    // Abandoned generations first: were ours removed first, an abandoned one would look like
    // the newest again.
    if (!this.lost.aborted) await this.#removeAbandoned();
    await releaseLock(this.#request.store, this.path, this.token);
  }

  /**
   * Removes generations below ours, unless somebody renews one: then it is not the one that was taken over,
   * but a new lock in its place. Where nothing may be removed they stay: they are older, and below.
   */
  async #removeAbandoned(): Promise<void> {
    const { store } = this.#request;
    try {
      for (const { blob } of await generations(store, folderOf(this.path))) {
        if (blob.path < this.path && (await this.#isAbandoned(blob))) await store.remove(blob.path);
      }
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }

  async #isAbandoned({ path, modifiedAt }: BlobFacts): Promise<boolean> {
    const { store } = this.#request;
    if (this.#blob.modifiedAt.getTime() - modifiedAt.getTime() > STALE_AFTER_MS) return true;
    if (path === this.#abandoned?.path && (await store.stat(path))?.etag === this.#abandoned.etag) {
      return true;
    }
    const lock = await guessLock(store, path);
    return lock?.released === true || lock?.token === this.token;
  }

  async #keepRenewing(): Promise<void> {
    const { clock } = this.#request;
    while (!this.#stop.signal.aborted) {
      try {
        const pauseMs = this.#pauseMs();
        const wake = clock.elapsed() + pauseMs;
        await clock.sleep(pauseMs, this.#stop.signal);
        await this.#renewInTime(clock.elapsed() - wake);
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        this.#failure = error;
        const end = this.#endOf(error);
        if (end === undefined) continue;
        if (end.reason !== undefined) this.#lost.abort(end.reason);
        return;
      }
    }
  }

  /** Milliseconds until a guard ends. A courtesy waits for the store, as the work itself does. */
  #leftMs(): number {
    const { clock, purpose = "guard" } = this.#request;
    return purpose === "courtesy" ? Infinity : this.#renewed + UNRENEWED_MS_MAX - clock.elapsed();
  }

  /** After one that failed, which may have taken long, the next begins while it can still succeed. */
  #pauseMs(): number {
    const { clock } = this.#request;
    const isDue = this.#renewed + RENEW_EVERY_MS - clock.elapsed();
    const pauseMs = this.#failure === undefined ? isDue : Math.min(RENEW_EVERY_MS, this.#leftMs() / 2);
    return Math.max(PAUSE_MS_MIN, pauseMs);
  }

  /**
   * A guard tells in time that it lapses, also when the store does not answer at all: what it guards would
   * go on while others take over.
   *
   * @param lateMs by how much the pause before was overslept
   */
  async #renewInTime(lateMs: number): Promise<void> {
    // A machine that was suspended is late already, and may find its lock as it left it.
    const leftMs = lateMs > RENEW_EVERY_MS ? Math.max(RENEW_EVERY_MS, this.#leftMs()) : this.#leftMs();
    const isAnswered = await answered(() => this.#renew(), leftMs, this.#request.clock);
    // That the time is over says less than why it could not be renewed before.
    if (!isAnswered) throw this.#failure ?? unanswered();
  }

  async #renew(): Promise<void> {
    const { clock } = this.#request;
    await this.#requireNewest();
    const written = clock.elapsed();
    const next = encodeLock({ ...this.#document, renewedAt: clock.now().toISOString() });
    this.#blob = this.#isCreateOnly ? await this.#createNext(next) : await this.#replace(next);
    // This machine may have slept in between, for as long as others need to take the lock over.
    await this.#requireNewest();
    this.#renewed = written;
    this.#isRefused = false;
    this.#failure = undefined;
  }

  /** @throws lock.lost where another run has taken the lock over */
  async #requireNewest(): Promise<void> {
    const newest = (await generations(this.#request.store, folderOf(this.path))).at(-1)?.blob;
    if (newest !== undefined && newest.path > this.path) await this.#adopt(newest);
  }

  /** Ours, where only the answer to its creation was lost. @throws lock.lost where it is another run's */
  async #adopt(blob: BlobFacts): Promise<void> {
    if ((await readLock(this.#request.store, blob.path))?.token !== this.token) {
      throw lost(this.#request, "another run took it over");
    }
    this.#blob = blob;
  }

  async #replace(next: Buffer): Promise<BlobFacts> {
    const { store, purpose = "guard" } = this.#request;
    try {
      return await store.replace(this.path, next, this.#blob.etag);
    } catch (error) {
      if (isHoldfastError(error, "store.changed", "store.not-found")) {
        return await store.replace(this.path, next, (await this.#stillOurs(error)).etag);
      }
      // A courtesy may lapse, rather than leave a blob every half minute that nobody may remove.
      if (purpose === "courtesy" || !isRefusal(error)) throw error;
      const created = await this.#createNext(next).catch((why: unknown) => {
        // That nothing may be created either says less than why nothing may be changed.
        throw isRefusal(why) ? error : why;
      });
      this.#isCreateOnly = true;
      return created;
    }
  }

  /**
   * Nobody else can have created it before, but whoever took the lock over may have ended since and removed
   * everything, so that a third run has begun with the first generation: ours must follow our own. This
   * machine may sleep between any two lines.
   *
   * @throws lock.lost where another run has created it, or ours was removed
   */
  async #createNext(content: Buffer): Promise<BlobFacts> {
    const { store } = this.#request;
    const own = this.#blob;
    await this.#requireStanding(own);
    const path = nextGenerationPath(own.path);
    let next: BlobFacts;
    try {
      next = await store.put(path, once(content), { contentType: "application/json" });
    } catch (error) {
      const blob = isHoldfastError(error, "store.exists") ? await store.stat(path) : null;
      if (blob === null) throw error;
      await this.#adopt(blob);
      next = blob;
    }
    try {
      await this.#requireStanding(own);
    } catch (error) {
      // It stands in somebody else's way, and is only in the way until it counts as abandoned.
      if (isHoldfastError(error, "lock.lost")) await store.remove(path).catch(() => undefined);
      throw error;
    }
    return next;
  }

  /** @throws lock.lost where the blob is not as we have written it */
  async #requireStanding({ path, etag }: BlobFacts): Promise<void> {
    const found = await this.#request.store.stat(path);
    if (found?.etag !== etag) throw lost(this.#request, "somebody removed its blob");
  }

  /** A blob that is not as we left it says whose it is. @throws lock.lost */
  async #stillOurs(cause: HoldfastError): Promise<BlobFacts> {
    const { store } = this.#request;
    const blob = await store.stat(this.path);
    const lock = blob === null ? undefined : await readLock(store, this.path);
    if (blob === null || lock === undefined) throw lost(this.#request, "somebody removed its blob", cause);
    if (lock.token === this.token) return blob;
    throw lost(this.#request, `its blob was changed by ${lock.run.actor}, doing ${lock.doing}`, cause);
  }

  /**
   * @returns undefined where it is tried again; otherwise no more renewals, and the work ends for the
   *   `reason`, unless there is none
   */
  #endOf(error: unknown): { readonly reason?: unknown } | undefined {
    const { clock, purpose = "guard" } = this.#request;
    const lapses = purpose === "courtesy" && this.#isRefused;
    // Whoever came when ours had lapsed was let in knowingly.
    if (isHoldfastError(error, "lock.lost")) return lapses ? {} : { reason: error };
    const unrenewedMs = clock.elapsed() - this.#renewed;
    if (isRefusal(error)) {
      this.#isRefused = true;
      this.#tellRefusal(error, UNRENEWED_MS_MAX - unrenewedMs);
    }
    if (unrenewedMs < UNRENEWED_MS_MAX || (purpose === "courtesy" && this.#isRefused)) return undefined;
    return { reason: unrenewed(this.#request, unrenewedMs, error) };
  }

  /** At once: nobody should find out after minutes why the work ends, or that a second run may come. */
  #tellRefusal(error: HoldfastError, leftMs: number): void {
    if (this.#isRefusalTold) return;
    this.#isRefusalTold = true;
    const { purpose, warn } = this.#request;
    const left = formatDuration(Math.max(0, leftMs));
    const name = nameOf(this.#request);
    warn?.(
      purpose === "courtesy"
        ? `the lock of ${name} cannot be renewed: ${error.message}; it lapses in ` +
            `${formatDuration(Math.max(0, leftMs) + RENEW_EVERY_MS)} and keeps no second run out from then ` +
            "on. This run goes on: whatever it writes is created once, under a name of its own, so two " +
            "runs at once do each other no harm"
        : `the lock of ${name} cannot be renewed: ${error.message}; the work goes on for ${left}, and ends ` +
            "then unless the lock could be renewed, because a second run could change the same target",
    );
  }
}

function unanswered(): HoldfastError {
  return new HoldfastError("store.unreachable", "the store has not answered", {
    hint: "See what keeps this machine from the store.",
  });
}

/**
 * What a store does not answer in time is given up, and may happen all the same.
 *
 * @returns whether it was done in time
 */
async function answered(work: () => Promise<void>, ms: number, clock: Clock): Promise<boolean> {
  if (ms <= 0) return false;
  if (ms === Infinity) {
    await work();
    return true;
  }
  const over = new AbortController();
  try {
    return await Promise.race([work().then(() => true), clock.sleep(ms, over.signal).then(() => false)]);
  } finally {
    over.abort();
  }
}
