import type { Verdict } from "../../../../src/schema/proof/verdict.ts";

/** One pair of scripts, and what has to be found about it. */
export interface MatrixCase {
  readonly name: string;
  /** SQL that runs before the pair, on top of {@link BASE}. */
  readonly setup?: string;
  readonly forward: string;
  readonly rollback: string;
  readonly verdict: Verdict;
  /**
   * Every object that has to be named, in the order of the report; empty text where a script does
   * not go through and nothing can be named for certain.
   */
  readonly objects: readonly string[];
  /** The oldest major that understands the scripts. */
  readonly since?: number;
}

/** A pair that does not put back what it changed, or loses rows. */
export function broken(
  name: string,
  forward: string,
  rollback: string,
  objects: string | readonly string[],
  more: Partial<MatrixCase> = {},
): MatrixCase {
  return {
    name,
    forward,
    rollback,
    verdict: "differs",
    objects: typeof objects === "string" ? [objects] : objects,
    ...more,
  };
}

/** A pair of which nothing may be said. */
export function sound(
  name: string,
  forward: string,
  rollback: string,
  more: Partial<MatrixCase> = {},
): MatrixCase {
  return { name, forward, rollback, verdict: "proved", objects: [], ...more };
}
