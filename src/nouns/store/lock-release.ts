import type { BlobStore } from "../../ports/blob-store.ts";
import { readLock } from "./lock-document.ts";

/**
 * Removes a lock that a run of ours left behind; somebody else's is left alone. Returns whether it was there.
 */
export async function releaseLock(store: BlobStore, path: string, token: string): Promise<boolean> {
  const lock = await readLock(store, path);
  if (lock?.token !== token) return false;
  await store.remove(path);
  return true;
}
