import { once } from "../../kernel/streams.ts";
import type { BlobFacts, BlobStore } from "../../ports/blob-store.ts";
import {
  encodeLock,
  folderOf,
  generations,
  nextGenerationPath,
  readLock,
  type LockDocument,
} from "./lock-document.ts";
import { isRefusal } from "./lock-request.ts";

/**
 * Removes a lock that a run of ours left behind, or marks it where the store lets nobody remove; somebody
 * else's is left alone. Returns whether it was there, and held.
 *
 * @param path of the lock as it was taken; a lock that may not be changed has newer generations
 */
export async function releaseLock(store: BlobStore, path: string, token: string): Promise<boolean> {
  const own = await ownGenerations(store, path, token);
  if (own === undefined || own.lock.released === true) return false;
  try {
    // The newest last: were it gone first, one before it would look like the newest again.
    for (const blob of own.blobs) await store.remove(blob.path);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    try {
      await mark(store, own.blobs.at(-1)!, { ...own.lock, released: true });
    } catch {
      // Why it could not be removed says more than why the second best failed as well.
      throw error;
    }
  }
  return true;
}

/**
 * The generations of one owner, the newest last, and what that one says. Whoever takes a lock over creates
 * the next one, so that those up to a newest one of ours are ours: that holder saw its predecessor stand.
 */
async function ownGenerations(
  store: BlobStore,
  path: string,
  token: string,
): Promise<{ readonly blobs: readonly BlobFacts[]; readonly lock: LockDocument } | undefined> {
  const blobs: BlobFacts[] = [];
  for (const { blob } of await generations(store, folderOf(path))) if (blob.path >= path) blobs.push(blob);
  for (const those of [blobs, blobs.filter((blob) => blob.path === path)]) {
    const newest = those.at(-1);
    const lock = newest === undefined ? undefined : await readLock(store, newest.path);
    if (lock?.token === token) return { blobs: those, lock };
  }
  return undefined;
}

/** By changing the blob, or by one more where none may be changed. */
async function mark(store: BlobStore, blob: BlobFacts, released: LockDocument): Promise<void> {
  const content = encodeLock(released);
  try {
    await store.replace(blob.path, content, blob.etag);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    await store.put(nextGenerationPath(blob.path), once(content), { contentType: "application/json" });
  }
}
