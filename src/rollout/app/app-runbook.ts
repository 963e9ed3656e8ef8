import type { Json } from "../../kernel/outcome.ts";
import type { Runbook, Step } from "../../nouns/runbook/runbook.ts";
import { markOf } from "./release-mark.ts";
import { healthStep } from "./steps/health.ts";
import type { OnApp } from "./steps/on-app.ts";
import { packageStep } from "./steps/package.ts";
import { previewStep } from "./steps/preview.ts";
import { slotStep } from "./steps/slot.ts";
import { soakStep } from "./steps/soak.ts";
import { swapStep } from "./steps/swap.ts";
import { testsStep } from "./steps/tests.ts";
import type { PackageSource } from "./package-shelf.ts";
import type { AppTarget } from "./target.ts";

/** What brings a build into production, beside the steps' surroundings. */
export interface AppRoad {
  /** Of the package; undefined where the slot is expected to hold it. */
  readonly source: PackageSource | undefined;
  /** Keeps the package before anything is begun; undefined where it was kept already. */
  readonly keep?: Step | undefined;
  /** Whether a preview of the swap can be had: not where people have to sign in at production. */
  readonly hasPreview: boolean;
}

/** What a runbook for an app is made of. */
export interface AppRollout extends AppRoad {
  /** Id of the newest record before this run; see {@link newestBefore}. */
  readonly after: string | null;
  readonly kind: "deploy" | "rollback";
  readonly target: AppTarget;
  readonly reason: string;
  readonly record: Step;
}

/**
 * The one road by which a build comes to production, forward and back: into the slot, with production's
 * settings, seen well, tested, swapped.
 *
 * @param tests where a schema has to follow first, they are of no use before the swap
 */
export function stepsToProduction(
  on: OnApp,
  { source, keep, hasPreview }: AppRoad,
  tests: Step | undefined,
): readonly Step[] {
  return [
    ...(keep === undefined ? [] : [keep]),
    slotStep(on),
    packageStep(on, source),
    ...(hasPreview ? [previewStep(on)] : []),
    healthStep(on),
    ...(tests === undefined ? [] : [tests]),
    swapStep(on),
  ];
}

/** The app alone: that road, then production is watched, and it is written down. */
export function appRunbook(on: OnApp, rollout: AppRollout): Runbook {
  const { kind, target, reason, record, after } = rollout;
  const steps: readonly Step[] = [
    ...stepsToProduction(on, rollout, testsStep(on)),
    ...(on.settings.soak.for > 0 ? [soakStep(on)] : []),
    record,
  ];
  return {
    name: kind,
    target: target.environment,
    inputs: { app: appOf(target), build: markOf(on.build), reason, after },
    stages: steps.map((step) => [step]),
  };
}

/** As plans and approvals name it. */
export function appOf({ address: { subscription, group, site }, slot }: AppTarget): Json {
  return { subscription, group, site, slot };
}
