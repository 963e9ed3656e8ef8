import type { FolderRule } from "../folder/migration.ts";

/**
 * How much a finding weighs. `error`: it will not work, or breaks what is merged. `warning`: it can hurt.
 * `note`: worth knowing.
 */
export type Level = "error" | "warning" | "note";

/** Rules that look at a whole file or its history. */
export type FileRule =
  | "edited-after-merge"
  | "deleted-after-merge"
  | "late-file"
  | "syntax"
  | "earlier-file-fails"
  | "empty-rollback"
  | "malformed-waiver"
  | "unused-waiver"
  | "fails-with-rows"
  | "other-server"
  | "missing-extension"
  | "missing-role";

/** Something said of a place in the folder. */
export interface Finding {
  /** Name of the rule, by which it can be allowed. */
  readonly rule: string;
  readonly level: Level;
  /** Path below the folder. */
  readonly file: string;
  readonly line: number;
  /** What it is about, where that has a name. */
  readonly object?: string;
  readonly message: string;
  /** What to do instead. */
  readonly hint: string;
  /** Why it is allowed, by a comment in the file. */
  readonly waived?: string;
}

/** Names of rules that are not about statements. */
export type OtherRule = FileRule | FolderRule;
