import { orAbort } from "./or-abort.ts";

/** How a retried operation behaves; times in milliseconds. */
export interface RetryPolicy {
  /** Tries in all, the first one included. */
  readonly attempts: number;
  readonly firstDelayMs: number;
  readonly delayMsMax: number;
  /** Only errors for which this is true are worth another try; anything else is thrown at once. */
  readonly isTransient: (error: unknown) => boolean;
  readonly sleep: (ms: number) => Promise<void>;
  /** 0 ≤ x < 1; spreads the delays so that many clients do not come back together. */
  readonly random: () => number;
  readonly onRetry?: (error: unknown, attempt: number, delayMs: number) => void;
  /** One end for all tries together: none begins after so much time. */
  readonly budget?: { readonly ms: number; readonly elapsed: () => number };
  /**
   * The run is to stop: what was begun before tries no more, and what tidies up afterwards tries
   * {@link TIDYING_ATTEMPTS} times.
   */
  readonly stop?: AbortSignal | undefined;
  /** The last error, told as what it is: the last of several. */
  readonly tell?: (error: unknown, tries: number, elapsedMs: number | undefined) => unknown;
}

/** Tries of what is begun after the end was called. */
export const TIDYING_ATTEMPTS = 2;

const triedOut = new WeakSet<object>();

/**
 * Whether tries were already used up on this error, or on one that it was made of, further inside. Whoever
 * tries again around them would multiply the tries, and the time, by its own.
 */
export function isTriedOut(error: unknown): boolean {
  const seen = new Set<unknown>();
  for (let one = error; typeof one === "object" && one !== null && !seen.has(one);) {
    if (triedOut.has(one)) return true;
    seen.add(one);
    one = (one as { readonly cause?: unknown }).cause;
  }
  return false;
}

/** Marks an error after whose tries there are to be no more. */
export function tryNoMore<T>(error: T): T {
  if (typeof error === "object" && error !== null) triedOut.add(error);
  return error;
}

/**
 * Runs `operation` with exponential back-off, each delay between half and all of its ceiling; throws the last
 * error when the attempts or the time are used up.
 */
export async function withRetry<T>(
  policy: RetryPolicy,
  operation: (attempt: number) => Promise<T>,
): Promise<T> {
  const { budget, stop } = policy;
  const isTidying = stop?.aborted === true;
  const attempts = isTidying ? Math.min(TIDYING_ATTEMPTS, policy.attempts) : policy.attempts;
  const begun = budget?.elapsed() ?? 0;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await operation(attempt);
    } catch (error) {
      if (!policy.isTransient(error)) throw error;
      if (!isTidying) stop?.throwIfAborted();
      const elapsedMs = budget === undefined ? undefined : budget.elapsed() - begun;
      if (attempt >= attempts || (elapsedMs ?? 0) >= (budget?.ms ?? Number.POSITIVE_INFINITY)) {
        throw tryNoMore(policy.tell?.(error, attempt, elapsedMs) ?? error);
      }
      await pauseBefore(isTidying ? { ...policy, stop: undefined } : policy, attempt + 1, error);
    }
  }
}

/**
 * Tells that it is tried again, and waits until then.
 *
 * @param attempt that is made next, from 2
 * @throws the reason of the policy's `stop`
 */
export async function pauseBefore(
  { delayMsMax, firstDelayMs, random, onRetry, sleep, stop }: RetryPolicy,
  attempt: number,
  error: unknown,
): Promise<void> {
  const ceiling = Math.min(delayMsMax, firstDelayMs * 2 ** (attempt - 2));
  const delayMs = Math.round(ceiling / 2 + (random() * ceiling) / 2);
  onRetry?.(error, attempt - 1, delayMs);
  const sleeping = sleep(delayMs);
  await (stop === undefined ? sleeping : orAbort(stop, sleeping));
}
