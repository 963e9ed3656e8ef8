import type { Json } from "../../kernel/outcome.ts";
import type { Step } from "../../nouns/runbook/runbook.ts";
import { healthStep } from "./steps/health.ts";
import type { OnApp } from "./steps/on-app.ts";
import { packageStep } from "./steps/package.ts";
import { previewStep } from "./steps/preview.ts";
import { slotStep } from "./steps/slot.ts";
import { swapStep } from "./steps/swap.ts";
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

/** As plans and approvals name it. */
export function appOf({ address: { subscription, group, site }, slot }: AppTarget): Json {
  return { subscription, group, site, slot };
}
