/**
 * Calls back so many milliseconds after a signal aborted: what was begun before it may still end by itself.
 * What is begun afterwards is not called back, nor is what was disposed of.
 *
 * @param end is given the signal's reason
 */
export function soonAfter(
  signal: AbortSignal | undefined,
  graceMs: number,
  end: (reason: Error) => void,
): Disposable {
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    timer = setTimeout(() => end(signal?.reason as Error), graceMs);
  };
  if (signal?.aborted === false) signal.addEventListener("abort", begin, { once: true });
  return {
    [Symbol.dispose]() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", begin);
    },
  };
}
