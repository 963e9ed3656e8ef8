import { HoldfastError } from "../../kernel/errors.ts";

const HINT = "Check the network between here and Azure, then run again.";

/** How long silence may last, in milliseconds. */
export interface Patience {
  /** Until the first or next byte of an answer to a small request. */
  readonly answerMs: number;
  /** While the bytes of a block are being handed over, and until it is answered. */
  readonly sendMs: number;
  /** The slowest line on which bytes are waited for that nobody here sees go: in a millisecond. */
  readonly bytesPerMs: number;
}

/** 50 bytes in a millisecond are 50 kB/s. */
export const PATIENCE: Patience = { answerMs: 30_000, sendMs: 120_000, bytesPerMs: 50 };

/** No silence that is longer than so many milliseconds. */
export function patienceWithin(silenceMs: number): Patience {
  return { ...PATIENCE, answerMs: Math.min(PATIENCE.answerMs, silenceMs), sendMs: silenceMs };
}

/** What the kernels between here and there may still hold when the last byte has been handed over. */
const UNDER_WAY_BYTES_MAX = 16 * 1024 * 1024;

/** Milliseconds that handed-over bytes may take to arrive where nobody can see them go. */
export function underWayMs(bytes: number, { bytesPerMs }: Patience): number {
  return Math.min(bytes, UNDER_WAY_BYTES_MAX) / bytesPerMs;
}

/** Nothing moved for too long. */
export class Stalled extends HoldfastError {}

const watched = new WeakMap<object, (graceMs?: number) => void>();

/** Something of the request of this signal moved: its time begins anew, with so much more. */
export function moved(signal: object | undefined, graceMs = 0): void {
  if (signal !== undefined) watched.get(signal)?.(graceMs);
}

/**
 * Runs one request that must end when nothing moves. Node's HTTP client waits for ever for a peer that has
 * silently gone. Its time is not that of the whole: a slow line that moves is no fault. Whoever sees bytes go
 * or come says so with {@link moved}.
 *
 * @throws store.unreachable ({@link Stalled}) when nothing moved for `ms`; the outer signal's reason when
 * that
 *   aborted
 */
export async function withDeadline<T>(
  ms: number,
  doing: string,
  request: (signal: AbortSignal) => Promise<T>,
  outer?: AbortSignal,
): Promise<T> {
  outer?.throwIfAborted();
  const controller = new AbortController();
  const { signal } = controller;
  const onOuter = (): void => controller.abort(outer?.reason);
  const giveUpIn = (waitMs: number): NodeJS.Timeout =>
    setTimeout(() => {
      const seconds = Math.round(waitMs / 1000);
      controller.abort(
        new Stalled("store.unreachable", `${doing}: no answer within ${seconds} s`, { hint: HINT }),
      );
    }, waitMs);
  let timer = giveUpIn(ms);
  watched.set(signal, (graceMs = 0) => {
    clearTimeout(timer);
    timer = giveUpIn(ms + graceMs);
  });
  outer?.addEventListener("abort", onOuter);
  try {
    return await request(signal);
  } catch (error) {
    // The SDK only says "aborted"; the reason is ours.
    if (signal.aborted) throw signal.reason;
    throw error;
  } finally {
    watched.delete(signal);
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
  const late = new Stalled("store.unreachable", `${doing}: nothing came for ${Math.round(idleMs / 1000)} s`, {
    hint: HINT,
  });
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
