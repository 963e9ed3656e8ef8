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
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener("abort", stop, { once: true });
  });
  aborted.catch(() => undefined);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
