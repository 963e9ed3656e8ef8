import { formatDuration } from "../../kernel/duration.ts";
import type { Outcome } from "../../kernel/outcome.ts";
import { requireMigrations } from "../folder/require-migrations.ts";
import { checkMigrations } from "./check.ts";
import { planCheck } from "./plan.ts";
import { checkOutcome } from "./report.ts";
import { parseCheckRequest, type CheckPorts, type MigrateCheckInputs } from "./request.ts";
import { applyWaivers } from "./waive.ts";

/**
 * `holdfast migrate-check`: inputs → request → plan (folder, base) → every judged pair tried on a shadow →
 * waivers → outcome.
 */
export async function runMigrateCheck(inputs: MigrateCheckInputs, ports: CheckPorts): Promise<Outcome> {
  const began = ports.clock.elapsed();
  const request = await parseCheckRequest(inputs, ports);
  const plan = await planCheck(request, ports);
  requireMigrations(plan.request.folder, plan.migrations, plan.findings);
  const checked = await checkMigrations(plan, ports);
  const took = ports.clock.elapsed() - began;
  ports.log.debug(`checked in ${formatDuration(took)}`);
  return checkOutcome(plan, applyWaivers(checked), took);
}
