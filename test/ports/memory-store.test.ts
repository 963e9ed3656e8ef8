import { MemoryStore } from "../fakes/memory-store.ts";
import { describeBlobStoreLaws } from "./blob-store.laws.ts";

describeBlobStoreLaws("the memory fake", async () => {
  const store = new MemoryStore();
  return { store, again: async () => store, close: async () => undefined };
});
