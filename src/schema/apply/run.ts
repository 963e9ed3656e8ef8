import { EXIT } from "../../kernel/errors.ts";
import { formatDuration } from "../../kernel/duration.ts";
import type { Json, Outcome } from "../../kernel/outcome.ts";
import { listed } from "../../kernel/listed.ts";
import { quantity } from "../../kernel/quantity.ts";
import { describeAddress } from "../../postgres/database-url.ts";
import { applyMigrations, type Applied } from "./apply.ts";
import { guardData, type Guarded } from "./guard/guard.ts";
import { withTrial } from "./trial/report.ts";
import { tryPending } from "./trial/trial.ts";
import { hashOf, requireApprovedPlan } from "./hash.ts";
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
    if (inputs.dryRun) {
      const plan = await planMigrate(request, ports, entriesOf(adoption, ports));
      return withAdoptionDryRun(await carriedOut(plan, true, took, ports), adoption, request);
    }
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

function planJson({ steps }: MigratePlan, guarded: Guarded | undefined): Json {
  return steps.map(({ migration, forward, begun }) => ({
    version: migration.version,
    file: migration.forward.file,
    transaction: forward.execution.mode === "one-transaction",
    statements: forward.execution.statements.length,
    from: begun?.steps ?? 0,
    rollback: migration.rollback?.file ?? null,
    destroys: [...(guarded?.goes.get(migration.version) ?? [])],
  }));
}

function outputs(
  plan: MigratePlan,
  applied: readonly string[],
  current: string,
  tookMs: number,
  guarded?: Guarded,
): Record<string, Json> {
  return {
    applied: [...applied],
    pending: plan.standing.pending
      .map(({ version }) => version)
      .filter((version) => !applied.includes(version)),
    version: current,
    plan: planJson(plan, guarded),
    "plan-hash": hashOf(plan),
    "duration-seconds": Math.round(tookMs / 100) / 10,
  };
}

function currentVersion({ standing }: MigratePlan): string {
  return standing.applied.at(-1)?.migration.version ?? "";
}

function notes({ standing, ignored }: MigratePlan): string[] {
  const here = new Set(standing.pending.map(({ version }) => version));
  return [
    ...standing.missing.map(
      ({ file, version }) =>
        `version ${version} (${file}) is applied and not in this checkout, which is older or on ` +
        "another branch",
    ),
    ...standing.begun
      .filter(({ version }) => !here.has(version))
      .map(
        ({ file, version, steps }) =>
          `version ${version} (${file}) is begun, ${quantity(steps, "statement")} of it done, and not in ` +
          "this checkout: put its file back to end it",
      ),
    ...ignored,
  ];
}

function nothing(plan: MigratePlan, tookMs: number): Outcome {
  const where = describeAddress(plan.request.database.address);
  return {
    exit: EXIT.done,
    outputs: outputs(plan, [], currentVersion(plan), tookMs),
    report: {
      good: true,
      headline:
        `${where} has every migration of ${plan.request.folder} ` +
        `already: ${quantity(plan.standing.applied.length, "migration")}`,
      tables: [],
      notes: notes(plan),
    },
  };
}

function destroysWords({ goes, permits }: Guarded, version: string): string {
  const going = goes.get(version);
  if (going === undefined) return "";
  const permit = permits.get(version);
  const because = permit?.backup == null ? "its loss is confirmed" : `backup ${permit.backup} holds it`;
  return `, which destroys ${listed(going, 3)}; ${because}`;
}

function planTable(plan: MigratePlan, { goes }: Guarded): Outcome["report"]["tables"] {
  return [
    {
      columns: ["migration", "statements", "how", "rollback", "destroys"],
      rows: plan.steps.map(({ migration, forward, begun }) => [
        migration.forward.file,
        String(forward.execution.statements.length),
        begun === undefined
          ? forward.execution.mode === "one-transaction"
            ? "one transaction"
            : "step by step"
          : `from statement ${begun.steps + 1}`,
        migration.rollback?.file ?? "none",
        listed(goes.get(migration.version) ?? [], 3),
      ]),
    },
  ];
}

function dryRun(plan: MigratePlan, guarded: Guarded, tookMs: number): Outcome {
  const { refusal, opaque } = guarded;
  return {
    exit: refusal?.exitCode ?? EXIT.done,
    outputs: outputs(plan, [], currentVersion(plan), tookMs, guarded),
    report: {
      good: refusal === undefined,
      headline:
        `dry run: nothing was changed; ${quantity(plan.steps.length, "migration")} would be applied ` +
        `to ${describeAddress(plan.request.database.address)}`,
      tables: planTable(plan, guarded),
      notes: [
        ...notes(plan),
        ...opaque.map(
          (file) => `what ${file} destroys is not known: it has a DO block or a call, which cannot be read`,
        ),
        ...(plan.onlyPlanned === undefined ? [] : [plan.onlyPlanned]),
        ...(refusal === undefined ? [] : [`would be refused: ${refusal.message}`, refusal.hint ?? ""]),
      ],
    },
  };
}

function appliedOutcome(
  plan: MigratePlan & { readonly guarded: Guarded },
  { applied, failed }: Applied,
  tookMs: number,
): Outcome {
  const where = describeAddress(plan.request.database.address);
  const versions = applied.map(({ step }) => step.migration.version);
  const current = versions.at(-1) ?? currentVersion(plan);
  const table = {
    columns: ["migration", "result", "took"],
    rows: [
      ...applied.map(({ step, ms, attempts }) => [
        step.migration.forward.file,
        attempts === 1 ? "applied" : `applied at try ${attempts}`,
        formatDuration(ms),
      ]),
      ...(failed === undefined
        ? []
        : [[failed.step.migration.forward.file, `failed at line ${failed.line}`, ""]]),
    ],
  };
  if (failed === undefined) {
    return {
      exit: EXIT.done,
      outputs: outputs(plan, versions, current, tookMs, plan.guarded),
      report: {
        good: true,
        headline:
          `${quantity(applied.length, "migration")} applied to ${where}, which ` + `is at version ${current}`,
        tables: [table],
        notes: notes(plan),
      },
    };
  }
  const { refusal, steps, statements } = failed.refused;
  const file = failed.step.migration.forward.file;
  const isWhole = failed.step.forward.execution.mode === "one-transaction";
  return {
    exit: EXIT.outside,
    outputs: outputs(plan, versions, current, tookMs, plan.guarded),
    report: {
      good: false,
      headline:
        `${file}:${failed.line} was refused by ${where}: ${refusal.message} (SQLSTATE ` + `${refusal.state})`,
      tables: [table],
      notes: [
        isWhole
          ? `nothing of ${file} has happened; the database is at version ${current === "" ? "none" : current}`
          : `${steps} of ${statements} statements of ${file} are done; mend what follows, and the next run ` +
            "goes on from there",
        ...(refusal.detail === undefined ? [] : [refusal.detail]),
        ...(refusal.hint === undefined ? [] : [`the server advises: ${refusal.hint}`]),
        ...notes(plan),
      ],
    },
    annotations: [
      {
        level: "error",
        file: `${plan.request.folder}/${file}`,
        line: failed.line,
        title: "migration failed",
        message: `${refusal.message} (SQLSTATE ${refusal.state})`,
      },
    ],
  };
}
