import { formatDuration } from "../../kernel/duration.ts";
import type { Clock } from "../../ports/clock.ts";

/** Milliseconds by which two clocks may differ without a word. */
const APART_MS = 2 * 60_000;

/** How a machine's clock stands to the server's. */
export interface Clocks {
  /** Milliseconds that are taken off this machine's clock for names of backups; 0 where it is not ahead. */
  readonly aheadMs: number;
  /** What is to be said of it. */
  readonly warning: string | undefined;
}

/**
 * A backup's id begins with a time, and the latest is the one whose id is. One of a machine whose clock is
 * ahead would be the latest until everybody's clock has caught up, so its id goes by the server's clock, as
 * its content does.
 *
 * @param serverTime read a moment ago
 */
export function compareClocks(clock: Pick<Clock, "now">, serverTime: Date): Clocks {
  const aheadMs = clock.now().getTime() - serverTime.getTime();
  if (Math.abs(aheadMs) <= APART_MS) return { aheadMs: 0, warning: undefined };
  const apart = formatDuration(Math.abs(aheadMs));
  if (aheadMs > 0) {
    return {
      aheadMs,
      warning:
        `this machine's clock is ${apart} ahead of the database server's, so this backup's ` +
        "id goes by the server's",
    };
  }
  return {
    aheadMs: 0,
    warning:
      `this machine's clock is ${apart} behind the database server's: this backup's id is older ` +
      "than those that other machines made in that time",
  };
}
