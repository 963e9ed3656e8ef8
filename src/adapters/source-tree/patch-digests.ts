import { createHash, type Hash } from "node:crypto";

const NEWLINE = 0x0a;
/** As many bytes tell what a line of a patch is. */
const TELLING = 8;

/** Which commit a patch is of, for {@link PatchDigests}: an option of `git log`. */
export const COMMIT = "--format=commit %H";

/**
 * Digests of changes, heard as git prints their patches: the patch without the places and the ids of what it
 * was made on, byte for byte. None is kept, since one commit may have hundreds of megabytes. Lines of files
 * begin with a mark, and so are no headers.
 */
export class PatchDigests {
  readonly #digests = new Map<string, string>();
  #commit = "";
  #hash: Hash | undefined;
  /** The beginning of a line of which it is not known yet what it is. */
  #head: Buffer = Buffer.alloc(0);
  /** What becomes of the rest of the line. */
  #rest: "unknown" | "counts" | "skipped" | "commit" = "unknown";

  hear(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      const found = bytes.indexOf(NEWLINE, at);
      const end = found === -1 ? bytes.length : found + 1;
      this.#part(bytes.subarray(at, end), found !== -1);
      at = end;
    }
  }

  /**
   * Commit → digest; what comes before the first commit is of the commit `""`. What changes nothing has none.
   */
  end(): ReadonlyMap<string, string> {
    if (this.#head.length > 0) this.#begin(this.#head);
    this.#finish();
    return this.#digests;
  }

  #part(part: Buffer, isEnd: boolean): void {
    if (this.#rest === "unknown" || this.#rest === "commit") {
      this.#head = Buffer.concat([this.#head, part]);
      if (isEnd || (this.#rest === "unknown" && this.#head.length >= TELLING)) this.#begin(this.#head, isEnd);
    } else if (this.#rest === "counts") {
      this.#hash!.update(part);
    }
    if (!isEnd) return;
    this.#head = Buffer.alloc(0);
    this.#rest = "unknown";
  }

  #begin(line: Buffer, isEnd = true): void {
    const begins = (words: string): boolean => line.toString("latin1", 0, words.length) === words;
    if (begins("commit ")) {
      this.#rest = "commit";
      if (!isEnd) return;
      this.#finish();
      this.#commit = line.toString("latin1", "commit ".length).trim();
    } else if (begins("@@ ")) {
      this.#rest = "skipped";
      this.#counting().update("@@\n");
    } else if (begins("index ") || line.length <= 1) {
      this.#rest = "skipped";
    } else {
      this.#rest = "counts";
      this.#counting().update(line);
    }
    this.#head = Buffer.alloc(0);
  }

  #counting(): Hash {
    return (this.#hash ??= createHash("sha256"));
  }

  #finish(): void {
    if (this.#hash !== undefined) this.#digests.set(this.#commit, this.#hash.digest("hex"));
    this.#hash = undefined;
  }
}
