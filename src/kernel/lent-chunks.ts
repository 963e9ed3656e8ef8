/**
 * Chunks that are used again. A stream's chunk may be kept by whoever was given it, so it cannot be written
 * to again, and a long stream is garbage by the gigabyte that is collected late. Where the last reader of a
 * stream copies what it is given, it can say so: the chunk goes back to the source that lent it. Nobody has
 * to; a chunk that is not given back is collected as ever.
 */
const lenders = new WeakMap<ArrayBufferLike, () => void>();

/** Blocks that a source fills and lends out, and has again when they were given back. */
export class LentBlocks {
  readonly #free: Buffer<ArrayBuffer>[] = [];

  /** A block of at least `size` bytes with old content in it, whose buffer is its own. */
  take(size: number): Buffer<ArrayBuffer> {
    // The one that came back last: what is needed at the same time only once is not touched again.
    const free = this.#free.findLastIndex((block) => block.length >= size);
    return free === -1 ? Buffer.allocUnsafeSlow(size) : this.#free.splice(free, 1)[0]!;
  }

  /** The first `size` bytes of a block as a chunk of a stream. */
  lend(block: Buffer<ArrayBuffer>, size: number): Buffer<ArrayBuffer> {
    lenders.set(block.buffer, () => this.#free.push(block));
    return block.subarray(0, size);
  }
}

/** Somebody will look at the chunk later: it stays as it is. For whoever gives one chunk to two readers. */
export function keep(chunk: Uint8Array): void {
  lenders.delete(chunk.buffer);
}

/**
 * Nobody will look at the chunk any more. For a reader that was given the whole stream alone, and has copied
 * what it wants of this chunk.
 */
export function giveBack(chunk: Uint8Array): void {
  const takeBack = lenders.get(chunk.buffer);
  lenders.delete(chunk.buffer);
  takeBack?.();
}

/**
 * Frees at once what the collector would free late: it counts small objects, and not the large buffer behind
 * one. For a buffer of its own that nobody will look at any more, through whatever view.
 */
export function freeNow(buffer: ArrayBuffer): void {
  buffer.transfer(0);
}
