import { formatDuration } from "../../kernel/duration.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { SlotCall } from "../../ports/slot-host.ts";

/** The time of one call: all its requests, waits and tries together. */
export class Budget {
  readonly #clock: Pick<Clock, "elapsed" | "sleep">;
  readonly #until: number;
  readonly #call: SlotCall;

  constructor(clock: Pick<Clock, "elapsed" | "sleep">, call: SlotCall) {
    this.#clock = clock;
    this.#until = clock.elapsed() + call.withinMs;
    this.#call = call;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  /** Milliseconds. */
  get left(): number {
    return this.#until - this.#clock.elapsed();
  }

  /** @throws slots.timeout where the wait is longer than what is left; the signal's reason */
  async pause(ms: number, why: string): Promise<void> {
    this.signal.throwIfAborted();
    if (ms >= this.left) throw this.over(why);
    await this.#clock.sleep(ms, this.signal);
  }

  over(why: string): HoldfastError {
    return new HoldfastError(
      "slots.timeout",
      `App Service has not done it within ${formatDuration(this.#call.withinMs)}: ${why}`,
      { hint: "See in the portal what holds it up. What was begun may still come to its end; look first." },
    );
  }
}
