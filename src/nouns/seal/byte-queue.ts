import { giveBack } from "../../kernel/lent-chunks.ts";

/** Bytes in, blocks of a wanted size out; copies at most once. */
export class ByteQueue {
  #chunks: Buffer[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(chunk: Uint8Array): void {
    if (chunk.byteLength === 0) return;
    this.#chunks.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    this.#size += chunk.byteLength;
  }

  /** Removes and returns the first `size` bytes; `size` must not exceed what is there. */
  take(size: number): Buffer {
    const first = this.#chunks[0];
    if (first && first.length >= size) {
      this.#size -= size;
      if (first.length === size) this.#chunks.shift();
      else this.#chunks[0] = first.subarray(size);
      return first.subarray(0, size);
    }
    const taken = Buffer.allocUnsafe(size);
    let filled = 0;
    let used = 0;
    while (filled < size) {
      const chunk = this.#chunks[used];
      if (!chunk) throw new RangeError(`asked for ${size} bytes of ${this.#size}`);
      const part = Math.min(chunk.length, size - filled);
      chunk.copy(taken, filled, 0, part);
      filled += part;
      if (part === chunk.length) used += 1;
      else this.#chunks[used] = chunk.subarray(part);
    }
    this.#chunks.splice(0, used);
    this.#size -= size;
    return taken;
  }

  /**
   * Removes the first `size` bytes and passes them on where they lie, uncopied. Each part is valid until the
   * next is asked for: a chunk that is used up is given back to its lender.
   */
  *parts(size: number): Generator<Buffer> {
    for (let left = size; left > 0;) {
      const chunk = this.#chunks[0];
      if (!chunk) throw new RangeError(`asked for ${left} bytes of ${this.#size}`);
      const part = chunk.subarray(0, left);
      yield part;
      left -= part.length;
      this.#size -= part.length;
      if (part.length < chunk.length) {
        this.#chunks[0] = chunk.subarray(part.length);
      } else {
        this.#chunks.shift();
        giveBack(chunk);
      }
    }
  }

  /** The first bytes, up to `sizeMax`, left in place. */
  peek(sizeMax: number): Buffer {
    const size = Math.min(sizeMax, this.#size);
    const taken = this.take(size);
    if (size > 0) {
      this.#chunks.unshift(taken);
      this.#size += size;
    }
    return taken;
  }
}
