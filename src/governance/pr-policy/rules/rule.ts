import type { Severity } from "../../findings/finding.ts";
import type { Scene } from "../pull-request.ts";
import type { RuleName } from "./names.ts";

/** What a rule found, before it is weighed. */
export interface Hit {
  readonly file?: string;
  readonly line?: number;
  /** What is wrong, with the value that is. */
  readonly message: string;
  /** What to do here, where that is more than the rule's own words. */
  readonly fix?: string;
  /** Where this one weighs otherwise than its rule. */
  readonly severity?: Severity;
}

/** One demand on a pull request. */
export interface Rule {
  /** Lower case, words joined by `-`; what settings switch. */
  readonly name: RuleName;
  readonly severity: Severity;
  /** What goes wrong without it, for the documents. */
  readonly problem: string;
  /** What to do: one full sentence. */
  readonly solution: string;
  find(scene: Scene): readonly Hit[] | Promise<readonly Hit[]>;
}
