import type { ByteStream } from "../../kernel/streams.ts";

/** A stream that tells whether somebody waits for its next chunk: a slow reader is not a silent writer. */
export class Flow implements AsyncIterable<Uint8Array> {
  readonly #source: ByteStream;
  /** Chunks that came. */
  chunks = 0;
  /** Somebody waits for the next one, or for the end. */
  isAwaited = false;

  constructor(source: ByteStream) {
    this.#source = source;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    this.isAwaited = true;
    for await (const chunk of this.#source) {
      this.chunks += 1;
      this.isAwaited = false;
      yield chunk;
      this.isAwaited = true;
    }
  }
}
