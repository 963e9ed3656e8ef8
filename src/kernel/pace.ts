import { formatBytes } from "./bytes.ts";
import { formatDuration } from "./duration.ts";
import { quantity } from "./quantity.ts";

const WINDOW_MS = 10_000;

/** Milliseconds without anything counted that are worth saying. */
const STILL_MS = 20_000;

/** Work that moved nothing is told only where somebody had to wait for it. */
const WORTH_TELLING_MS = 1000;

/**
 * Counts units of long work and says how fast it goes and how long it will still take, judged by the
 * last ten seconds.
 */
export class Pace {
  readonly #unit: "bytes" | "tables" | "migrations";
  readonly #total: number | undefined;
  readonly #startedAt: number;
  /** Moments (ms) and the count at them, oldest first; at most one per half second. */
  readonly #samples: { at: number; count: number }[];
  #count = 0;
  /** When something was counted last. */
  #movedAt: number;

  /** @param now monotonic milliseconds, as in every method */
  constructor(unit: "bytes" | "tables" | "migrations", total: number | undefined, now: number) {
    this.#unit = unit;
    this.#total = total !== undefined && total > 0 ? total : undefined;
    this.#startedAt = this.#movedAt = now;
    this.#samples = [{ at: now, count: 0 }];
  }

  add(count: number, now: number): void {
    this.#count += count;
    if (count > 0) this.#movedAt = now;
    const last = this.#samples.at(-1);
    if (last !== undefined && now - last.at < 500) return;
    this.#samples.push({ at: now, count: this.#count });
    while (this.#samples.length > 2 && now - (this.#samples[1] as { at: number }).at > WINDOW_MS) {
      this.#samples.shift();
    }
  }

  /** Milliseconds since something was counted, or since the beginning. */
  stillMs(now: number): number {
    return now - this.#movedAt;
  }

  /** Units a second. */
  rate(now: number): number {
    const oldest = this.#samples[0] as { at: number; count: number };
    const elapsed = now - oldest.at;
    return elapsed <= 0 ? 0 : ((this.#count - oldest.count) * 1000) / elapsed;
  }

  /** Milliseconds still needed; `undefined` when the total is unknown, already passed, or nothing moves. */
  remainingMs(now: number): number | undefined {
    const rate = this.rate(now);
    if (this.#total === undefined || this.#count >= this.#total || rate <= 0) return undefined;
    return ((this.#total - this.#count) / rate) * 1000;
  }

  /**
   * 0…1, or `undefined` when the total is unknown or nothing was counted yet; never 1 before the end, because
   * totals are estimates.
   */
  fraction(): number | undefined {
    return this.#total === undefined || this.#count === 0
      ? undefined
      : Math.min(0.99, this.#count / this.#total);
  }

  /**
   * Such as `345 MB of about 1.20 GB, 87 MB/s, 10 s left` or `12 of about 40 tables, 3 s left`;
   * `7.0 s so far` while nothing was counted: what works on bytes that lie here already never counts any.
   */
  describe(now: number): string {
    if (this.#count === 0) return `${formatDuration(now - this.#startedAt)} so far`;
    const show = (count: number): string => (this.#unit === "bytes" ? formatBytes(count) : String(count));
    const parts = [
      `${show(this.#count)}${this.#total === undefined ? "" : ` of about ${show(this.#total)}`}` +
        (this.#unit === "bytes" ? "" : ` ${this.#unit}`),
    ];
    // Nothing for ten seconds is a pause of the other side's (an index being built), not a speed.
    const rate = this.rate(now);
    if (this.#unit === "bytes" && rate > 0) parts.push(`${formatBytes(rate)}/s`);
    const remaining = this.remainingMs(now);
    if (remaining !== undefined) parts.push(`${formatDuration(remaining)} left`);
    if (this.stillMs(now) >= STILL_MS) parts.push(`nothing for ${formatDuration(this.stillMs(now))}`);
    return parts.join(", ");
  }

  /**
   * What is worth keeping at the end: `1.21 GB in 14 s, 86 MB/s`. Where nothing was counted, how long it
   * took; and `undefined` where that was not long either.
   */
  summary(now: number): string | undefined {
    const elapsed = now - this.#startedAt;
    if (this.#count === 0) return elapsed < WORTH_TELLING_MS ? undefined : `took ${formatDuration(elapsed)}`;
    if (this.#unit !== "bytes") {
      return `${quantity(this.#count, this.#unit.slice(0, -1))} in ${formatDuration(elapsed)}`;
    }
    const rate = elapsed > 0 ? `, ${formatBytes((this.#count * 1000) / elapsed)}/s` : "";
    return `${formatBytes(this.#count)} in ${formatDuration(elapsed)}${rate}`;
  }
}
