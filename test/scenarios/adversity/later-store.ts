import type { ByteStream } from "../../../src/kernel/streams.ts";
import type { BlobFacts, BlobStore, PutOptions } from "../../../src/ports/blob-store.ts";

/**
 * A store in which time has passed: whatever is written through it is dated that much later than what lay
 * there before, which looks as old as it is.
 */
export function laterStore(store: BlobStore, ms: number): BlobStore {
  const written = new Set<string>();
  const dated = (facts: BlobFacts): BlobFacts =>
    written.has(facts.path) ? { ...facts, modifiedAt: new Date(facts.modifiedAt.getTime() + ms) } : facts;
  const writing = (facts: BlobFacts): BlobFacts => {
    written.add(facts.path);
    return dated(facts);
  };
  return {
    url: store.url,
    check: (forWriting) => store.check(forWriting),
    put: async (path: string, content: ByteStream, options?: PutOptions) =>
      writing(await store.put(path, content, options)),
    get: (path, range) => store.get(path, range),
    stat: async (path) => {
      const facts = await store.stat(path);
      return facts === null ? null : dated(facts);
    },
    list: async function* (prefix) {
      for await (const facts of store.list(prefix)) yield dated(facts);
    },
    replace: async (path, content, etag) => writing(await store.replace(path, content, etag)),
    now: async () => new Date((await store.now()).getTime() + ms),
    remove: (path) => store.remove(path),
  };
}
