import { formatDuration } from "../../kernel/duration.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import { tryNoMore } from "../../kernel/retry.ts";
import { SilenceWatch } from "../../kernel/silence.ts";
import { soonAfter } from "../../kernel/soon-after.ts";
import type { ByteStream } from "../../kernel/streams.ts";
import type { BlobFacts, BlobStore, PutOptions } from "../../ports/blob-store.ts";

/** For how long an answer of a store is waited for; times in milliseconds. */
export interface AnswerLimits {
  /** Without a sign of life. */
  readonly silenceMs: number;
  /** The run is to stop: what was asked before has seconds left. */
  readonly cancelled?: AbortSignal;
  /** Told of every long silence, again and again. */
  readonly tell?: (text: string) => void;
  /** What was asked before the end was called may still be answered; 5 s unless told. */
  readonly graceMs?: number;
  /** The same of what changes the store, where only the answer tells whether it did; 30 s unless told. */
  readonly changeGraceMs?: number;
}

const HINT =
  "Look at the mount and what is behind it (mount, dmesg, the server of a network mount), then run again. " +
  "HOLDFAST_SILENCE_LIMIT gives a slow one longer.";

/**
 * Bounds the waits for a store that has no bounds of its own: a call to a file system whose server went away
 * does not end, and nobody can take it back. It is given up, and may still happen, or never. Nothing is tried
 * again, because each call would hold one of the few threads that make them.
 *
 * @throws store.unreachable from every call that was silent for too long
 */
export function answering(store: BlobStore, limits: AnswerLimits): BlobStore {
  return new AnsweringStore(store, limits);
}

/** What somebody waits for. */
interface Wait {
  readonly doing: string;
  readonly isChange?: boolean;
  /** As of {@link SilenceWatch}: changes with every sign of life, and is undefined while nothing is owed. */
  readonly heard?: () => unknown;
}

class AnsweringStore implements BlobStore {
  readonly url: string;
  readonly #store: BlobStore;
  readonly #limits: AnswerLimits;

  constructor(store: BlobStore, limits: AnswerLimits) {
    this.url = store.url;
    this.#store = store;
    this.#limits = limits;
  }

  check(...given: Parameters<BlobStore["check"]>): Promise<void> {
    return this.#within({ doing: `asking ${this.url}` }, () => this.#store.check(...given));
  }

  async put(path: string, content: ByteStream, options?: PutOptions): Promise<BlobFacts> {
    const sent = new Sent(content);
    const wait: Wait = { doing: `writing ${path}`, isChange: true, heard: () => sent.heard() };
    return await leaving(
      () => this.#within(wait, () => this.#store.put(path, sent.pieces(), options)),
      () => sent.end(),
    );
  }

  async get(
    path: string,
    range?: { start: number; end?: number },
  ): Promise<{ size: number; content: ByteStream }> {
    const wait = { doing: `reading ${path}` };
    const { size, content } = await this.#within(wait, () => this.#store.get(path, range));
    return { size, content: this.#pieces(wait, content) };
  }

  stat(path: string): Promise<BlobFacts | null> {
    return this.#within({ doing: `asking for ${path}` }, () => this.#store.stat(path));
  }

  list(prefix: string): AsyncIterable<BlobFacts> {
    return this.#pieces({ doing: `listing ${prefix === "" ? this.url : prefix}` }, this.#store.list(prefix));
  }

  replace(path: string, content: Uint8Array, etag: string): Promise<BlobFacts> {
    const wait = { doing: `replacing ${path}`, isChange: true };
    return this.#within(wait, () => this.#store.replace(path, content, etag));
  }

  now(): Promise<Date> {
    return this.#within({ doing: `asking ${this.url} for the time` }, () => this.#store.now());
  }

  remove(path: string): Promise<void> {
    return this.#within({ doing: `removing ${path}`, isChange: true }, () => this.#store.remove(path));
  }

  async *#pieces<T>(wait: Wait, pieces: AsyncIterable<T>): AsyncIterable<T> {
    const iterator = pieces[Symbol.asyncIterator]();
    // After a piece that does not come its source can only be left, and it is closed already after the last.
    let isOpen = true;
    const next = async (): Promise<IteratorResult<T>> => {
      isOpen = false;
      const piece = await this.#within(wait, () => iterator.next());
      isOpen = piece.done !== true;
      return piece;
    };
    try {
      for (let piece = await next(); piece.done !== true; piece = await next()) yield piece.value;
    } finally {
      if (isOpen) await this.#within(wait, async () => iterator.return?.());
    }
  }

  async #within<T>(wait: Wait, work: () => Promise<T>): Promise<T> {
    const { doing, isChange = false, heard = () => "nothing" } = wait;
    const { silenceMs, cancelled, tell, graceMs = 5_000, changeGraceMs = 30_000 } = this.#limits;
    const givenUp = Promise.withResolvers<never>();
    const stuck = (ms: number): void =>
      givenUp.reject(
        tryNoMore(
          new HoldfastError(
            "store.unreachable",
            `${doing}: ${this.url} has not answered for ${formatDuration(ms)}`,
            { hint: HINT, outcomeUnknown: isChange },
          ),
        ),
      );
    using _watch = new SilenceWatch({
      limitMs: silenceMs,
      heard,
      ...(tell === undefined ? {} : { tell: (text: string) => tell(`${doing}: ${text}`) }),
      over: stuck,
    });
    using stopped = new DisposableStack();
    stopped.use(
      isChange
        ? // What moves goes on: whatever its content is from has heard of the end as well.
          soonAfter(cancelled, 0, () =>
            stopped.use(new SilenceWatch({ limitMs: changeGraceMs, heard, over: stuck })),
          )
        : soonAfter(cancelled, graceMs, givenUp.reject),
    );
    return await Promise.race([work(), givenUp.promise]);
  }
}

/** What a put is given, and whether the store owes anything: it does not while it waits for more of it. */
class Sent {
  readonly #content: AsyncIterator<Uint8Array>;
  #count = 0;
  #isAsked = false;
  #isOver = false;

  constructor(content: ByteStream) {
    this.#content = content[Symbol.asyncIterator]();
  }

  heard(): number | undefined {
    return this.#isAsked ? undefined : this.#count;
  }

  /** Whatever is still at work on the put gets no more; where the content comes from can end. */
  async end(): Promise<void> {
    this.#isOver = true;
    if (!this.#isAsked) await this.#content.return?.();
  }

  /** Never ends as if complete once it was given up: what came so far would be published. */
  async *pieces(): ByteStream {
    try {
      for (;;) {
        this.#requireWanted();
        this.#isAsked = true;
        const next = await this.#content.next();
        this.#isAsked = false;
        this.#count += 1;
        this.#requireWanted();
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      this.#isAsked = false;
      if (!this.#isOver) await this.#content.return?.();
    }
  }

  #requireWanted(): void {
    if (this.#isOver) throw new Error("the put was given up");
  }
}

/** Does something and then what ends it; of two errors the first one is told. */
async function leaving<T>(work: () => Promise<T>, end: () => Promise<void>): Promise<T> {
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await end().catch(() => undefined);
    throw error;
  }
  await end();
  return result;
}
