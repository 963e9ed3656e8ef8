import { acquireLock, type HeldLock } from "../../nouns/store/lock.ts";
import type { BlobStore } from "../../ports/blob-store.ts";
import type { Ports } from "../../ports/ports.ts";
import { REMEMBERED } from "../../ports/remembered.ts";

/** A lock of the whole environment: a deployment, a rollback and migrations keep out of each other's way. */
export const ENVIRONMENT_LOCK = "environment";

/**
 * Takes the environment's lock.
 *
 * @param doing for whoever finds it held: `rollback`
 * @throws lock.held
 */
export async function lockEnvironment(
  environment: string,
  doing: string,
  store: BlobStore,
  { clock, random, run, log, remember }: Pick<Ports, "clock" | "random" | "run" | "log" | "remember">,
): Promise<HeldLock> {
  const lock = await acquireLock({
    store,
    source: ENVIRONMENT_LOCK,
    tier: environment,
    doing,
    run,
    clock,
    random,
    warn: (text) => log.warn(text),
  });
  // A cancelled job ends before it has given the lock back; its post step does.
  remember?.(REMEMBERED.lockPath, lock.path);
  remember?.(REMEMBERED.lockToken, lock.token);
  return lock;
}
