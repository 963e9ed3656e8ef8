import type { UnavailableExtension } from "../../copy/loading/extensions.ts";
import type { Chosen } from "../chosen/chosen.ts";
import type { PlannedProperties } from "../properties/planned-properties.ts";
import type { TargetState } from "../target/target.ts";
import type { MergedRows } from "./rows/merge-rows.ts";
import type { Kept } from "./ground/kept.ts";
import type { ProjectPlan } from "./project-plan.ts";
import type { RefusedRights } from "../../copy/rights/give-singly.ts";

/** What a restore into a project did, before anything is compared. */
export interface LoadedProject extends MergedRows {
  readonly notes: readonly string[];
  /** Triggers that were switched off, as a content record names them. */
  readonly paused: ReadonlySet<string>;
  /** What stayed because it could not be dropped. */
  readonly kept: Kept;
  /** Rights on what is the user's that could not be given. */
  readonly refusedRights: readonly RefusedRights[];
  /** What was left out meanwhile, as `entryKey` has it. */
  readonly left: ReadonlySet<string>;
  /** The same of what stays with the role that restores and was not foreseen. */
  readonly notGiven: ReadonlySet<string>;
  /** Extensions that could not be made here. */
  readonly unavailable: readonly UnavailableExtension[];
}

/** What a plan whose mode is project has for one. */
export interface PlanOfProject extends Chosen {
  readonly target: TargetState;
  /** What of the source's database itself is brought; absent where it is no part of what is restored. */
  readonly properties?: PlannedProperties;
  readonly project: ProjectPlan;
}
