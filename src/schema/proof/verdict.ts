import type { ScriptFailure } from "../shadow/run-script.ts";
import type { StatementImpact } from "./impact.ts";

/**
 * What is known of one pair of scripts.
 *
 * - `proved`: forward and back leaves the schema as it was, forward again makes what forward made, and rows
 *   that were there are there.
 * - `column-order`: so, but for the order of columns, which `SELECT *` and `COPY` without a column list show.
 * - `loses-data`: the schema comes back, rows or values do not.
 * - `differs`: the schema does not come back.
 * - `missing`: there is no rollback, or it holds nothing although something was changed.
 * - `failed`: one of the scripts does not go through.
 */
export type Verdict = "proved" | "differs" | "column-order" | "loses-data" | "missing" | "failed";

/** One thing that is not as it should be. */
export interface PairDifference {
  /** `<kind> <name>`, such as `column app.orders.total`; empty where nothing can be named for certain. */
  readonly object: string;
  readonly message: string;
  /** Where a script is to blame at one place. */
  readonly at?: { readonly file: string; readonly line: number };
  /** The verdict that it would be by itself, where that is not the pair's. */
  readonly verdict?: Verdict;
}

/** A difference in one line; what a script is blamed for at a place is a sentence of its own. */
export function toldDifference({ object, message, at }: PairDifference): string {
  if (object === "") return message;
  return at === undefined ? `${object} ${message}` : `${object}: ${message}`;
}

/** What was found about a pair. */
export interface PairProof {
  readonly verdict: Verdict;
  readonly differences: readonly PairDifference[];
  /** What could not be tried, and why; what was left aside as the server's own noise. */
  readonly notes: readonly string[];
  /**
   * What a rollback takes away of what came after the migration: tables and columns that the migration made.
   */
  readonly destroys: readonly string[];
  /** Empty where the scripts cannot run in a transaction. */
  readonly forward: readonly StatementImpact[];
  readonly rollback: readonly StatementImpact[];
  /** The forward script goes through on empty tables alone. */
  readonly failsWithRows: RowsRefused | undefined;
}

/** A forward script that does not go through with rows in the tables. */
export interface RowsRefused {
  readonly failure: ScriptFailure;
  /** As soon as there is any row; otherwise it may depend on what is in it. */
  readonly certain: boolean;
  /** With rows in other tables than those that it changes; what it does to these was tried. */
  readonly beside?: boolean;
}
