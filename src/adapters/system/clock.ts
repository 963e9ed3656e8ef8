import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "../../ports/clock.ts";

/**
 * A timer of Node fires at once when it is set further ahead than this (2^31 - 1 milliseconds, 24.8 days).
 */
const TIMER_MS_MAX = 2_147_483_647;

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => new Date(),
  elapsed: () => performance.now(),
  async sleep(ms, signal) {
    try {
      for (let left = ms; left > 0; left -= TIMER_MS_MAX) {
        await delay(Math.min(left, TIMER_MS_MAX), undefined, signal === undefined ? {} : { signal });
      }
    } catch (error) {
      // Node rejects with its own AbortError; the port promises the signal's reason.
      throw signal?.aborted ? signal.reason : error;
    }
  },
};
