import type { BlobStore } from "../../ports/blob-store.ts";
import { encodeLock, readLock } from "./lock-document.ts";
import { isRefusal } from "./lock-request.ts";

/**
 * Removes a lock that a run of ours left behind, or marks it where the store lets nobody remove; somebody
 * else's is left alone. Returns whether it was there, and held.
 */
export async function releaseLock(store: BlobStore, path: string, token: string): Promise<boolean> {
  const blob = await store.stat(path);
  if (blob === null) return false;
  const lock = await readLock(store, path);
  if (lock?.token !== token || lock.released === true) return false;
  try {
    await store.remove(path);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    try {
      await store.replace(path, encodeLock({ ...lock, released: true }), blob.etag);
    } catch {
      // Why it could not be removed says more than why the second best failed as well.
      throw error;
    }
  }
  return true;
}
