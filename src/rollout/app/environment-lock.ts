import { lockEnvironment } from "../../nouns/store/environment-lock.ts";
import { acquireLock } from "../../nouns/store/lock.ts";
import type { BlobStore } from "../../ports/blob-store.ts";
import type { Ports } from "../../ports/ports.ts";
import { folderOf, type AppTarget } from "./target.ts";
import { rememberLock } from "../../ports/remembered.ts";

const APP_LOCK = "app";

const IF_LOST =
  "The run was stopped where it was, and what it had done by then stays: go on with it by --resume and its " +
  "id, which its log names, and it looks first. Where the log names none, nothing was begun: run again.";

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
  ports: Pick<Ports, "clock" | "random" | "run" | "log" | "remember"> & Partial<Pick<Ports, "cancelled">>,
): Promise<HeldApp> {
  const { clock, random, run, log, cancelled } = ports;
  await using stack = new AsyncDisposableStack();
  const lock = stack.use(await lockEnvironment(target.environment, { doing, ifLost: IF_LOST }, store, ports));
  const app = stack.use(
    await acquireLock({
      store,
      source: APP_LOCK,
      tier: folderOf(target),
      doing,
      ifLost: IF_LOST,
      run,
      clock,
      random,
      warn: (text) => log.warn(text),
      ...(cancelled === undefined ? {} : { cancelled }),
    }),
  );
  rememberLock(ports, "app", app);
  const held = stack.move();
  return {
    lost: AbortSignal.any([lock.lost, app.lost]),
    [Symbol.asyncDispose]: async () => await held.disposeAsync(),
  };
}
