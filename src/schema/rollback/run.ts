import { EXIT, HoldfastError } from "../../kernel/errors.ts";
import { listed } from "../../kernel/listed.ts";
import type { Json, Outcome } from "../../kernel/outcome.ts";
import { quantity } from "../../kernel/quantity.ts";
import { describeAddress } from "../../postgres/database-url.ts";
import type { RollbackPorts } from "./ports.ts";
import { applyRollback, type RollbackFailure, type RolledBack, type TakeBackup } from "./apply.ts";
import { hashOf, requireApprovedPlan } from "./hash.ts";
import { KnownProofs } from "./known-proofs.ts";
import { isSound } from "./prove-history.ts";
import { planRollback, type RollbackPlan } from "./plan.ts";
import { runRollbackFromBackup, type RestoreBackup } from "./from-backup.ts";
import { parseRollbackRequest, requireOneRoad, type MigrateRollbackInputs } from "./request.ts";
import { adviceOn } from "../steps/advice.ts";

/** What of the other wing is needed: its backups are of both roads. */
export interface Backups {
  readonly take: TakeBackup;
  readonly restore: RestoreBackup;
}

/**
 * `holdfast migrate-rollback`: back by scripts to a version, or by a restore to what a backup holds.
 *
 * @param known proofs of the same process, where it has planned the rollback before
 */
export async function runMigrateRollback(
  inputs: MigrateRollbackInputs,
  ports: RollbackPorts,
  { take, restore }: Backups,
  known = new KnownProofs(),
): Promise<Outcome> {
  requireOneRoad(inputs);
  const { to, fromBackup } = inputs;
  if (fromBackup !== undefined) return runRollbackFromBackup({ ...inputs, fromBackup }, ports, restore);
  return runRollbackTo({ ...inputs, to: to! }, ports, take, known);
}

/**
 * Inputs → request → plan (scripts, proofs, losses) → (dry run ends here) → confirmation → backup → every
 * script, the newest first → outcome.
 */
async function runRollbackTo(
  inputs: MigrateRollbackInputs & { readonly to: string },
  ports: RollbackPorts,
  takeBackup: TakeBackup,
  known: KnownProofs,
): Promise<Outcome> {
  const request = await parseRollbackRequest(inputs, ports);
  const plan = await planRollback(request, ports, known);
  requireApprovedPlan(plan);
  const refused = whyNot(plan);
  if (inputs.dryRun) {
    return { ...planned(plan, refused), exit: refused === undefined ? EXIT.done : refused.exitCode };
  }
  if (plan.steps.length === 0) return planned(plan, undefined);
  if (refused !== undefined) throw refused;
  for (const line of planLines(plan)) ports.log.info(line);
  return rolledBack(plan, await applyRollback(plan, takeBackup, ports));
}

/** What must be said aloud before anything is changed. */
function whyNot(plan: RollbackPlan): HoldfastError | undefined {
  const { request, steps, losses, unprovedBecause } = plan;
  if (steps.length === 0) return undefined;
  const unproved = steps.filter(({ proof }) => proof === undefined || !isSound(proof));
  if (unproved.length > 0 && !request.allowUnproved) {
    const which = listed(
      unproved.map(
        ({ entry, proof }) =>
          `${entry.file}${proof === undefined ? "" : ` (${proof.verdict}: ${proof.what})`}`,
      ),
      5,
    );
    return new HoldfastError(
      "refused.unsafe",
      `not proved: ${which}${unprovedBecause === undefined ? "" : `; ${unprovedBecause}`}`,
      {
        hint: "Mend the rollback in the folder, or go ahead all the same with --allow-unproved.",
      },
    );
  }
  const { database } = request.database.address;
  if (request.confirm === database) return undefined;
  if (request.confirm !== undefined) {
    return new HoldfastError(
      "refused.unconfirmed",
      `confirm is '${request.confirm}', and the database to be taken back is '${database}'`,
      { hint: "Type the database's own name; it guards against a wrong one." },
    );
  }
  const lost = losses
    .filter(({ rows }) => rows !== 0)
    .map(({ object, rows }) => `${object}${rows === null ? "" : ` (${quantity(rows, "row")})`}`);
  return new HoldfastError(
    "refused.unconfirmed",
    `${quantity(steps.length, "migration")} of ${describeAddress(request.database.address)} would be taken ` +
      `back${lost.length === 0 ? "" : `, and with them ${listed(lost, 5)}`}`,
    {
      hint: `To do it, say --confirm ${database}.`,
    },
  );
}

function planLines({ steps, losses }: RollbackPlan): string[] {
  return [
    ...steps.map(
      ({ entry, from, proof }) =>
        `will take back ${entry.file}, ` +
        (from === "nothing" ? "which holds no statement" : `by the script of the ${from}`) +
        (proof === undefined ? ", not proved" : `, ${proof.verdict}`),
    ),
    ...losses.map(lossLine),
  ];
}

function lossLine({ object, rows }: RollbackPlan["losses"][number]): string {
  // What a script takes away of what stays: only it knows which rows.
  if (/^(?:rows|values) of /.test(object)) return `${object} are changed or deleted by its script`;
  return (
    `${object} goes with it: ` +
    (rows === null ? "not counted" : quantity(rows, object.startsWith("table ") ? "row" : "value"))
  );
}

function outputs(plan: RollbackPlan, result?: RolledBack): Record<string, Json> {
  return {
    "rolled-back": (result?.done ?? []).map(({ entry }) => entry.version),
    to: plan.request.to?.version ?? "nothing",
    "from-backup": "",
    backup: result?.backup?.id ?? "",
    restored: result?.restored ?? null,
    record: result?.record ?? "",
    "plan-hash": hashOf(plan),
    losses: plan.losses.map((loss) => ({ ...loss })),
    plan: plan.steps.map(({ entry, from, proof }) => ({
      version: entry.version,
      file: entry.file,
      script: from,
      verdict: proof?.verdict ?? null,
    })),
  };
}

function table({ steps }: RollbackPlan): Outcome["report"]["tables"][number] {
  return {
    columns: ["migration", "script", "proof", "applied"],
    rows: steps.map(({ entry, from, proof }) => [
      entry.file,
      from,
      proof === undefined ? "not tried" : `${proof.verdict}${proof.what === "" ? "" : `: ${proof.what}`}`,
      (entry.appliedAt ?? "").slice(0, 16).replace("T", " "),
    ]),
  };
}

function planned(plan: RollbackPlan, refused: HoldfastError | undefined): Outcome {
  const { steps, losses, drifted, request } = plan;
  const where = describeAddress(request.database.address);
  const headline =
    steps.length === 0
      ? `${where} is at ${request.to?.version ?? "nothing"} already: nothing is to be taken back`
      : refused === undefined
        ? `dry run: nothing was changed; ${quantity(steps.length, "migration")} of ${where} ` +
          "would be taken back"
        : `dry run: nothing was changed; the rollback would be refused: ${refused.message}`;
  return {
    exit: EXIT.done,
    outputs: outputs(plan),
    report: {
      good: refused === undefined,
      headline,
      tables: steps.length === 0 ? [] : [table(plan)],
      notes: [
        ...losses.map(lossLine),
        ...(steps.length === 0 ? [] : [`the plan's hash, for --plan-hash: ${hashOf(plan)}`]),
        ...(drifted
          ? ["the schema is not what its last migration left: the rollback may meet what it does not know"]
          : []),
        // Last: a rollback of the whole gives it on as what to do next.
        ...(refused?.hint === undefined ? [] : [refused.hint]),
      ],
    },
  };
}

function takenBefore(done: RolledBack["done"]): string {
  const last = done.at(-1)?.entry;
  if (last === undefined) return "none was taken back before it";
  const are = done.length === 1 ? "is" : "are";
  return `${quantity(done.length, "migration")} before it ${are} taken back, the last of them ${last.file}`;
}

function headlineOf(failed: RollbackFailure): string {
  if ("refused" in failed) {
    const { refusal, statement } = failed.refused;
    const { source } = failed.step.rollback;
    const line = statement === undefined ? "" : `:${statement.line}`;
    return (
      `${failed.step.entry.file} could not be taken back: ${refusal.message} (SQLSTATE ${refusal.state}), ` +
      `at ${source.file}${line}`
    );
  }
  return failed.step === undefined
    ? `all is taken back, and what the schema is now could not be looked at: ${failed.error.message}`
    : `${failed.step.entry.file} could not be taken back: ${failed.error.message}`;
}

function failureNotes(failed: RollbackFailure, done: RolledBack["done"]): string[] {
  if (!("refused" in failed)) {
    const where =
      failed.step === undefined ? [] : [`${takenBefore(done)}; migrate-status says where it stands`];
    return [...where, ...(failed.error.hint === undefined ? [] : [failed.error.hint])];
  }
  const { step, refused } = failed;
  const { refusal, steps, statements } = refused;
  const advice = adviceOn(step.rollback, refused);
  return [
    step.rollback.execution.mode === "one-transaction"
      ? `nothing of that script has happened; ${takenBefore(done)}, and the database is at version ` +
        step.entry.version
      : `${steps} of ${statements} statements of it done; the next run goes on from there`,
    ...(refusal.detail === undefined ? [] : [refusal.detail]),
    ...(refusal.hint === undefined ? [] : [`the server advises: ${refusal.hint}`]),
    ...(advice === undefined ? [] : [advice]),
  ];
}

function rolledBack(plan: RollbackPlan, result: RolledBack): Outcome {
  const { done, failed, restored, backup } = result;
  const where = describeAddress(plan.request.database.address);
  const wayBack =
    backup === undefined
      ? []
      : [
          `what the database held before is backup ${backup.id} (tier safety), as of ${backup.snapshotAt}: ` +
            `holdfast migrate-rollback --from-backup ${backup.id} brings it back`,
        ];
  if (failed !== undefined) {
    return {
      exit: "refused" in failed ? EXIT.outside : failed.error.exitCode,
      outputs: outputs(plan, result),
      report: {
        good: false,
        headline: headlineOf(failed),
        tables: [table(plan)],
        notes: [...failureNotes(failed, done), ...wayBack],
      },
    };
  }
  const isGood = restored !== false;
  return {
    exit: isGood ? EXIT.done : EXIT.integrity,
    outputs: outputs(plan, result),
    report: {
      good: isGood,
      headline: isGood
        ? `${quantity(done.length, "migration")} of ${where} taken back; ` +
          `it is at ${plan.request.to?.version ?? "nothing"}` +
          (restored === true
            ? ", and its schema is what it was then"
            : plan.steps.some(({ proof }) => proof?.reorders)
              ? "; columns stand in another order, as the proof has shown"
              : "")
        : `${quantity(done.length, "migration")} of ${where} taken back, and its schema is not what it was ` +
          `at ${plan.request.to?.version ?? "nothing"}`,
      tables: [table(plan)],
      notes: [...plan.losses.map(lossLine), ...wayBack],
    },
  };
}
