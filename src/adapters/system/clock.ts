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
      // A timer drops fractions, and so comes up to a millisecond early: whoever compares afterwards would
      // find that the time is not over yet.
      const end = performance.now() + ms;
      for (let left = ms; left > 0; left = end - performance.now()) {
        const wait = Math.min(Math.ceil(left), TIMER_MS_MAX);
        await delay(wait, undefined, signal === undefined ? {} : { signal });
      }
    } catch (error) {
      // Node rejects with its own AbortError; the port promises the signal's reason.
      throw signal?.aborted ? signal.reason : error;
    }
  },
};
