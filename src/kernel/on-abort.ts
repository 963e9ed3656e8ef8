/**
 * Calls back when a signal aborts, and at once where it has aborted already: a listener that is added then
 * hears nothing, and what was begun between the last look and the listener would run to its end. Disposing
 * takes it back.
 */
export function onAbort(signal: AbortSignal, act: () => void): Disposable {
  if (signal.aborted) act();
  else signal.addEventListener("abort", act, { once: true });
  return {
    [Symbol.dispose]() {
      signal.removeEventListener("abort", act);
    },
  };
}
