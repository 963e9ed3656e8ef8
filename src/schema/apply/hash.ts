import { describeAddress } from "../../postgres/database-url.ts";
import { planHash, requireApproved } from "../steps/plan-hash.ts";
import type { MigratePlan } from "./plan.ts";

/**
 * The hash of what would be applied, and of what it is applied to: the history, and the schema as it is. What
 * is destroyed stands in it too: of tables that are called as other tools' books are the schema says nothing.
 */
export function hashOf({ request, steps, standing, live, going }: MigratePlan): string {
  const history = [...standing.applied.map(({ entry }) => entry), ...standing.missing, ...standing.begun];
  const lines = history.map(({ version, sha256, state, steps: done }) => [version, sha256, state, done]);
  return planHash({
    doing: "migrate",
    database: describeAddress(request.database.address),
    scripts: steps.map(({ migration, forward, begun }) => [
      migration.version,
      `${forward.source.text}\0${migration.rollback?.text ?? ""}`,
      begun?.steps ?? 0,
    ]),
    given: [
      live,
      ...[...new Set(lines.map((line) => JSON.stringify(line)))].sort(),
      ...going.map(({ version, written }) => JSON.stringify(["goes", version, ...[...written].sort()])),
    ],
  });
}

/** @throws refused.unsafe where another plan was approved */
export function requireApprovedPlan(plan: MigratePlan): void {
  const files = plan.steps.map(({ migration }) => migration.forward.file);
  requireApproved(plan.request.planHash, hashOf(plan), files);
}
