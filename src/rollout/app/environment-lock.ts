import { acquireLock, type HeldLock } from "../../nouns/store/lock.ts";
import type { BlobStore } from "../../ports/blob-store.ts";
import type { Ports } from "../../ports/ports.ts";
import { folderOf, type AppTarget } from "./target.ts";
import { REMEMBERED } from "../../ports/remembered.ts";

/** A lock of the whole environment: a deployment, a rollback and migrations keep out of each other's way. */
export const ENVIRONMENT_LOCK = "environment";

const APP_LOCK = "app";

/** What is held while an app is changed. */
export interface HeldApp extends AsyncDisposable {
  readonly lost: AbortSignal;
}

/**
 * Takes the lock of the environment, and that of the app: somebody may call the environment by another name.
 *
 * @param doing for whoever finds it held: `rollback`
 * @throws lock.held
 */
export async function lockApp(
  target: AppTarget,
  doing: string,
  store: BlobStore,
  { clock, random, run, log, remember }: Pick<Ports, "clock" | "random" | "run" | "log" | "remember">,
): Promise<HeldApp> {
  await using stack = new AsyncDisposableStack();
  const take = async (source: string, tier: string): Promise<HeldLock> =>
    stack.use(
      await acquireLock({
        store,
        source,
        tier,
        doing,
        run,
        clock,
        random,
        warn: (text) => log.warn(text),
      }),
    );
  const lock = await take(ENVIRONMENT_LOCK, target.environment);
  const app = await take(APP_LOCK, folderOf(target));
  // A cancelled job ends before it has given the lock back; its post step does.
  remember?.(REMEMBERED.lockPath, lock.path);
  remember?.(REMEMBERED.lockToken, lock.token);
  const held = stack.move();
  return {
    lost: AbortSignal.any([lock.lost, app.lost]),
    [Symbol.asyncDispose]: async () => await held.disposeAsync(),
  };
}
