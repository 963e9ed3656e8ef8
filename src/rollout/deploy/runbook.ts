import type { Runbook, Step } from "../../nouns/runbook/runbook.ts";
import { markOf } from "../app/release-mark.ts";
import { appOf, stepsToProduction, type AppRoad } from "../app/road.ts";
import type { OnApp } from "../app/steps/on-app.ts";
import { soakStep } from "../app/steps/soak.ts";
import { testsStep } from "../app/steps/tests.ts";
import type { AppTarget } from "../app/target.ts";

/** What the runbook of a deployment is made of. */
export interface DeployRollout extends AppRoad {
  /** Id of the newest record before this run; see {@link newestBefore}. */
  readonly after: string | null;
  readonly target: AppTarget;
  readonly reason: string;
  readonly record: Step;
}

/** The road to production, then production is watched, and it is written down. */
export function deployRunbook(on: OnApp, rollout: DeployRollout): Runbook {
  const { target, reason, record, after } = rollout;
  const steps: readonly Step[] = [
    ...stepsToProduction(on, rollout, testsStep(on)),
    ...(on.settings.soak.for > 0 ? [soakStep(on)] : []),
    record,
  ];
  return {
    name: "deploy",
    target: target.environment,
    inputs: { app: appOf(target), build: markOf(on.build), reason, after },
    stages: steps.map((step) => [step]),
  };
}
