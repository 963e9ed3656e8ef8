import { createHash, hash, type Hash } from "node:crypto";
import { keep } from "./lent-chunks.ts";
import { onAbort } from "./on-abort.ts";

/**
 * A stream of bytes; pulling is backpressure, and leaving the loop early must release whatever is behind it.
 * A chunk that was given is not written to again: readers keep chunks while they pull more. (Where the last
 * reader copies, it may give them back: see lent-chunks.ts.)
 */
export type ByteStream = AsyncIterable<Uint8Array>;

/** Counts and hashes bytes that flow past; read the totals only after the stream has ended. */
export class Meter {
  readonly #hash: Hash = createHash("sha256");
  #size = 0;
  #digest: string | undefined;

  update(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.#size += chunk.byteLength;
  }

  get size(): number {
    return this.#size;
  }

  get sha256(): string {
    this.#digest ??= this.#hash.digest("hex");
    return this.#digest;
  }
}

/** Passes `source` through unchanged while `meter` sees every byte. */
export async function* metered(source: ByteStream, meter: Meter): ByteStream {
  for await (const chunk of source) {
    meter.update(chunk);
    yield chunk;
  }
}

/** Calls `onBytes` with the size of every chunk: the hook for progress. */
export async function* counted(source: ByteStream, onBytes: (bytes: number) => void): ByteStream {
  for await (const chunk of source) {
    onBytes(chunk.byteLength);
    yield chunk;
  }
}

/** Collects a small stream. `sizeMax` guards against reading something huge by mistake. */
export async function collect(source: ByteStream, sizeMax: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    size += chunk.byteLength;
    if (size > sizeMax) throw new RangeError(`more than ${sizeMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** A stream of exactly one chunk. */
export async function* once(bytes: Uint8Array): ByteStream {
  yield bytes;
}

/** Reads to the end and throws the bytes away. */
export async function drain(source: ByteStream): Promise<void> {
  for await (const chunk of source) void chunk;
}

/** SHA-256 of bytes or UTF-8 text, as lower-case hex. */
export function sha256(bytes: Uint8Array | string): string {
  return hash("sha256", bytes);
}

/**
 * Two readers of one stream: `main` sees everything and sets the pace; `side` sees the same bytes from the
 * beginning and may leave early. A slow side holds main back, so that nothing piles up in memory; whoever
 * gives `side` away must call `leave` when it will not be read any more. `leave` also ends a reader that is
 * still waiting, with an error: needed when main will never be read.
 */
export function fork(source: ByteStream): {
  readonly main: ByteStream;
  readonly side: ByteStream;
  readonly leave: () => void;
} {
  const side = new SideStream();
  const main = async function* (): ByteStream {
    let failure: unknown = new Error("the stream was left before its end");
    try {
      for await (const chunk of source) {
        await side.push(chunk);
        yield chunk;
      }
      failure = undefined;
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      side.end(failure);
    }
  };
  return { main: main(), side: side.read(), leave: () => side.leave() };
}

class SideStream {
  #chunk: Uint8Array | undefined;
  #ended = false;
  #failure: unknown;
  #left = false;
  #wake: () => void = () => undefined;

  /** Resolves when the reader has taken the chunk, or has left. */
  async push(chunk: Uint8Array): Promise<void> {
    if (this.#left) return;
    keep(chunk);
    this.#chunk = chunk;
    this.#signal();
    while (this.#chunk !== undefined && !this.#left) await this.#changed();
  }

  end(failure: unknown): void {
    this.#ended = true;
    this.#failure = failure;
    this.#signal();
  }

  async *read(): ByteStream {
    try {
      for (;;) {
        if (this.#chunk !== undefined) {
          const chunk = this.#chunk;
          this.#chunk = undefined;
          this.#signal();
          yield chunk;
        } else if (this.#ended) {
          if (this.#failure !== undefined) throw this.#failure;
          return;
        } else if (this.#left) {
          throw new Error("the stream was left before its end");
        } else {
          await this.#changed();
        }
      }
    } finally {
      this.leave();
    }
  }

  leave(): void {
    this.#left = true;
    this.#chunk = undefined;
    this.#signal();
  }

  #waiting: Promise<void> | undefined;

  #changed(): Promise<void> {
    this.#waiting ??= new Promise((resolve) => {
      this.#wake = resolve;
    });
    return this.#waiting;
  }

  #signal(): void {
    this.#waiting = undefined;
    this.#wake();
  }
}

/**
 * Passes `source` through until it ends or `signal` aborts; then the reader gets the signal's reason at once,
 * also while a chunk is awaited that may never come. The source is told to stop, and not waited for.
 */
export async function* abortable(source: ByteStream, signal: AbortSignal): ByteStream {
  signal.throwIfAborted();
  const iterator = source[Symbol.asyncIterator]();
  let fail: (reason: unknown) => void = () => undefined;
  // One listener for all chunks: one each would pile up on a signal that lives as long as the run.
  using _ending = onAbort(signal, () => fail(signal.reason));
  let isDone = false;
  try {
    for (;;) {
      const result = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
        fail = reject;
        iterator.next().then(resolve, reject);
      });
      isDone = result.done === true;
      if (isDone) return;
      yield result.value as Uint8Array;
      signal.throwIfAborted();
    }
  } finally {
    const stopped = isDone ? undefined : iterator.return?.();
    if (signal.aborted) stopped?.catch(() => undefined);
    else await stopped;
  }
}
