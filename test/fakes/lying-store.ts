import type { ByteStream } from "../../src/kernel/streams.ts";
import type { BlobFacts, BlobStore, PutOptions } from "../../src/ports/blob-store.ts";

/** One way for a store to break its laws while looking healthy. */
export type Lie =
  /** A get ends `missing` bytes early although it announced the whole size. */
  | { readonly kind: "short-read"; readonly missing: number; readonly once?: boolean }
  /** The last byte of a get is flipped. */
  | { readonly kind: "last-byte-wrong"; readonly once?: boolean }
  /** stat, get and list announce `by` bytes more (or less) than there are; the content itself is right. */
  | { readonly kind: "wrong-length"; readonly by: number; readonly once?: boolean }
  /** list leaves out the newest `newest` blobs. */
  | { readonly kind: "late-listing"; readonly newest: number; readonly once?: boolean };

/** Which blobs it lies about; all of them unless told. */
export type LiedAbout = (path: string) => boolean;

/**
 * A store that answers wrongly without an error. `once` lies at the first opportunity only: the next
 * read is right.
 */
export class LyingStore implements BlobStore {
  readonly url: string;
  readonly #store: BlobStore;
  readonly #lie: Lie;
  readonly #about: LiedAbout;
  #told = 0;

  constructor(store: BlobStore, lie: Lie, about: LiedAbout = () => true) {
    this.url = store.url;
    this.#store = store;
    this.#lie = lie;
    this.#about = about;
  }

  /** How many answers were wrong. */
  get lies(): number {
    return this.#told;
  }

  check(forWriting: boolean): Promise<void> {
    return this.#store.check(forWriting);
  }

  async put(path: string, content: ByteStream, options?: PutOptions): Promise<BlobFacts> {
    return await this.#store.put(path, content, options);
  }

  async get(
    path: string,
    range?: { start: number; end?: number },
  ): Promise<{ size: number; content: ByteStream }> {
    const { size, content } = await this.#store.get(path, range);
    if (!this.#about(path) || size === 0) return { size, content };
    const lie = this.#lie;
    if (lie.kind === "wrong-length" && this.#lies()) return { size: size + lie.by, content };
    if (lie.kind === "short-read" && this.#lies()) {
      return { size, content: cut(content, Math.max(0, size - lie.missing)) };
    }
    if (lie.kind === "last-byte-wrong" && this.#lies()) return { size, content: flipLast(content, size) };
    return { size, content };
  }

  async stat(path: string): Promise<BlobFacts | null> {
    const facts = await this.#store.stat(path);
    return facts === null ? null : this.#measured(facts);
  }

  async *list(prefix: string): AsyncIterable<BlobFacts> {
    const facts: BlobFacts[] = [];
    for await (const blob of this.#store.list(prefix)) facts.push(blob);
    const hidden = new Set<BlobFacts>();
    if (this.#lie.kind === "late-listing" && facts.length > 0 && this.#lies()) {
      const about = facts
        .filter(({ path }) => this.#about(path))
        .sort((a, b) => b.modifiedAt.getTime() - a.modifiedAt.getTime());
      for (const blob of about.slice(0, this.#lie.newest)) hidden.add(blob);
    }
    for (const blob of facts) if (!hidden.has(blob)) yield this.#measured(blob);
  }

  replace(path: string, content: Uint8Array, etag: string): Promise<BlobFacts> {
    return this.#store.replace(path, content, etag);
  }

  now(): Promise<Date> {
    return this.#store.now();
  }

  remove(path: string): Promise<void> {
    return this.#store.remove(path);
  }

  #measured(facts: BlobFacts): BlobFacts {
    if (this.#lie.kind !== "wrong-length" || !this.#about(facts.path) || !this.#lies()) return facts;
    return { ...facts, size: facts.size + this.#lie.by };
  }

  #lies(): boolean {
    if (this.#lie.once === true && this.#told > 0) return false;
    this.#told += 1;
    return true;
  }
}

async function* cut(content: ByteStream, size: number): ByteStream {
  let left = size;
  for await (const chunk of content) {
    if (left <= 0) return;
    yield chunk.subarray(0, left);
    left -= chunk.byteLength;
  }
}

async function* flipLast(content: ByteStream, size: number): ByteStream {
  let position = 0;
  for await (const chunk of content) {
    position += chunk.byteLength;
    if (position < size) yield chunk;
    else {
      const copy = Buffer.from(chunk);
      copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 1;
      yield copy;
    }
  }
}
