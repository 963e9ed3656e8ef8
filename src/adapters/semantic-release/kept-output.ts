import { Writable } from "node:stream";

/** Takes what a library says to people; it is kept for the case that something went wrong. */
export class KeptOutput extends Writable {
  readonly #parts: Buffer[] = [];
  #bytes = 0;

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#bytes < 64 * 1024) this.#parts.push(chunk);
    this.#bytes += chunk.byteLength;
    done();
  }

  get text(): string {
    return Buffer.concat(this.#parts).toString("utf8");
  }
}
