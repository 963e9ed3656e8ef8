import { formatDuration } from "../../kernel/duration.ts";
import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { isTriedOut, pauseBefore, tryNoMore, withRetry, type RetryPolicy } from "../../kernel/retry.ts";
import { severalTries } from "../../kernel/several-tries.ts";
import { collect, type ByteStream } from "../../kernel/streams.ts";
import type { BlobFacts, BlobStore, PutOptions } from "../../ports/blob-store.ts";
import type { Clock, Random } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";

/** What retrying needs from outside, and how often and how patiently it tries. */
export interface StoreRetry {
  readonly clock: Pick<Clock, "sleep" | "elapsed">;
  readonly random: Pick<Random, "fraction">;
  /** The run is to stop, and nothing is tried again. */
  readonly cancelled?: AbortSignal;
  /**
   * Tries of one call end after so many milliseconds, together, and none begins later; 5 minutes unless told.
   */
  readonly budgetMs?: number;
  /** Told of every retry. */
  readonly log?: Pick<Log, "info">;
  /** Tries in all; 5 unless told. */
  readonly attempts?: number;
  /** First pause in milliseconds; 500 unless told, doubling up to 15 s. */
  readonly firstDelayMs?: number;
}

const BUDGET_MS = 5 * 60_000;

/**
 * Tries again what `store.unreachable` or `store.unreadable` ended: check, stat, get, replace, now, remove,
 * and the beginning of a listing. A download that breaks in the middle goes on by range. A put is never
 * repeated as a whole, because its stream can be read only once: adapters retry within a put. A listing that
 * breaks later is thrown: adapters retry within a listing, where they know the page.
 */
export function retrying(
  store: BlobStore,
  { clock, random, log, cancelled, attempts = 5, firstDelayMs = 500, budgetMs = BUDGET_MS }: StoreRetry,
): BlobStore {
  return new RetryingStore(store, {
    attempts,
    firstDelayMs,
    delayMsMax: 15_000,
    // Where a store has used up tries of its own, more around them would multiply them.
    isTransient: (error) =>
      isHoldfastError(error, "store.unreachable", "store.unreadable") && !isTriedOut(error),
    budget: { ms: budgetMs, elapsed: () => clock.elapsed() },
    stop: cancelled,
    tell: severalTries,
    sleep: (ms) => clock.sleep(ms),
    random: () => random.fraction(),
    onRetry: (error, attempt, delayMs) =>
      log?.info(
        `${(error as Error).message}; trying again in ${formatDuration(delayMs)} ` +
          `(try ${attempt + 1} of ${attempts})`,
      ),
  });
}

type Range = { start: number; end?: number };

class RetryingStore implements BlobStore {
  readonly url: string;
  readonly #store: BlobStore;
  readonly #retry: RetryPolicy;

  constructor(store: BlobStore, retry: RetryPolicy) {
    this.url = store.url;
    this.#store = store;
    this.#retry = retry;
  }

  check(...given: Parameters<BlobStore["check"]>): Promise<void> {
    return withRetry(this.#retry, () => this.#store.check(...given));
  }

  put(path: string, content: ByteStream, options?: PutOptions): Promise<BlobFacts> {
    return this.#store.put(path, content, options);
  }

  async get(path: string, range: Range = { start: 0 }): Promise<{ size: number; content: ByteStream }> {
    const first = await withRetry(this.#retry, () => this.#store.get(path, range));
    return { size: first.size, content: this.#resumed(path, range.start, first) };
  }

  stat(path: string): Promise<BlobFacts | null> {
    return withRetry(this.#retry, () => this.#store.stat(path));
  }

  async *list(prefix: string): AsyncIterable<BlobFacts> {
    const listing = await withRetry(this.#retry, async () => {
      const iterator = this.#store.list(prefix)[Symbol.asyncIterator]();
      return { iterator, first: await iterator.next() };
    });
    if (listing.first.done === true) return;
    try {
      yield listing.first.value;
      for (
        let next = await listing.iterator.next();
        next.done !== true;
        next = await listing.iterator.next()
      ) {
        yield next.value;
      }
    } finally {
      await listing.iterator.return?.();
    }
  }

  /**
   * A repeated replace may find that the lost first try did happen: then the blob holds exactly our bytes.
   * Those bytes are a lock with a random token in it, so nobody else can have written the same.
   */
  async replace(path: string, content: Uint8Array, etag: string): Promise<BlobFacts> {
    let mayHaveHappened = false;
    return await withRetry(this.#retry, async () => {
      try {
        return await this.#store.replace(path, content, etag);
      } catch (error) {
        if (this.#retry.isTransient(error)) mayHaveHappened = true;
        else if (mayHaveHappened && isHoldfastError(error, "store.changed")) {
          const facts = await this.#holdsExactly(path, content);
          if (facts !== null) return facts;
        }
        throw error;
      }
    });
  }

  now(): Promise<Date> {
    return withRetry(this.#retry, () => this.#store.now());
  }

  remove(path: string): Promise<void> {
    return withRetry(this.#retry, () => this.#store.remove(path));
  }

  async #holdsExactly(path: string, content: Uint8Array): Promise<BlobFacts | null> {
    const facts = await this.#store.stat(path);
    if (facts?.size !== content.byteLength) return null;
    const there = await this.#store.get(path);
    return Buffer.compare(await collect(there.content, content.byteLength), content) === 0 ? facts : null;
  }

  /** `store.unreachable` in the middle of a stream: asks for the rest; progress gives the tries back. */
  async *#resumed(path: string, start: number, first: { size: number; content: ByteStream }): ByteStream {
    let received = 0;
    let content = first.content;
    for (let failures = 0; ;) {
      try {
        for await (const chunk of content) {
          received += chunk.byteLength;
          // Only progress gives the tries back.
          if (chunk.byteLength > 0) failures = 0;
          yield chunk;
        }
        return;
      } catch (error) {
        failures += 1;
        if (!this.#retry.isTransient(error) || this.#retry.stop?.aborted === true) throw tryNoMore(error);
        if (failures >= this.#retry.attempts) throw tryNoMore(severalTries(error, failures, undefined));
        await pauseBefore(this.#retry, failures + 1, error);
      }
      const missing = first.size - received;
      const rest = await withRetry(this.#retry, () =>
        this.#store.get(path, { start: start + received, end: start + first.size }),
      );
      if (rest.size !== missing) {
        throw new HoldfastError(
          "store.changed",
          `${path} has ${rest.size} bytes left where ${missing} were announced, after a broken connection`,
          {
            hint: "Somebody changed the blob while it was being read; read it again from the beginning.",
          },
        );
      }
      content = rest.content;
    }
  }
}
