import { EXIT, type ExitCode } from "../../kernel/errors.ts";
import { describeAddress } from "../../postgres/database-url.ts";
import { formatDuration } from "../../kernel/duration.ts";
import type { Outcome, ReportTable } from "../../kernel/outcome.ts";
import { quantity } from "../../kernel/quantity.ts";
import { quoteIdentifier } from "../../postgres/quoting.ts";
import { findingSentence, headlineFinding } from "../copy/judging/headline.ts";
import { explainNone } from "../../nouns/catalog/none-found.ts";
import { receiptFormat, recordedFinding, type Receipt } from "../../nouns/catalog/manifest.ts";
import type { KnownStandings } from "../../nouns/catalog/standing.ts";
import type { RestorePorts } from "./request/ports.ts";
import { applyRestore, type TakeSafetyBackup } from "./apply.ts";
import type { Restored } from "./restored.ts";
import { planRestore } from "./plan.ts";
import type { RestorePlan } from "./restore-plan.ts";
import { restorePlanJson, restorePlanRows } from "./plan-told.ts";
import { nothingMade } from "./chosen/require-whole.ts";
import { isDamage, safetyNote } from "./safety/safety-backup.ts";
import { NOT_IN_ANY_BACKUP, removedTable } from "./project/told.ts";
import { exitOfDryRun, refusalWords } from "./care/refusals.ts";
import { Untouched } from "./care/untouched.ts";
import { parseRestoreRequest, type RestoreInputs, type RestoreRequest } from "./request/request.ts";

/** `holdfast restore`: inputs → request → plan → (dry run ends here) → restore and comparison → outcome. */
export async function runRestore(
  inputs: RestoreInputs,
  ports: RestorePorts,
  takeSafetyBackup: TakeSafetyBackup,
): Promise<Outcome> {
  const startedAt = ports.clock.now();
  const began = ports.clock.elapsed();
  const elapsed = (): number => ports.clock.elapsed() - began;
  const request = await parseRestoreRequest(inputs, ports);
  const standings: KnownStandings = new Map();
  const plan = await planRestore(request, ports, inputs.dryRun, standings).catch((error: unknown) => {
    throw isDamage(error) && !(error instanceof Untouched) ? nothingMade(error) : error;
  });
  if (!plan) return await nothingOutcome(request, standings, elapsed);
  if (inputs.dryRun) return dryRunOutcome(plan, elapsed());
  for (const [what, value = ""] of restorePlanRows(plan)) {
    // It is told at the end, where it stays to be read.
    if (what === NOT_IN_ANY_BACKUP) continue;
    if (what === "warning") ports.log.warn(value);
    else ports.log.info(`${what}: ${value}`);
  }
  const restored = await applyRestore(plan, takeSafetyBackup, ports);
  await writeReceipt(plan, restored, startedAt, ports);
  return restoredOutcome(plan, restored, elapsed());
}

function verdictOf({ findings }: Restored): Receipt["verdict"] {
  if (findings.some((finding) => finding.severity === "difference")) return "failed";
  return findings.length > 0 ? "gaps" : "proved";
}

/**
 * A restore is the best proof there is, so it leaves a receipt; a store that may only be read must not fail a
 * restore that is done.
 */
async function writeReceipt(
  plan: RestorePlan,
  restored: Restored,
  startedAt: Date,
  ports: RestorePorts,
): Promise<void> {
  const { key, sha256, manifest } = plan.backup;
  const { notCompared = [] } = restored;
  try {
    await plan.request.catalog.addReceipt({
      format: receiptFormat(notCompared.length === 0 ? {} : { notCompared: [...notCompared] }),
      backup: key.id,
      source: key.source,
      tier: key.tier,
      manifest: sha256,
      kind: "recovered",
      verdict: verdictOf(restored),
      findings: [...restored.findings],
      ...(notCompared.length === 0 ? {} : { notCompared: [...notCompared] }),
      startedAt: startedAt.toISOString(),
      finishedAt: ports.clock.now().toISOString(),
      against: describeAddress(plan.request.target.address),
      counts: {
        bytes: manifest.artifacts.reduce((sum, artifact) => sum + artifact.stored.size, 0),
        tables: restored.tables,
        rows: restored.rows,
      },
      tools: { holdfast: ports.version },
      run: ports.run,
    });
  } catch (error) {
    ports.log.warn(`the restore is done, but its receipt could not be written: ${(error as Error).message}`);
  }
}

async function nothingOutcome(
  { catalog, selection, source, tier, target }: RestoreRequest,
  standings: KnownStandings,
  elapsed: () => number,
): Promise<Outcome> {
  const { why, next } = await explainNone(catalog, selection, { source, tier }, standings);
  return {
    exit: EXIT.verdict,
    outputs: {
      id: "",
      verdict: "failed",
      target: describeAddress(target.address),
      "safety-backup": "",
      "old-database": "",
      "first-difference": "",
      findings: [],
      notes: [...next],
      "duration-seconds": seconds(elapsed()),
      plan: null,
    },
    report: {
      good: false,
      headline: `no backup in ${catalog.store.url} matches: ${why}; nothing was touched`,
      tables: [],
      notes: next,
    },
  };
}

/** What no plan can say. */
const NOT_LOOKED_AT =
  "a dry run compares the sizes of what lies in the store and tries no definition: whether every " +
  "byte is as it was, and whether all of it can be restored, `holdfast validate` tells";

function dryRunOutcome(plan: RestorePlan, tookMs: number): Outcome {
  const [first, ...others] = plan.refusals;
  const more = others.length > 0 ? ` (and ${others.length} more)` : "";
  const headline =
    first === undefined
      ? "dry run: nothing was changed; this is what the restore would do"
      : "dry run: nothing was changed, and called like this the restore would refuse: " +
        `${refusalWords(first)}${more}`;
  return {
    exit: exitOfDryRun(plan.refusals, plan.request),
    outputs: { ...outputs(plan, tookMs), verdict: "" },
    report: {
      good: plan.refusals.length === 0,
      headline,
      tables: [{ columns: ["what", "value"], rows: restorePlanRows(plan) }, ...removedFrom(plan)],
      notes: [NOT_LOOKED_AT],
    },
  };
}

function restoredOutcome(plan: RestorePlan, restored: Restored, tookMs: number): Outcome {
  const verdict = verdictOf(restored);
  const exits: Record<Receipt["verdict"], ExitCode> = {
    proved: EXIT.done,
    gaps: EXIT.verdict,
    failed: EXIT.integrity,
  };
  const first = restored.findings.find((finding) => finding.severity === "difference");
  const telling = headlineFinding(restored.findings);
  const reason = telling ? findingSentence(telling) : "";
  const where = describeAddress(plan.request.target.address);
  const backup = `backup ${plan.backup.key.id}`;
  const headline = {
    proved:
      `${backup} restored into ${where} in ${formatDuration(tookMs)}: ` +
      `${counted(plan, restored)}, ${asItWas(plan, restored)}`,
    gaps: `${backup} restored into ${where} with gaps: ${reason}`,
    failed:
      `${backup} ${restored.replaced ? "was restored, but" : "was NOT put in place, because"} its content ` +
      `differs: ${reason}`,
  }[verdict];
  const notes = [
    `data is as of ${plan.backup.manifest.snapshotAt}; what was written later is not in it`,
    ...(restored.safetyBackup ? [safetyNote(plan, restored.safetyBackup, restored.replaced)] : []),
    ...(restored.oldDatabase ? [keptDatabase(restored.oldDatabase)] : []),
    ...plan.warnings,
    ...restored.notes,
  ];
  const findings = restored.findings.map((finding) => [
    finding.about,
    finding.name,
    `${finding.severity === "gap" ? "gap: " : ""}${finding.message}`,
  ]);
  return {
    exit: exits[verdict],
    outputs: {
      ...outputs(plan, tookMs),
      verdict,
      "safety-backup": restored.safetyBackup?.id ?? "",
      "old-database": restored.oldDatabase,
      "first-difference": verdict === "failed" ? (first ? findingSentence(first) : "") : "",
      findings: restored.findings.map(recordedFinding),
      notes,
    },
    report: {
      good: verdict === "proved",
      headline,
      tables: [...foundTable(findings), ...removedFrom(plan)],
      notes,
    },
  };
}

/** Findings shown; all of them are in the receipt. */
const FINDINGS_SHOWN = 50;

/** One finding alone is what the headline tells. */
function foundTable(findings: readonly string[][]): readonly ReportTable[] {
  if (findings.length === 0) return [];
  return [
    {
      title: "what was found",
      columns: ["about", "name", "finding"],
      rows: findings.slice(0, FINDINGS_SHOWN),
      inHeadline: findings.length === 1,
    },
  ];
}

/** Tables and rows whose contents were compared; without rows, the tables that were made. */
function counted({ request, tables, backup }: RestorePlan, restored: Restored): string {
  const made =
    request.tables.length > 0
      ? tables
      : backup.manifest.content.tables.filter(({ kind }) => kind === "table");
  if (request.part === "schema") return quantity(made.length, "table");
  return `${quantity(restored.tables, "table")}, ${quantity(restored.rows, "row")}`;
}

/**
 * No more than was compared: whoever names tables, or asks for a part, is not told that everything is well.
 */
function asItWas({ request }: RestorePlan, { missingBeside = 0 }: Restored): string {
  const missing =
    missingBeside === 0
      ? ""
      : `; but ${quantity(missingBeside, "thing")} of the backup outside them ` +
        `${missingBeside === 1 ? "is" : "are"} missing here, see the notes`;
  if (request.tables.length > 0) return `the named tables as they were${missing}`;
  const left = [...(request.noOwner ? ["owners"] : []), ...(request.noPrivileges ? ["privileges"] : [])].join(
    " and ",
  );
  const besides = left === "" ? "" : `; ${left} were not restored and not compared`;
  if (request.part === "data") return "the rows as they were";
  if (request.part === "schema") return `every definition as it was, without rows${besides}`;
  return left === "" ? "everything as it was" : `everything else as it was${besides}`;
}

function removedFrom({ project }: RestorePlan): readonly ReportTable[] {
  return project === undefined ? [] : removedTable(project);
}

function keptDatabase(name: string): string {
  return (
    `the previous database is kept as ${name}; drop it when you are sure: ` +
    `DROP DATABASE ${quoteIdentifier(name)} (where it has subscriptions, first ALTER SUBSCRIPTION … ` +
    "DISABLE, … SET (slot_name = NONE) and DROP SUBSCRIPTION in it)"
  );
}

function outputs(plan: RestorePlan, tookMs: number): Outcome["outputs"] {
  return {
    id: plan.backup.key.id,
    verdict: "",
    target: describeAddress(plan.request.target.address),
    "safety-backup": "",
    "old-database": "",
    "first-difference": "",
    findings: [],
    notes: [],
    "duration-seconds": seconds(tookMs),
    plan: restorePlanJson(plan),
  };
}

function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}
