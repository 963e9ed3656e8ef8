import { lockEnvironment } from "../../nouns/store/environment-lock.ts";
import { acquireLock } from "../../nouns/store/lock.ts";
import type { BlobStore } from "../../ports/blob-store.ts";
import type { Ports } from "../../ports/ports.ts";
import { folderOf, type AppTarget } from "./target.ts";
import { REMEMBERED } from "../../ports/remembered.ts";

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
  ports: Pick<Ports, "clock" | "random" | "run" | "log" | "remember">,
): Promise<HeldApp> {
  const { clock, random, run, log, remember } = ports;
  await using stack = new AsyncDisposableStack();
  const lock = stack.use(await lockEnvironment(target.environment, doing, store, ports));
  const app = stack.use(
    await acquireLock({
      store,
      source: APP_LOCK,
      tier: folderOf(target),
      doing,
      run,
      clock,
      random,
      warn: (text) => log.warn(text),
    }),
  );
  // A cancelled job ends before it has given the lock back; its post step does.
  remember?.(REMEMBERED.lockPath, lock.path);
  remember?.(REMEMBERED.lockToken, lock.token);
  const held = stack.move();
  return {
    lost: AbortSignal.any([lock.lost, app.lost]),
    [Symbol.asyncDispose]: async () => await held.disposeAsync(),
  };
}
