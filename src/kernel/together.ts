/**
 * Runs tasks side by side as one: the first failure stops the others through their signal, all are waited
 * for, and the first cause is thrown. Nothing is left running behind.
 *
 * @param stop aborting it stops all tasks, and its reason is what is thrown
 */
export async function together<T extends readonly unknown[]>(
  stop: AbortSignal,
  tasks: { readonly [K in keyof T]: (signal: AbortSignal) => Promise<T[K]> },
): Promise<T> {
  stop.throwIfAborted();
  const failed = new AbortController();
  const signal = AbortSignal.any([stop, failed.signal]);
  const results = await Promise.allSettled(
    tasks.map(async (task: (signal: AbortSignal) => Promise<unknown>) => {
      try {
        return await task(signal);
      } catch (error) {
        failed.abort(error);
        throw error;
      }
    }),
  );
  if (stop.aborted) throw stop.reason;
  if (failed.signal.aborted) throw failed.signal.reason;
  return results.map((result) => (result as PromiseFulfilledResult<unknown>).value) as unknown as T;
}
