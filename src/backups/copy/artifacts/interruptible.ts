import { abortable } from "../../../kernel/streams.ts";
import type { BlobStore } from "../../../ports/blob-store.ts";

/**
 * The same store, whose reads end with the signal's reason as soon as it aborts: a person who presses Ctrl-C
 * does not wait for an artifact's last byte.
 */
export function interruptible(store: BlobStore, signal: AbortSignal): BlobStore {
  return {
    url: store.url,
    check: (...given) => store.check(...given),
    put: (path, content, options) => store.put(path, content, options),
    async get(path, range) {
      signal.throwIfAborted();
      const { size, content } = await store.get(path, range);
      return { size, content: abortable(content, signal) };
    },
    stat: (path) => store.stat(path),
    list: (prefix) => store.list(prefix),
    replace: (path, content, etag) => store.replace(path, content, etag),
    now: () => store.now(),
    remove: (path) => store.remove(path),
  };
}
