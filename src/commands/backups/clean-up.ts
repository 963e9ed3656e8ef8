import { releaseLock } from "../../nouns/store/lock.ts";
import type { BlobStore } from "../../ports/blob-store.ts";
import type { Log } from "../../ports/log.ts";
import { REMEMBERED_LOCKS, rememberedKeys } from "../../ports/remembered.ts";

/**
 * What the action's post step does, also after a cancelled or crashed main step: releases the locks the run
 * left behind. A lock that is gone or belongs to another run is left alone; one that cannot be released keeps
 * none of the others.
 *
 * @param recall gives the remembered value of a key, or the empty text
 * @throws the first of what the store throws
 */
export async function cleanUp(
  recall: (key: string) => string,
  openStore: () => Promise<BlobStore>,
  log: Log,
): Promise<void> {
  const locks = REMEMBERED_LOCKS.map((lock) => {
    const keys = rememberedKeys(lock);
    return { path: recall(keys.path), token: recall(keys.token) };
  }).filter(({ path, token }) => path !== "" && token !== "");
  if (locks.length === 0) return;
  const store = await openStore();
  const failures: unknown[] = [];
  for (const { path, token } of locks) {
    try {
      log.info(
        (await releaseLock(store, path, token))
          ? `released the lock ${path}, which the run had left behind`
          : `the lock ${path} is not held any more`,
      );
    } catch (error) {
      failures.push(error);
      log.info(`the lock ${path} could not be released`);
    }
  }
  if (failures.length > 0) throw failures[0];
}
