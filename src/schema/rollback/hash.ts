import type { Outcome } from "../../kernel/outcome.ts";
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

/** What a restore is approved by. */
export interface RestoreGiven {
  readonly database: string;
  readonly backup: string;
  readonly withoutBackup: boolean;
  /** The live schema's fingerprint: whatever has come into it goes. */
  readonly live: string;
  /** A line for each entry; undefined where there is no history that can be believed. */
  readonly history: readonly string[] | undefined;
  /** What a restore has said that it would do. */
  readonly looked: Outcome;
}

/** The hash of what a restore would do, to what, and from which backup as it stands. */
export function hashOfRestore(given: RestoreGiven): string {
  const { database, backup, withoutBackup, live, history, looked } = given;
  return planHash({
    doing: "migrate-rollback",
    database,
    scripts: [],
    given: [
      `from backup ${backup}`,
      withoutBackup ? "without a backup" : "with a backup",
      live,
      decidedOf(looked),
      ...(history ?? ["without a history"]),
    ],
  });
}

/** What of a restore's plan is decided with it: neither sizes and warnings, nor whether it was confirmed. */
const DECIDED = ["snapshotAt", "target", "targetEmpty", "part", "mode", "safetyBackup"];

function decidedOf({ outputs: { plan } }: Outcome): string {
  if (plan === undefined || plan === null || typeof plan !== "object") return "no plan";
  const told = new Map(Object.entries(plan));
  const standing = told.get("standing");
  const state =
    standing !== undefined && standing !== null && typeof standing === "object"
      ? new Map(Object.entries(standing)).get("state")
      : undefined;
  return JSON.stringify([state ?? null, ...DECIDED.map((name) => told.get(name) ?? null)]);
}
