import type { Outcome } from "../../kernel/outcome.ts";
import { applyMigrations } from "./apply.ts";
import { guardData } from "./guard/guard.ts";
import { withTrial } from "./trial/report.ts";
import { tryPending } from "./trial/trial.ts";
import { requireApprovedPlan } from "./hash.ts";
import { appliedOutcome, destroysWords, dryRun, nothing } from "./report.ts";
import { planMigrate, type MigratePlan } from "./plan.ts";
import {
  parseMigrateRequest,
  type MigrateInputs,
  type MigratePorts,
  type MigrateRequest,
} from "./request.ts";
import { refuseTransactionPooler } from "../../nouns/server/refuse-pooler.ts";
import { requireWritable } from "../../nouns/server/require-writable.ts";
import { planAdoption, type Adoption } from "./adoption.ts";
import { adoptionLine, withAdoption, withAdoptionDryRun } from "./adoption-report.ts";
import { entriesOf, recordAdoption } from "./record-adoption.ts";

/**
 * `holdfast migrate`: inputs → request → plan (folder, history) → what it destroys and the
 * backups that hold it → (dry run tries them elsewhere and ends here) → every pending
 * migration under the lease → outcome.
 */
export async function runMigrate(inputs: MigrateInputs, ports: MigratePorts): Promise<Outcome> {
  const began = ports.clock.elapsed();
  const request = await parseMigrateRequest(inputs, ports);
  const took = (): number => ports.clock.elapsed() - began;
  const adoption = await adopted(request, ports);
  if (adoption !== undefined && adoption.migrations.length > 0) {
    const plan = await planMigrate(request, ports, {
      entries: entriesOf(adoption, ports),
      others: adoption.others,
    });
    if (inputs.dryRun) {
      return withAdoptionDryRun(await carriedOut(plan, true, took, ports), adoption, request);
    }
    // Whatever may be refused is refused before anything is written down.
    requireApprovedPlan(plan);
    const { refusal } = await guardData(plan, ports);
    if (refusal !== undefined) throw refusal;
    await recordAdoption(adoption, request, ports);
    ports.log.info(adoptionLine(adoption));
  }
  const plan = await planMigrate(request, ports);
  requireApprovedPlan(plan);
  return withAdoption(await carriedOut(plan, inputs.dryRun, took, ports), adoption);
}

async function carriedOut(
  plan: MigratePlan,
  isDry: boolean,
  took: () => number,
  ports: MigratePorts,
): Promise<Outcome> {
  if (plan.steps.length === 0) return nothing(plan, took());
  const guarded = await guardData(plan, ports);
  if (isDry) {
    const trial = await tryPending(plan, ports);
    return withTrial(dryRun(plan, guarded, took()), trial, plan.request.folder);
  }
  if (guarded.refusal !== undefined) throw guarded.refusal;
  for (const { migration, begun } of plan.steps) {
    ports.log.info(
      `will apply ${migration.forward.file}` +
        (begun === undefined ? "" : `, from where an earlier run ended: statement ${begun.steps + 1}`) +
        destroysWords(guarded, migration.version),
    );
  }
  const applied = await applyMigrations(plan, guarded.permits, ports);
  // Another run may have done some of it, or all, while this one waited.
  if (applied.plan.steps.length === 0) return nothing(applied.plan, took());
  return appliedOutcome({ ...applied.plan, guarded }, applied, took());
}

async function adopted(request: MigrateRequest, ports: MigratePorts): Promise<Adoption | undefined> {
  const { adopt, baseline } = request;
  if (baseline === undefined && (adopt === undefined || adopt === "none")) return undefined;
  await refuseTransactionPooler(request.database);
  await requireWritable(request.database);
  return await planAdoption(request, ports);
}
