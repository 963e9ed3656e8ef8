import { describeAddress } from "../../postgres/database-url.ts";
import { planHash, requireApproved } from "../steps/plan-hash.ts";
import type { RollbackPlan } from "./plan.ts";

/** The hash of what would be taken back, by which scripts, and of what goes with it. */
export function hashOf({ request, steps, losses, live }: RollbackPlan): string {
  return planHash({
    doing: "migrate-rollback",
    database: describeAddress(request.database.address),
    scripts: steps.map(({ entry, rollback }) => [
      entry.version,
      rollback.source.text,
      entry.state === "rolling-back" ? entry.steps : 0,
    ]),
    given: [
      request.to?.version ?? "nothing",
      request.store === undefined ? "without a backup" : "with a backup",
      live,
      ...steps.map(({ entry, proof }) => `${entry.version} ${proof?.verdict ?? "not tried"}`),
      ...losses.map(({ object }) => object).sort(),
    ],
  });
}

/** @throws refused.unsafe where another plan was approved */
export function requireApprovedPlan(plan: RollbackPlan): void {
  const files = plan.steps.map(({ entry }) => entry.file);
  requireApproved(plan.request.planHash, hashOf(plan), files);
}
