import { onAbort } from "./on-abort.ts";

/**
 * Waits for `work`, but not beyond the signal: what waits for somebody who has gone silent must still be
 * stoppable. The work itself goes on until its owner, closed by the caller on the way out, ends it.
 *
 * @throws the signal's reason
 */
export async function orAbort<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  // Whichever loses must not end as an unhandled rejection, also where the signal was there before.
  work.catch(() => undefined);
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => undefined);
  using _stopping = onAbort(signal, () => aborted.reject(signal.reason));
  return await Promise.race([work, aborted.promise]);
}
