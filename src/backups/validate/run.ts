import { EXIT, type ExitCode } from "../../kernel/errors.ts";
import { formatDuration } from "../../kernel/duration.ts";
import type { Outcome, ReportTable } from "../../kernel/outcome.ts";
import { grouped, quantity } from "../../kernel/quantity.ts";
import { explainNone } from "../../nouns/catalog/none-found.ts";
import { findingSentence, headlineFinding } from "../copy/judging/headline.ts";
import { DEPTHS, recordedFinding, type Depth, type Finding } from "../../nouns/catalog/manifest.ts";
import type { ValidatePorts } from "./ports.ts";
import { acceptedSentence } from "./accepted.ts";
import { nextSteps } from "./next-steps.ts";
import { planValidate, validatePlanJson, validatePlanRows, type Unread, type ValidatePlan } from "./plan.ts";
import { parseValidateRequest, type ValidateInputs } from "./request.ts";
import { applyValidate, type AllValidated, type Validated } from "./apply.ts";

/**
 * `holdfast validate`: inputs → request → plan → (dry run ends here) → proof of each backup, a receipt
 * each → outcome.
 */
export async function runValidate(inputs: ValidateInputs, ports: ValidatePorts): Promise<Outcome> {
  const began = ports.clock.elapsed();
  const request = await parseValidateRequest(inputs, ports);
  const plan = await planValidate(request, ports);
  const elapsed = (): number => ports.clock.elapsed() - began;
  if (plan.items.length === 0) return await nothingOutcome(plan, elapsed);
  if (inputs.dryRun) return dryRunOutcome(plan, elapsed());
  return validatedOutcome(plan, await applyValidate(plan, ports), elapsed());
}

async function nothingOutcome(plan: ValidatePlan, elapsed: () => number): Promise<Outcome> {
  const { catalog, selection, source, tier } = plan.request;
  const { why, next } = await explainNone(catalog, selection, { source, tier });
  // No backup where one is expected is bad news, never a quiet success.
  return {
    exit: EXIT.verdict,
    outputs: outputs(plan, "failed", [], elapsed()),
    report: {
      good: false,
      headline: `no backup in ${catalog.store.url} matches, so nothing was proved: ${why}`,
      tables: [],
      notes: next,
    },
  };
}

function dryRunOutcome(plan: ValidatePlan, tookMs: number): Outcome {
  return {
    exit: plan.unread.length === 0 ? EXIT.done : EXIT.outside,
    outputs: outputs(plan, "", [], tookMs),
    report: {
      good: plan.unread.length === 0,
      headline:
        `dry run: nothing was changed; ${quantity(plan.items.length, "backup")} would be validated` +
        headlineOfUnread(plan.unread),
      tables: [{ columns: ["backup", "source", "tier", "depth", "note"], rows: validatePlanRows(plan) }],
      notes: notesOfUnread(plan.unread),
    },
  };
}

/** What a headline may claim: only rows that were restored and compared are proved. */
const HELD: Readonly<Record<Depth, string>> = {
  stored: "whole as stored, byte for byte (not opened, no row proved)",
  opened: "opened and read to its end (not restored, no row proved)",
  restored: "proved",
};

function shallowest(results: readonly Validated[]): Depth {
  return DEPTHS.find((depth) => results.some(({ item }) => item.depth === depth)) ?? "restored";
}

function validatedOutcome(plan: ValidatePlan, { results, unread }: AllValidated, tookMs: number): Outcome {
  // Of what nobody could look at nothing is proved.
  const seen = worst(results);
  const verdict = unread.length > 0 && seen === "proved" ? "gaps" : seen;
  const lost = results.filter((result) => result.isReceiptLost).length;
  const isIncomplete = unread.length > 0 || lost > 0;
  const exits: Record<Validated["verdict"], ExitCode> = {
    proved: EXIT.done,
    gaps: EXIT.verdict,
    failed: EXIT.integrity,
  };
  const findings = results.flatMap((result) => result.findings);
  const accepted = results.flatMap((result) => result.accepted);
  const telling = headlineFinding(findings);
  const first = findings.find((finding) => finding.severity === "difference");
  const total =
    results.length === 1 ? `backup ${results[0]?.item.key.id ?? ""}` : `${results.length} backups`;
  const depth = shallowest(results);
  const headline = {
    proved: `${total} ${HELD[depth]} in ${formatDuration(tookMs)}${acceptedSentence(accepted)}`,
    gaps:
      `${total} ${depth === "restored" ? "restored" : HELD[depth]} ` +
      `with gaps: ${telling ? findingSentence(telling) : ""}`,
    failed:
      (results.length === 1
        ? total
        : `${results.filter((result) => result.verdict === "failed").length} of ${total}`) +
      ` failed: ${telling ? findingSentence(telling) : ""}`,
  }[seen];
  return {
    // Known damage is worse than what nobody could look at; that is worse than a gap.
    exit: isIncomplete && verdict !== "failed" ? EXIT.outside : exits[verdict],
    outputs: {
      ...outputs(plan, verdict, results, tookMs),
      "first-difference": verdict === "failed" ? (first ? findingSentence(first) : "") : "",
    },
    report: {
      good: verdict === "proved" && !isIncomplete,
      headline:
        headline +
        headlineOfUnread(unread) +
        (lost === 0 ? "" : `; ${quantity(lost, "receipt")} could not be written`),
      tables: [
        {
          columns: ["backup", "source", "tier", "depth", "verdict", "tables", "rows", "time"],
          rows: results.map(resultCells),
        },
        ...(results.some((result) => result.findings.length > 0)
          ? // One finding of one backup is what the headline tells.
            [
              {
                ...findingTable("what was found", "finding", results, (result) =>
                  findingRows(result, result.findings),
                ),
                inHeadline: results.length === 1 && findings.length === 1,
              },
            ]
          : []),
        ...(accepted.length > 0
          ? [
              findingTable("accepted gaps", "gap", results, (result) =>
                findingRows(result, result.accepted, ""),
              ),
            ]
          : []),
      ],
      notes: [
        ...new Set([
          ...notesOfUnread(unread),
          ...results.flatMap((result) => result.notes),
          ...unmatchedNotes(plan, results),
          ...nextSteps(plan, results),
        ]),
      ],
    },
  };
}

function headlineOfUnread(unread: readonly Unread[]): string {
  return unread.length === 0 ? "" : `; ${unread.length} could not be read`;
}

function notesOfUnread(unread: readonly Unread[]): string[] {
  return unread.map(({ key, error }) => `backup ${key.id} could not be read: ${error.message}`);
}

/** Findings shown per backup; all of them are in the receipt. */
const FINDINGS_SHOWN = 20;

/** Whose finding it is, is said where there are several. */
function findingTable(
  title: string,
  last: string,
  results: readonly Validated[],
  rowsOf: (result: Validated) => string[][],
): ReportTable {
  const columns = ["backup", "about", "name", last];
  const rows = results.flatMap(rowsOf);
  return results.length === 1
    ? { title, columns: columns.slice(1), rows: rows.map((row) => row.slice(1)) }
    : { title, columns, rows };
}

function findingRows(result: Validated, findings: readonly Finding[], gap = "gap: "): string[][] {
  const shown = findings
    .slice(0, FINDINGS_SHOWN)
    .map((finding) => [
      result.item.key.id,
      finding.about,
      finding.name,
      `${finding.severity === "gap" ? gap : ""}${finding.message}`,
    ]);
  const more = findings.length - shown.length;
  return more > 0
    ? [...shown, [result.item.key.id, "", "", `and ${more} more, see ${result.receipt}`]]
    : shown;
}

/**
 * Only a proof that restored meets every gap, so only then is one that it did not meet a thing of the past.
 */
function unmatchedNotes({ request }: ValidatePlan, results: readonly Validated[]): string[] {
  if (!results.every(({ item, verdict }) => item.depth === "restored" && verdict !== "failed")) return [];
  const names = request.acceptGaps.map(({ about, name }) => `${about} ${name}`);
  return names
    .filter((name) => results.every(({ unmatched }) => unmatched.includes(name)))
    .map(
      (name) =>
        `no gap is '${name}', which is to be accepted: perhaps it is mended, then take it out ` +
        "of accept-gaps; or it is written otherwise",
    );
}

function resultCells(result: Validated): string[] {
  const { key, depth } = result.item;
  return [
    key.id,
    key.source,
    key.tier,
    depth,
    result.verdict,
    String(result.tables),
    grouped(result.rows),
    formatDuration(result.tookMs),
  ];
}

function worst(results: readonly Validated[]): Validated["verdict"] {
  if (results.some((result) => result.verdict === "failed")) return "failed";
  return results.some((result) => result.verdict === "gaps") ? "gaps" : "proved";
}

function outputs(
  plan: ValidatePlan,
  verdict: string,
  results: readonly Validated[],
  tookMs: number,
): Outcome["outputs"] {
  return {
    verdict,
    backups: results.map(({ item, verdict: one, findings, accepted, receipt, notes, notCompared }) => ({
      id: item.key.id,
      source: item.key.source,
      tier: item.key.tier,
      depth: item.depth,
      verdict: one,
      receipt,
      notes,
      notCompared: notCompared.map((one) => ({ ...one })),
      findings: findings.map(recordedFinding).map((finding) => ({ ...finding })),
      accepted: accepted.map(recordedFinding).map((finding) => ({ ...finding })),
    })),
    count: results.length,
    "first-difference": "",
    receipts: results.map((result) => result.receipt).filter((path) => path !== ""),
    "duration-seconds": Math.round(tookMs) / 1000,
    plan: validatePlanJson(plan),
  };
}
