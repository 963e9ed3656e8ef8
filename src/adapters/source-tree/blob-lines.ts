const NEWLINE = 10;

/**
 * Counts the lines of files as `git cat-file --batch` prints them, piece by piece, without keeping any:
 * `<id> blob <size>`, the bytes, a newline. https://git-scm.com/docs/git-cat-file#_batch_output
 */
export class BlobLines {
  readonly #counts: number[] = [];
  #header = "";
  /** Bytes of the file that are still to come; undefined between files. */
  #left: number | undefined;
  #lines = 0;
  #last = NEWLINE;

  hear(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#left === undefined) at = this.#readHeader(bytes, at);
      else if (this.#left > 0) at = this.#readFile(bytes, at, this.#left);
      else {
        // The newline after the file.
        this.#counts.push(this.#last === NEWLINE ? this.#lines : this.#lines + 1);
        this.#left = undefined;
        at += 1;
      }
    }
  }

  /** Lines of each file, in the order that was asked for. */
  end(): readonly number[] {
    return this.#counts;
  }

  #readHeader(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(NEWLINE, at);
    this.#header += bytes.toString("latin1", at, end === -1 ? bytes.length : end);
    if (end === -1) return bytes.length;
    const size = / blob (\d+)$/.exec(this.#header)?.[1];
    this.#header = "";
    // What is missing has no file after it; that counts will be too few is the caller's to see.
    if (size === undefined) return end + 1;
    this.#left = Number(size);
    this.#lines = 0;
    this.#last = NEWLINE;
    return end + 1;
  }

  #readFile(bytes: Buffer, at: number, left: number): number {
    const end = Math.min(bytes.length, at + left);
    for (let found = bytes.indexOf(NEWLINE, at); found !== -1 && found < end;) {
      this.#lines += 1;
      found = bytes.indexOf(NEWLINE, found + 1);
    }
    this.#last = bytes[end - 1]!;
    this.#left = left - (end - at);
    return end;
  }
}
