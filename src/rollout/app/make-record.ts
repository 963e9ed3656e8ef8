import type { Journal } from "../../nouns/runbook/journal.ts";
import type { Plan } from "../../nouns/runbook/plan.ts";
import { standingOf } from "../../nouns/runbook/standing.ts";
import { PRODUCTION_SLOT } from "../../ports/slot-host.ts";
import type { RolloutRecord } from "./records.ts";
import { markOf, productionIn, type Build } from "./release-mark.ts";
import type { AppPorts } from "./request.ts";
import { callOf, MINUTE_MS, type OnApp } from "./steps/on-app.ts";
import type { AppTarget } from "./target.ts";

/** What a record says that the run's journal does not. */
export interface Recorded {
  readonly kind: "deploy" | "rollback";
  readonly target: AppTarget;
  readonly reason: string;
  readonly id: string;
  readonly schema: RolloutRecord["schema"];
  /** What else was taken along. */
  readonly parts?: Pick<RolloutRecord, "database" | "functions">;
}

/** The record of a run all of whose steps are true. @throws what the host throws */
export async function makeRecord(
  { kind, target, reason, id, schema, parts }: Recorded,
  { host, build }: Pick<OnApp, "host" | "build">,
  journal: Journal,
  { clock, run, cancelled }: Pick<AppPorts, "clock" | "run" | "cancelled">,
): Promise<RolloutRecord> {
  const { steps } = standingOf(journal.entries);
  const facts = await host.slot(PRODUCTION_SLOT, callOf(cancelled, 2 * MINUTE_MS));
  return {
    format: "holdfast.rollout/1",
    id,
    kind,
    app: { ...target.address, slot: target.slot },
    environment: target.environment,
    version: build.version,
    build: build.build ?? null,
    digest: build.digest,
    mark: markOf(build),
    before: productionIn(steps.get("swap")?.actedOn?.evidence),
    reason,
    ...(schema === undefined ? {} : { schema }),
    ...parts,
    seen: Object.fromEntries(
      [...steps].filter(([step]) => step !== "record").map(([step, { what }]) => [step, what]),
    ),
    address: facts?.address ?? "",
    began: journal.entries[0]!.at,
    ended: clock.now().toISOString(),
    run: { ...run },
  };
}

/** What production is by a plan; null where it is nothing of ours. */
export function productionBefore({ steps }: Pick<Plan, "steps">, build: Build): string | null {
  const { observed } = steps.find(({ id }) => id === "swap")!;
  if (observed.kind === "true") return markOf(build);
  return productionIn("evidence" in observed ? observed.evidence : undefined);
}

/** Production is it, and the newest record says that this was seen to be good. */
export function isVerified(plan: Plan, build: Build, newest: RolloutRecord | undefined): boolean {
  const isSwapped = plan.steps.find(({ id }) => id === "swap")?.observed.kind === "true";
  return isSwapped && newest?.mark === markOf(build);
}
