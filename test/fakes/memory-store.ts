import { HoldfastError } from "../../src/kernel/errors.ts";
import { sha256, type ByteStream } from "../../src/kernel/streams.ts";
import { assertBlobPath, assertBlobPrefix, compareBlobPaths } from "../../src/ports/blob-path.ts";
import type { BlobFacts, BlobStore, PutOptions } from "../../src/ports/blob-store.ts";
import type { Clock } from "../../src/ports/clock.ts";

interface Held {
  readonly bytes: Buffer;
  readonly facts: BlobFacts;
}

/**
 * Keeps blobs in memory by the port's laws. `chunkSize` is how get cuts its stream. Tests may look into and
 * change `blobs` directly.
 */
export class MemoryStore implements BlobStore {
  readonly url: string;
  readonly blobs = new Map<string, Held>();
  readonly #chunkSize: number;
  readonly #clock: Pick<Clock, "now"> | undefined;
  #version = 0;

  /** @param clock dates what is written; without one each writing is a second later than the one before */
  constructor(url = "memory://store", chunkSize = 64 * 1024, clock?: Pick<Clock, "now">) {
    this.url = url;
    this.#clock = clock;
    this.#chunkSize = chunkSize;
  }

  async check(_forWriting: boolean): Promise<void> {}

  async put(path: string, content: ByteStream, options: PutOptions = {}): Promise<BlobFacts> {
    assertBlobPath(path);
    const chunks: Uint8Array[] = [];
    // Copied: a producer may use its buffer again after the next pull.
    for await (const chunk of content) chunks.push(Buffer.from(chunk));
    if (this.blobs.has(path)) {
      throw new HoldfastError("store.exists", `${path} already exists in ${this.url}`);
    }
    return this.plant(path, Buffer.concat(chunks), options.accessTier);
  }

  async get(
    path: string,
    range: { start: number; end?: number } = { start: 0 },
  ): Promise<{ size: number; content: ByteStream }> {
    assertBlobPath(path);
    const held = this.blobs.get(path);
    if (held === undefined) throw new HoldfastError("store.not-found", `${path} is not in ${this.url}`);
    if (held.facts.accessTier === "Archive") throw new HoldfastError("store.archived", `${path} is archived`);
    const bytes = held.bytes.subarray(range.start, Math.max(range.start, range.end ?? held.bytes.length));
    return { size: bytes.length, content: this.#cut(bytes) };
  }

  async stat(path: string): Promise<BlobFacts | null> {
    assertBlobPath(path);
    return this.blobs.get(path)?.facts ?? null;
  }

  async *list(prefix: string): AsyncIterable<BlobFacts> {
    assertBlobPrefix(prefix);
    for (const path of [...this.blobs.keys()].sort(compareBlobPaths)) {
      const held = this.blobs.get(path);
      if (held !== undefined && path.startsWith(prefix)) yield held.facts;
    }
  }

  async replace(path: string, content: Uint8Array, etag: string): Promise<BlobFacts> {
    assertBlobPath(path);
    if (this.blobs.get(path)?.facts.etag !== etag) {
      throw new HoldfastError("store.changed", `${path} was changed by somebody else`);
    }
    return this.plant(path, Buffer.from(content));
  }

  async now(): Promise<Date> {
    if (this.#clock !== undefined) return this.#clock.now();
    this.#version += 1;
    return this.#date();
  }

  async remove(path: string): Promise<void> {
    assertBlobPath(path);
    this.blobs.delete(path);
  }

  /** Puts bytes under a path past every law: how tests damage a store. */
  plant(path: string, bytes: Uint8Array, accessTier?: PutOptions["accessTier"]): BlobFacts {
    this.#version += 1;
    const etag = `${this.#version}-${sha256(bytes).slice(0, 16)}`;
    const facts = {
      path,
      size: bytes.byteLength,
      modifiedAt: this.#clock?.now() ?? this.#date(),
      etag,
      ...(accessTier === undefined ? {} : { accessTier }),
    };
    this.blobs.set(path, { bytes: Buffer.from(bytes), facts });
    return facts;
  }

  /** A copy that can be changed without changing this one. */
  clone(): MemoryStore {
    const copy = new MemoryStore(this.url, this.#chunkSize, this.#clock);
    for (const [path, held] of this.blobs) copy.blobs.set(path, held);
    copy.#version = this.#version;
    return copy;
  }

  #date(): Date {
    return new Date(1_700_000_000_000 + this.#version * 1000);
  }

  async *#cut(bytes: Buffer): ByteStream {
    for (let start = 0; start < bytes.length; start += this.#chunkSize) {
      yield bytes.subarray(start, start + this.#chunkSize);
    }
  }
}
