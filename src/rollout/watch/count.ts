import { saysNothing } from "./doubt.ts";
import type { Tried, UnclearTry } from "./try-address.ts";

/** What was seen of an address so far. */
export interface Seen {
  readonly tries: number;
  /** Tries in all that count as failures. */
  readonly failed: number;
  /** Tries in all that say nothing about a release. */
  readonly unclear: number;
  /** Failures since the last good try. */
  readonly inRow: number;
  /** Tries since the last good one that say nothing about a release. */
  readonly unclearInRow: number;
  readonly last: Tried;
  /** The last one that counts as a failure. */
  readonly lastFailure: Tried | undefined;
  /** The last one that says nothing about a release. */
  readonly lastUnclear: UnclearTry | undefined;
}

/** What a try is taken for, and what came right before it. */
export interface Taken {
  readonly as: "well" | "failure" | "unclear";
  /** Its number. */
  readonly tries: number;
  readonly inRow: number;
  readonly unclearInRow: number;
}

/** Counts tries. One that says nothing about a release neither counts as a failure nor ends a row of them. */
export class Count {
  #tries = 0;
  #failed = 0;
  #unclear = 0;
  #inRow = 0;
  #unclearInRow = 0;
  #silent = 0;
  #wasWell = false;
  #lastFailure: Tried | undefined;
  #lastUnclear: UnclearTry | undefined;

  take(tried: Tried): Taken {
    const [inRow, unclearInRow] = [this.#inRow, this.#unclearInRow];
    this.#tries += 1;
    const taken = (as: Taken["as"]): Taken => ({ as, tries: this.#tries, inRow, unclearInRow });
    if (tried.isWell) {
      this.#wasWell = true;
      [this.#inRow, this.#unclearInRow, this.#silent] = [0, 0, 0];
      return taken("well");
    }
    const { doubt } = tried;
    if (doubt !== undefined && saysNothing(doubt, this.#wasWell)) {
      this.#unclear += 1;
      this.#unclearInRow += 1;
      this.#lastUnclear = { ...tried, doubt };
      return taken("unclear");
    }
    this.#failed += 1;
    this.#inRow += 1;
    if (tried.isSilence) this.#silent += 1;
    this.#lastFailure = tried;
    return taken("failure");
  }

  /** The failures in a row were no answers, and nobody else answered either: they say nothing. */
  takeBack(silence: UnclearTry): void {
    this.#failed -= this.#inRow;
    this.#unclear += this.#inRow;
    this.#unclearInRow += this.#inRow;
    this.#lastUnclear = silence;
    [this.#inRow, this.#silent] = [0, 0];
  }

  seen(last: Tried): Seen {
    return {
      tries: this.#tries,
      failed: this.#failed,
      unclear: this.#unclear,
      inRow: this.#inRow,
      unclearInRow: this.#unclearInRow,
      last,
      lastFailure: this.#lastFailure,
      lastUnclear: this.#lastUnclear,
    };
  }

  /** Whether none of the failures in a row was an answer. */
  get isAllSilence(): boolean {
    return this.#silent === this.#inRow;
  }

  get isWithoutFailures(): boolean {
    return this.#inRow === 0;
  }

  /** Whether nobody may call it well, though it is not ill: it was not well for as long, or never. */
  isInDoubt(failures: number): boolean {
    if (this.#unclearInRow === 0) return false;
    return !this.#wasWell || this.#inRow + this.#unclearInRow >= failures;
  }
}
