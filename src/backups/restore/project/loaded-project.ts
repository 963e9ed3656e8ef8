import type { UnavailableExtension } from "../../copy/loading/extensions.ts";
import type { Finding } from "../../../nouns/catalog/manifest.ts";
import type { RestorePlan } from "../restore-plan.ts";
import type { PlatformRowsForeseen } from "./rows/foresee.ts";
import type { Kept } from "./ground/kept.ts";
import type { ProjectPlan } from "./project-plan.ts";
import type { RefusedRights } from "../../copy/rights/give-singly.ts";

/** What a restore into a project did, before anything is compared. */
export interface LoadedProject {
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
  /** Triggers that were switched off, as a content record names them. */
  readonly paused: ReadonlySet<string>;
  /** What stayed because it could not be dropped. */
  readonly kept: Kept;
  /** What became of the rows of tables that are not the restore's alone. */
  readonly tables: readonly PlatformRowsForeseen[];
  /** Rows written into tables of the platform's, by table. */
  readonly written: ReadonlyMap<string, number>;
  /** Rights on what is the user's that could not be given. */
  readonly refusedRights: readonly RefusedRights[];
  /** What was left out meanwhile, as `entryKey` has it. */
  readonly left: ReadonlySet<string>;
  /** The same of what stays with the role that restores and was not foreseen. */
  readonly notGiven: ReadonlySet<string>;
  /** Extensions that could not be made here. */
  readonly unavailable: readonly UnavailableExtension[];
}

/** A plan whose mode is project. */
export type PlanOfProject = RestorePlan & { readonly project: ProjectPlan };
