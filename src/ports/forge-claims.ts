import type { Answer } from "./answer.ts";

/** That one run has taken something upon itself which must not be done twice. */
export interface Claim {
  /** Counted from 1: who takes over an old claim takes the next number. */
  readonly number: number;
  /**
   * When it was taken, by the clock of the run that did; undefined where it was given up, or says nothing.
   */
  readonly since: Date | undefined;
}

/** What a claim is taken with. */
export interface NewClaim {
  /** What it is on, such as `deployments/v1.3.0`: letters, digits, `.`, `-` and `/`. */
  readonly on: string;
  readonly number: number;
  /** Hash of the commit that it is about. */
  readonly commit: string;
  readonly since: Date;
  /** Who takes it, in words that nobody else's claim has: by these it is known again. */
  readonly by: string;
}

/**
 * Claims at the forge, by which of several runs at once one does what all of them find missing. Laws beside
 * those of `Forge`: of one number one run gets the claim, however many ask for it at once; a claim stays, and
 * who was killed while having it is told by its age.
 */
export interface ForgeClaims {
  /** The one of the highest number; absent where nobody has claimed it yet. */
  newest(on: string): Promise<Answer<Claim>>;
  /**
   * Takes a claim; false where somebody else has that number. One whose answer was lost is looked for.
   *
   * @throws forge.refused, forge.unreachable where it is not known to be anybody's
   */
  take(claim: NewClaim): Promise<boolean>;
  /** Gives one's own claim up, so that nobody waits for it. */
  giveUp(claim: Pick<NewClaim, "on" | "number" | "commit">): Promise<void>;
}
