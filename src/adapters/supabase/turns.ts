import { orAbort } from "../../kernel/or-abort.ts";

/** Lets so many works go on at once; the others wait in the order in which they came. */
export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /** @throws the signal's reason where it aborts while waiting; what the work throws */
  async take<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(signal);
    try {
      return await work();
    } finally {
      this.#giveBack();
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    let given = false;
    let call: () => void = () => undefined;
    const turn = new Promise<void>((resolve) => {
      call = () => {
        given = true;
        resolve();
      };
    });
    this.#waiting.push(call);
    try {
      await orAbort(signal, turn);
    } catch (error) {
      // Whoever leaves must neither keep a place in the queue nor a turn that came at the same moment.
      const place = this.#waiting.indexOf(call);
      if (place >= 0) this.#waiting.splice(place, 1);
      if (given) this.#giveBack();
      throw error;
    }
  }

  #giveBack(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
