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
import type { AppTarget } from "./target.ts";

/** What a runbook for an app is made of, beside its steps' surroundings. */
export interface AppRollout {
  readonly kind: "deploy" | "rollback";
  readonly target: AppTarget;
  readonly reason: string;
  /** Path of the package; undefined where the slot is expected to hold it. */
  readonly packagePath: string | undefined;
  /** Whether a preview of the swap can be had: not where people have to sign in at production. */
  readonly hasPreview: boolean;
  readonly record: Step;
}

/**
 * The one road by which a build comes to production, forward and back: into the slot, with production's
 * settings, seen well, tested, swapped, watched, written down.
 */
export function appRunbook(
  on: OnApp,
  { kind, target, reason, packagePath, hasPreview, record }: AppRollout,
): Runbook {
  const tests = testsStep(on);
  const steps: readonly Step[] = [
    slotStep(on),
    packageStep(on, packagePath),
    ...(hasPreview ? [previewStep(on)] : []),
    healthStep(on),
    ...(tests === undefined ? [] : [tests]),
    swapStep(on),
    ...(on.settings.soak.for > 0 ? [soakStep(on)] : []),
    record,
  ];
  const { subscription, group, site } = target.address;
  return {
    name: kind,
    target: target.environment,
    inputs: { app: { subscription, group, site, slot: target.slot }, build: markOf(on.build), reason },
    stages: steps.map((step) => [step]),
  };
}
