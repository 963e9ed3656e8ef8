import { HoldfastError } from "../../kernel/errors.ts";

const HINT = "Check the network between here and Azure, then run again.";

/**
 * Time a request may take, in milliseconds: half a minute, and more for large bodies on a line of 50 kB/s.
 */
export function requestTime(bytes = 0): number {
  return 30_000 + bytes / 50;
}

/**
 * Runs one request that must end in time. Node's HTTP client waits for ever for a peer that has
 * silently gone.
 *
 * @throws store.unreachable when the time is over; the outer signal's reason when that aborted
 */
export async function withDeadline<T>(
  ms: number,
  doing: string,
  request: (signal: AbortSignal) => Promise<T>,
  outer?: AbortSignal,
): Promise<T> {
  outer?.throwIfAborted();
  const controller = new AbortController();
  const onOuter = (): void => controller.abort(outer?.reason);
  const late = new HoldfastError(
    "store.unreachable",
    `${doing}: no answer within ${Math.round(ms / 1000)} s`,
    { hint: HINT },
  );
  const timer = setTimeout(() => controller.abort(late), ms);
  outer?.addEventListener("abort", onOuter);
  try {
    return await request(controller.signal);
  } catch (error) {
    // The SDK only says "aborted"; the reason is ours.
    if (controller.signal.aborted) throw controller.signal.reason;
    throw error;
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener("abort", onOuter);
  }
}

/**
 * Reads a response's body, giving up when the peer sends nothing for `idleMs` although we are waiting. A slow
 * reader is no fault: the time only runs while a chunk is being waited for.
 *
 * @throws store.unreachable after giving up, or whatever the body throws
 */
export async function* readWithIdleLimit(
  body: AsyncIterable<Uint8Array>,
  idleMs: number,
  doing: string,
  giveUp: (error: Error) => void,
): AsyncIterable<Uint8Array> {
  const late = new HoldfastError(
    "store.unreachable",
    `${doing}: nothing came for ${Math.round(idleMs / 1000)} s`,
    { hint: HINT },
  );
  let timer = setTimeout(giveUp, idleMs, late);
  try {
    for await (const chunk of body) {
      clearTimeout(timer);
      yield chunk;
      timer = setTimeout(giveUp, idleMs, late);
    }
  } finally {
    clearTimeout(timer);
  }
}
