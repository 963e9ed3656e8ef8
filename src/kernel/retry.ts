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
}

/**
 * Runs `operation` with exponential back-off, each delay between half and all of its ceiling; throws the last
 * error when the attempts are used up.
 */
export async function withRetry<T>(
  policy: RetryPolicy,
  operation: (attempt: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await operation(attempt);
    } catch (error) {
      if (attempt >= policy.attempts || !policy.isTransient(error)) throw error;
      const ceiling = Math.min(policy.delayMsMax, policy.firstDelayMs * 2 ** (attempt - 1));
      const delayMs = Math.round(ceiling / 2 + (policy.random() * ceiling) / 2);
      policy.onRetry?.(error, attempt, delayMs);
      await policy.sleep(delayMs);
    }
  }
}
