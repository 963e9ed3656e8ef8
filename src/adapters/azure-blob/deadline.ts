import { HoldfastError } from "../../kernel/errors.ts";
import { soonAfter } from "../../kernel/soon-after.ts";
import { onAbort } from "../../kernel/on-abort.ts";

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

/** What ends a request besides silence. */
export interface Ends {
  /** What it is a part of was given up: it ends at once. */
  readonly outer?: AbortSignal | undefined;
  /**
   * The run is to stop. What was begun before ends soon: what only asks after {@link STOP_GRACE_MS}, with the
   * signal's reason. What is begun afterwards tidies up, and is not ended by it.
   */
  readonly stop?: AbortSignal | undefined;
  /**
   * It changes what the store holds, and only its answer tells whether it did: it has
   * {@link STOP_GRACE_CHANGE_MS}, and ends like every other whose answer was lost.
   */
  readonly isChange?: boolean;
}

/** So long what was asked before the run was stopped may still be answered. */
const STOP_GRACE_MS = 5_000;
const STOP_GRACE_CHANGE_MS = 30_000;

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
 * @throws store.unreachable ({@link Stalled}) when nothing moved for `ms`; the reason of what else ended it
 */
export async function withDeadline<T>(
  ms: number,
  doing: string,
  request: (signal: AbortSignal) => Promise<T>,
  { outer, stop, isChange = false }: Ends = {},
): Promise<T> {
  outer?.throwIfAborted();
  const controller = new AbortController();
  const { signal } = controller;
  const stalled = (waitedMs: number): Stalled => {
    const text = `${doing}: no answer within ${Math.round(waitedMs / 1000)} s`;
    return new Stalled("store.unreachable", text, { hint: HINT });
  };
  const giveUpIn = (waitMs: number): NodeJS.Timeout =>
    setTimeout(() => controller.abort(stalled(waitMs)), waitMs);
  using _stopping = isChange
    ? soonAfter(stop, STOP_GRACE_CHANGE_MS, () => controller.abort(stalled(STOP_GRACE_CHANGE_MS)))
    : soonAfter(stop, STOP_GRACE_MS, (reason) => controller.abort(reason));
  let timer = giveUpIn(ms);
  watched.set(signal, (graceMs = 0) => {
    clearTimeout(timer);
    timer = giveUpIn(ms + graceMs);
  });
  using _outer = outer === undefined ? undefined : onAbort(outer, () => controller.abort(outer.reason));
  try {
    return await request(signal);
  } catch (error) {
    // The SDK only says "aborted"; the reason is ours.
    if (signal.aborted) throw signal.reason;
    throw error;
  } finally {
    watched.delete(signal);
    clearTimeout(timer);
  }
}

/**
 * Reads a response's body, giving up when the peer sends nothing for `idleMs` although we are waiting. A slow
 * reader is no fault: the time only runs while a chunk is being waited for. When the run is to stop it ends
 * soon.
 *
 * @throws store.unreachable after giving up, the reason of the stop, or whatever the body throws
 */
export async function* readWithIdleLimit(
  body: AsyncIterable<Uint8Array>,
  idleMs: number,
  doing: string,
  giveUp: (error: Error) => void,
  stop?: AbortSignal,
): AsyncIterable<Uint8Array> {
  using _stopping = soonAfter(stop, STOP_GRACE_MS, giveUp);
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
