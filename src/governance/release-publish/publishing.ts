import type { HoldfastError } from "../../kernel/errors.ts";
import type { Secret } from "../../kernel/secret.ts";
import type { Ports } from "../../ports/ports.ts";
import type { StepResult } from "../steps/step.ts";
import type { Release } from "./release.ts";

/** The parsed inputs of `holdfast release publish`. */
export interface ReleasePublishInputs {
  readonly branch: string | undefined;
  readonly tag: string | undefined;
  readonly assets: readonly string[];
  readonly build: string | undefined;
  readonly settings: string;
  readonly repository: string | undefined;
  readonly token: Secret | undefined;
  readonly dryRun: boolean;
}

export type ReleasePublishPorts = Pick<
  Ports,
  | "sourceTree"
  | "sourceHistory"
  | "sourceRefs"
  | "releaseCalculation"
  | "openForge"
  | "clock"
  | "random"
  | "log"
  | "cancelled"
  | "variable"
  | "run"
  | "version"
>;

/** A release, and what became of its steps. */
export interface Published {
  readonly release: Release;
  readonly build: string;
  readonly steps: readonly StepResult[];
  /** Where people read it, and whose token made it; undefined where a dry run would make it. */
  readonly page: { readonly url: string; readonly author: string } | undefined;
  /** Of a step after it was published, which ends none of the others. */
  readonly failure: HoldfastError | undefined;
}
