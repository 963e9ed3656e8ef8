import { EXIT } from "../../kernel/errors.ts";
import { formatDuration } from "../../kernel/duration.ts";
import type { Json, Outcome } from "../../kernel/outcome.ts";
import { listed } from "../../kernel/listed.ts";
import { quantity } from "../../kernel/quantity.ts";
import { describeAddress } from "../../postgres/database-url.ts";
import { compareKeys, versionKey } from "../../nouns/migration-files/version.ts";
import type { Applied } from "./apply.ts";
import type { Guarded } from "./guard/guard.ts";
import { hashOf } from "./hash.ts";
import type { MigratePlan } from "./plan.ts";
import { adviceOn } from "../steps/advice.ts";

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

/** The newest that is applied, in this checkout or not; empty where none is. */
function currentVersion({ standing: { last } }: MigratePlan): string {
  return last?.version ?? "";
}

function notes({ standing, ignored, drifted, steps }: MigratePlan): string[] {
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
    ...(drifted && steps.length === 0
      ? ["the schema is not what its last migration left: migrate-status names what differs"]
      : []),
    ...ignored,
  ];
}

/** What is told where nothing is to be applied. */
export function nothing(plan: MigratePlan, tookMs: number): Outcome {
  const where = describeAddress(plan.request.database.address);
  return {
    exit: EXIT.done,
    outputs: outputs(plan, [], currentVersion(plan), tookMs),
    report: {
      good: true,
      headline: whyNothing(plan, where),
      tables: [],
      notes: notes(plan),
    },
  };
}

/** Under `--to` there may be more; and who names an older version may have meant to go back. */
function whyNothing(plan: MigratePlan, where: string): string {
  const { standing, request } = plan;
  const { to } = request;
  const current = currentVersion(plan);
  if (to !== undefined && current !== "" && compareKeys(to.key, versionKey(current)) < 0) {
    return (
      `${where} is at version ${current}, which is past ${to.version}: there is nothing to apply; ` +
      `holdfast migrate-rollback --to ${to.version} goes back`
    );
  }
  if (standing.pending.length > 0) {
    return (
      `${where} is at version ${current === "" ? "none" : current} already; ` +
      `${quantity(standing.pending.length, "migration")} after it pending`
    );
  }
  return (
    `${where} has every migration of ${request.folder} ` +
    `already: ${quantity(standing.applied.length, "migration")}`
  );
}

/** What goes with a file and why it may, to follow its name; empty where nothing does. */
export function destroysWords({ goes, permits }: Guarded, version: string): string {
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

/** What would be applied, and what of it would be refused. */
export function dryRun(plan: MigratePlan, guarded: Guarded, tookMs: number): Outcome {
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
        ...[...guarded.permits].flatMap(([version, { backup }]) =>
          backup === null ? [] : [`backup ${backup} holds what version ${version} destroys`],
        ),
        `the plan's hash, for --plan-hash: ${hashOf(plan)}`,
        ...(plan.unrecorded === undefined ? [] : [plan.unrecorded]),
        ...(plan.onlyPlanned === undefined ? [] : [plan.onlyPlanned]),
        ...(refusal === undefined ? [] : [`would be refused: ${refusal.message}`, refusal.hint ?? ""]),
      ],
    },
  };
}

function newestOf(versions: readonly string[]): string {
  const known = versions.filter((version) => version !== "");
  return known.sort((one, other) => compareKeys(versionKey(one), versionKey(other))).at(-1) ?? "";
}

function appliedBefore(applied: Applied["applied"]): string {
  const last = applied.at(-1)?.step.migration.forward.file;
  return last === undefined
    ? "nothing was applied before it"
    : `${quantity(applied.length, "migration")} before it ${applied.length === 1 ? "is" : "are"} applied, ` +
        `the last of them ${last}`;
}

/** What became of every file, up to the one that did not go through. */
export function appliedOutcome(
  plan: MigratePlan & { readonly guarded: Guarded },
  { applied, failed }: Applied,
  tookMs: number,
): Outcome {
  const where = describeAddress(plan.request.database.address);
  const versions = applied.map(({ step }) => step.migration.version);
  const current = newestOf([currentVersion(plan), ...versions]);
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
        : [
            [
              failed.step.migration.forward.file,
              "line" in failed ? `failed at line ${failed.line}` : "not ended",
              "",
            ],
          ]),
    ],
  };
  if (failed === undefined) {
    const count = quantity(applied.length, "migration");
    return {
      exit: EXIT.done,
      outputs: outputs(plan, versions, current, tookMs, plan.guarded),
      report: {
        good: true,
        headline: `${count} applied to ${where}, which is at version ${current}`,
        tables: [table],
        notes: notes(plan),
      },
    };
  }
  if ("error" in failed) {
    const { error, step } = failed;
    return {
      exit: error.exitCode,
      outputs: outputs(plan, versions, current, tookMs, plan.guarded),
      report: {
        good: false,
        headline: `${step.migration.forward.file} was not applied to its end: ${error.message}`,
        tables: [table],
        notes: [
          `${appliedBefore(applied)}; migrate-status says what of ${step.migration.forward.file} is done, ` +
            "and the next run goes on from there",
          ...(error.hint === undefined ? [] : [error.hint]),
          ...notes(plan),
        ],
      },
    };
  }
  const { refusal, steps, statements } = failed.refused;
  const advice = adviceOn(failed.step.forward, failed.refused);
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
          : `${steps} of ${statements} statements of ${file} done; mend what follows, and the next run ` +
            "goes on from there",
        ...(refusal.detail === undefined ? [] : [refusal.detail]),
        ...(refusal.hint === undefined ? [] : [`the server advises: ${refusal.hint}`]),
        ...(advice === undefined ? [] : [advice]),
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
