import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { orAbort } from "../../kernel/or-abort.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Step } from "./runbook.ts";

const LAST_LOOK_MS = 15_000;

/** What bounds the parts of a step. */
export interface Bounds {
  readonly clock: Pick<Clock, "elapsed" | "sleep">;
  readonly cancelled: AbortSignal;
}

/**
 * The time of one step: every question and every act of it together take no longer, and none outlasts the
 * run. Who is asked may be silent for ever.
 */
export class StepTime {
  readonly #step: Pick<Step, "id" | "title" | "timeoutMs">;
  readonly #bounds: Bounds;
  #until: number;

  constructor(step: Pick<Step, "id" | "title" | "timeoutMs">, bounds: Bounds) {
    this.#step = step;
    this.#bounds = bounds;
    this.#until = bounds.clock.elapsed() + step.timeoutMs;
  }

  /** Milliseconds. */
  get left(): number {
    return this.#until - this.#bounds.clock.elapsed();
  }

  /** After an act it has to be looked once more, also where that took all the time there was. */
  forLastLook(): void {
    const ms = Math.min(LAST_LOOK_MS, this.#step.timeoutMs);
    this.#until = Math.max(this.#until, this.#bounds.clock.elapsed() + ms);
  }

  /**
   * Does a part of the step. What is given up is told so by its signal, and not waited for.
   *
   * @throws runbook.timeout, the reason of the run's end, or what the work throws
   */
  async within<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, cancelled } = this.#bounds;
    cancelled.throwIfAborted();
    if (this.left <= 0) throw this.over();
    const done = new AbortController();
    const over = new AbortController();
    void clock.sleep(this.left, done.signal).then(
      () => over.abort(this.over()),
      () => undefined,
    );
    const signal = AbortSignal.any([cancelled, over.signal]);
    try {
      return await orAbort(signal, work(signal));
    } catch (error) {
      // What the work makes of its signal says less than the signal.
      if (signal.aborted) throw signal.reason;
      throw error;
    } finally {
      done.abort();
    }
  }

  over(last = "it gave no answer"): HoldfastError {
    const { id, title, timeoutMs } = this.#step;
    return new HoldfastError(
      "runbook.timeout",
      `${id} (${title}) is not so within ${Math.round(timeoutMs / 1000)} s: ${last}`,
      { hint: "See what holds it up; then go on with the same run, which looks first." },
    );
  }
}

/** @returns the message of whatever was thrown, with the advice that came with it */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return isHoldfastError(error) && error.hint !== undefined
    ? `${message.replace(/\.$/, "")}. ${error.hint}`
    : message;
}
