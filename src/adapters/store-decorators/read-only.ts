import { HoldfastError } from "../../kernel/errors.ts";
import type { BlobFacts, BlobStore } from "../../ports/blob-store.ts";

/** A store that can be read and not written: what commands get that have no business writing. */
export function readOnlyStore(store: BlobStore): BlobStore {
  const refuse = (what: string): never => {
    throw new HoldfastError("store.read-only", `${what}: ${store.url} was opened for reading only`, {
      hint: "Use a command that writes, or open the store without the read-only option.",
    });
  };
  return {
    url: store.url,
    check: async (forWriting) => (forWriting ? refuse("writing") : await store.check(false)),
    put: async (path): Promise<BlobFacts> => refuse(`writing ${path}`),
    get: (path, range) => store.get(path, range),
    stat: (path) => store.stat(path),
    list: (prefix) => store.list(prefix),
    replace: async (path): Promise<BlobFacts> => refuse(`replacing ${path}`),
    remove: async (path): Promise<void> => refuse(`removing ${path}`),
  };
}
