/**
 * How much a finding weighs. `error`: the pull request is refused. `warning`: it should be looked at. `note`:
 * worth knowing.
 */
export type Severity = "error" | "warning" | "note";

/** One thing that a rule says of a pull request. */
export interface Finding {
  /** Name of the rule, as in docs/policy.md and in the settings that switch it. */
  readonly rule: string;
  readonly severity: Severity;
  /** Path from the repository's root; null where it is about no file (a title, a commit). */
  readonly file: string | null;
  /** From 1; null where it is about no line. */
  readonly line: number | null;
  /** What is wrong, with the value that is. */
  readonly message: string;
  /** What to do: one full sentence. */
  readonly fix: string;
}
