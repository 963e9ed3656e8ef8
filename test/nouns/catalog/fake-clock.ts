import type { Clock, Random } from "../../../src/ports/clock.ts";

interface Sleeper {
  readonly until: number;
  wake(): void;
}

/**
 * A clock that moves only when told; sleepers wake in order, and what they start has time to happen before
 * the next one wakes.
 */
export class FakeClock implements Clock {
  #now: number;
  readonly #sleepers = new Set<Sleeper>();

  constructor(now = "2026-11-22T04:00:00Z") {
    this.#now = Date.parse(now);
  }

  now(): Date {
    return new Date(this.#now);
  }

  elapsed(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const sleeper = { until: this.#now + ms, wake: resolve };
      if (signal?.aborted) reject(signal.reason as Error);
      signal?.addEventListener("abort", () => {
        this.#sleepers.delete(sleeper);
        reject(signal.reason as Error);
      });
      this.#sleepers.add(sleeper);
    });
  }

  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await settle();
      const [next] = [...this.#sleepers]
        .filter((sleeper) => sleeper.until <= end)
        .sort((a, b) => a.until - b.until);
      if (next === undefined) break;
      this.#now = Math.max(this.#now, next.until);
      this.#sleepers.delete(next);
      next.wake();
    }
    this.#now = end;
    await settle();
  }

  /** Time passes and nobody wakes: a machine that is suspended, while others go on. */
  jump(ms: number): void {
    this.#now += ms;
  }
}

/** Lets everything that needs no time happen. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 12; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Random numbers that are not: 1, 2, 3 … */
export function countingRandom(): Random {
  let count = 0;
  return { hex: (bytes) => (count += 1).toString(16).padStart(bytes * 2, "0"), fraction: () => 0.5 };
}
