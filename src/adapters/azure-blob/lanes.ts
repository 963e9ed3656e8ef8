import { orAbort } from "../../kernel/or-abort.ts";

/** So many blocks are to arrive before one more is sent beside them. */
const GOOD_TO_WIDEN = 8;
/** As wide as anybody asks for; beyond this nothing is held back. */
const WIDE = 16;

/**
 * How many blocks may be on the way at the same time. A line that is too slow for several is given one; as
 * blocks arrive, more again.
 */
export class Lanes {
  #width = Number.POSITIVE_INFINITY;
  #active = 0;
  #good = 0;
  #narrowings = 0;
  #waiting: (() => void)[] = [];
  readonly #isSlow: (error: unknown) => boolean;
  readonly #onNarrow: (active: number) => void;

  constructor(isSlow: (error: unknown) => boolean, onNarrow: (active: number) => void) {
    this.#isSlow = isSlow;
    this.#onNarrow = onNarrow;
  }

  get width(): number {
    return this.#width;
  }

  /** Waits for a place, then works. @throws the signal's reason, what the work throws */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    while (this.#active >= this.#width) {
      await orAbort(signal, new Promise<void>((resolve) => this.#waiting.push(resolve)));
    }
    this.#active += 1;
    const before = this.#narrowings;
    try {
      const result = await work();
      this.#widen();
      return result;
    } catch (error) {
      // Those that were on the way together fail together, and say the same thing once.
      if (this.#active > 1 && before === this.#narrowings && this.#isSlow(error)) this.#narrow();
      throw error;
    } finally {
      this.#active -= 1;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const wake of waiting) wake();
    }
  }

  #narrow(): void {
    this.#narrowings += 1;
    this.#good = 0;
    this.#width = 1;
    this.#onNarrow(this.#active);
  }

  #widen(): void {
    if (!Number.isFinite(this.#width)) return;
    this.#good += 1;
    if (this.#good < GOOD_TO_WIDEN) return;
    this.#good = 0;
    this.#width += 1;
    if (this.#width > WIDE) this.#width = Number.POSITIVE_INFINITY;
  }
}
