import type { ByteStream } from "../kernel/streams.ts";

/** What a store says about one blob. */
export interface BlobFacts {
  /** Path below the store's prefix, `/`-separated, never starting with `/`. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly modifiedAt: Date;
  /** Changes whenever the content changes; only meaningful to {@link BlobStore.replace}. */
  readonly etag: string;
  /**
   * The access tier as the store names it (`Hot`, `Cool`, `Cold`, `Archive`), absent where the
   * store has none.
   */
  readonly accessTier?: string;
}

/** How a blob is stored. */
export interface PutOptions {
  /** Access tier to commit with; stores without tiers ignore it. */
  readonly accessTier?: "Hot" | "Cool" | "Cold" | "Archive";
  readonly contentType?: string;
  /**
   * A guess at the final size in bytes; lets a store choose its block size. May be wrong in either direction.
   */
  readonly sizeHint?: number;
}

/** How a store is looked at. */
export interface CheckOptions extends Pick<PutOptions, "accessTier"> {
  /** What the first run that writes makes is as good as there: a folder, where the one above it exists. */
  readonly mayBeMade?: boolean;
}

/**
 * A place that keeps blobs under paths. Laws, checked by `test/ports/blob-store.laws.ts` against
 * every adapter:
 *
 * 1. **put is create-only.** An existing path is never overwritten: `store.exists`, and the old bytes stay.
 *    Of n puts of one path at the same time exactly one succeeds, and its bytes are the ones kept.
 * 2. **put is atomic.** Nothing is visible under the path before the content stream has ended and every byte
 *    is durable. If the content throws, or the process dies, nothing ever becomes visible; the content's
 *    error is rethrown as it is.
 * 3. **"Not there" is an answer**, `stat` → `null` and `get` → `store.not-found`, given only when the store
 *    said so. A refused credential, a missing container or a broken connection is another error, always.
 * 4. **get streams** in bounded memory and throws if the connection breaks; it never ends early as if
 *    complete when the store announced more bytes.
 * 5. **list** yields every path that starts with the prefix, in lexicographic order, or throws; it never ends
 *    early in silence. One whose facts cannot be read is there, with no size, no etag and the date 0.
 * 6. **replace** succeeds only if the blob still has the given etag (`store.changed` otherwise). It exists
 *    for locks alone: backups are never edited.
 * 7. **remove** of a missing path succeeds: the wanted state is reached.
 *
 * Worth retrying: `store.unreachable`, `store.unreadable`. Everything else is final for the same call.
 */
export interface BlobStore {
  /** The store's URL as the user wrote it, without credentials. */
  readonly url: string;
  /**
   * Asks the store whether it exists and answers; `forWriting` also makes sure it can be written, leaving
   * nothing behind, and with the access tier that blobs will be put with, as far as that can be asked.
   *
   * @throws input.conflict where the store has no such tier
   */
  check(forWriting: boolean, options?: CheckOptions): Promise<void>;
  put(path: string, content: ByteStream, options?: PutOptions): Promise<BlobFacts>;
  /** `range` is in bytes, `end` exclusive. `size` is what the store announces for this answer's content. */
  get(path: string, range?: { start: number; end?: number }): Promise<{ size: number; content: ByteStream }>;
  stat(path: string): Promise<BlobFacts | null>;
  list(prefix: string): AsyncIterable<BlobFacts>;
  replace(path: string, content: Uint8Array, etag: string): Promise<BlobFacts>;
  /** The moment by the clock that dates blobs, to the second at least; leaves nothing behind. */
  now(): Promise<Date>;
  remove(path: string): Promise<void>;
}
