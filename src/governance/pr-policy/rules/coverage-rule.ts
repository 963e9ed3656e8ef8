import type { Coverage, Share } from "../../coverage/measure.ts";
import type { CoveragePolicy } from "../settings.ts";
import type { Hit, Rule } from "./rule.ts";

/** What rules about coverage look at. */
export interface CoverageScene {
  readonly wanted: CoveragePolicy;
  /** Whether a report is asked for. */
  readonly isRequired: boolean;
  /** How many were given. */
  readonly given: number;
  /** Reports that could not be believed, by their paths, and why. */
  readonly unusable: readonly Unusable[];
  /** What all of them came to; undefined where none was given, or one could not be believed. */
  readonly found: Coverage | undefined;
  /** Changed files of kinds that no report knows and that hold code. */
  readonly otherKinds: readonly string[];
}

/** A report that could not be believed. */
export interface Unusable {
  /** Its path, as it was given. */
  readonly path: string;
  /** In words that follow its path. */
  readonly why: string;
}

/** One demand on reports of coverage. */
export interface CoverageRule extends Omit<Rule, "find"> {
  find(scene: CoverageScene): readonly Hit[];
}

/** In whole numbers: a share is never rounded up to what is asked for. */
export function isBelow({ covered, total }: Share, least: number): boolean {
  return covered * 10_000 < Math.round(least * 100) * total;
}

/** `84.99 % (850 of 1000 lines)`. */
export function toldShare(share: Share): string {
  return `${percent(share)} (${share.covered} of ${share.total} lines)`;
}

function percent({ covered, total }: Share): string {
  return total === 0 ? "none" : `${(Math.floor((covered * 10_000) / total) / 100).toFixed(2)} %`;
}
