import { releaseLock } from "../../nouns/store/lock.ts";
import type { BlobStore } from "../../ports/blob-store.ts";
import type { Log } from "../../ports/log.ts";
import { REMEMBERED } from "../../ports/remembered.ts";

/**
 * What the action's post step does, also after a cancelled or crashed main step: releases the lock the run
 * left behind. A lock that is gone or belongs to another run is left alone.
 *
 * @param recall gives the remembered value of a key, or the empty text
 */
export async function cleanUp(
  recall: (key: string) => string,
  openStore: () => Promise<BlobStore>,
  log: Log,
): Promise<void> {
  const [path, token] = [recall(REMEMBERED.lockPath), recall(REMEMBERED.lockToken)];
  if (path === "" || token === "") return;
  const released = await releaseLock(await openStore(), path, token);
  log.info(
    released
      ? `released the lock ${path}, which the run had left behind`
      : `the lock ${path} is not held any more`,
  );
}
