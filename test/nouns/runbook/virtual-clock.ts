import type { Clock } from "../../../src/ports/clock.ts";

interface Sleeper {
  readonly at: number;
  wake(): void;
}

/**
 * A clock whose time passes only while everybody sleeps, so that hours take milliseconds and the same run
 * takes the same time.
 */
export class VirtualClock implements Clock {
  readonly #sleepers = new Set<Sleeper>();
  #ms = 0;

  now(): Date {
    return new Date(Date.UTC(2026, 10, 28) + this.#ms);
  }

  elapsed(): number {
    return this.#ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const stop = (): void => {
        this.#sleepers.delete(sleeper);
        reject(signal!.reason as Error);
      };
      const sleeper: Sleeper = {
        at: this.#ms + Math.max(0, ms),
        wake: () => {
          signal?.removeEventListener("abort", stop);
          resolve();
        },
      };
      signal?.addEventListener("abort", stop, { once: true });
      this.#sleepers.add(sleeper);
    });
  }

  /** Runs the work to its end, letting time pass whenever nothing else is to be done. */
  async run<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    const over = (): void => {
      isOver = true;
    };
    work.then(over, over);
    for (let idle = 0; !isOver;) {
      // Every promise that can go on without time has gone on by then.
      await new Promise((resolve) => setImmediate(resolve));
      const next = [...this.#sleepers].sort((a, b) => a.at - b.at)[0];
      if (next === undefined) {
        idle += 1;
        if (idle > 50) throw new Error("nobody sleeps, and the work does not end: it waits for nothing");
        continue;
      }
      idle = 0;
      this.#sleepers.delete(next);
      this.#ms = Math.max(this.#ms, next.at);
      next.wake();
    }
    return await work;
  }
}
