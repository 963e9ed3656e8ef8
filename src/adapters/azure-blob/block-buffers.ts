/** A few buffers used again and again, so that a stream of any length needs the memory of a few blocks. */
export class BlockBuffers {
  readonly #free: Buffer[] = [];
  #bytes = 0;
  #bytesMax = 0;

  /** Most bytes that were allocated at the same time. */
  get bytesMax(): number {
    return this.#bytesMax;
  }

  /**
   * A buffer of at least `size` bytes with old content in it. Smaller ones than that are let go: blocks
   * only ever grow.
   */
  take(size: number): Buffer {
    for (let free = this.#free.pop(); free !== undefined; free = this.#free.pop()) {
      if (free.length >= size) return free;
      this.#bytes -= free.length;
    }
    this.#bytes += size;
    this.#bytesMax = Math.max(this.#bytesMax, this.#bytes);
    // Its own allocation, not Node's shared pool: pages are touched only as far as they are filled.
    return Buffer.allocUnsafeSlow(size);
  }

  give(buffer: Buffer): void {
    this.#free.push(buffer);
  }
}
