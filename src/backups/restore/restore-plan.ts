import type { HoldfastError } from "../../kernel/errors.ts";
import type { Standing } from "../../nouns/catalog/standing.ts";
import type { TableRecord } from "../../nouns/content/record.ts";
import type { NotMadeHere } from "./rights/not-made-here.ts";
import type { ProjectPlan } from "./project/project-plan.ts";
import type { PlannedProperties } from "./properties/planned-properties.ts";
import type { RowsPlan } from "./rows/rows-plan.ts";
import type { RestoreMode } from "./request/restore-mode.ts";

/**
 * What a restore will do: decided before anything is touched, printed as a table and as JSON,
 * then carried out.
 */
export interface RestorePlan extends RowsPlan {
  /** What its receipts say of it; absent where they could not be read. */
  readonly standing?: Standing | undefined;
  readonly mode: RestoreMode;
  readonly modeReason: string;
  /** Mode project: what is the user's there, and what becomes of the platform's rows. */
  readonly project?: ProjectPlan;
  /** What of the source's database itself is brought; absent where it is no part of what is restored. */
  readonly properties?: PlannedProperties;
  /**
   * Where tables are named: those that the target lacked when it was planned, and that are therefore made.
   */
  readonly toMake: readonly TableRecord[];
  readonly safetyBackup: boolean;
  /** Public keys for the safety backup; empty means unencrypted, which was allowed explicitly. */
  readonly safetyRecipients: readonly string[];
  /** What this role may not make at the target; in a project the project's plan says so. */
  readonly notMade?: NotMadeHere;
  /** Things the person should know first; none of them stops the restore. */
  readonly warnings: readonly string[];
  /** What would stop the restore as it was asked for; only a dry run plans on, with these. */
  readonly refusals: readonly HoldfastError[];
}
