import { EXIT } from "../../kernel/errors.ts";
import { formatBytes } from "../../kernel/bytes.ts";
import { formatDuration } from "../../kernel/duration.ts";
import type { Outcome, ReportTable } from "../../kernel/outcome.ts";
import { shellWord } from "../../kernel/shell-word.ts";
import { quantity } from "../../kernel/quantity.ts";
import type { Finding } from "../../nouns/catalog/manifest.ts";
import { manifestPath } from "../../nouns/catalog/paths.ts";
import type { BackupPorts } from "./ports.ts";
import { planBackup, planJson, planRows, type BackupPlan } from "./plan.ts";
import { parseBackupRequest, type BackupInputs } from "./request.ts";
import { applyBackup, type BackupTaken } from "./apply.ts";

/** `holdfast backup`: inputs → request → plan → (dry run ends here) → backup → outcome. */
export async function runBackup(inputs: BackupInputs, ports: BackupPorts): Promise<Outcome> {
  const began = ports.clock.elapsed();
  const request = await parseBackupRequest(inputs, ports);
  const plan = await planBackup(request, ports, inputs.dryRun);
  for (const [what, value] of planRows(plan)) ports.log.debug(`${what}: ${value}`);
  if (inputs.dryRun) return dryRunOutcome(plan, ports.clock.elapsed() - began);
  const taken = await applyBackup(plan, ports);
  return takenOutcome(taken, ports.clock.elapsed() - began);
}

function dryRunOutcome(plan: BackupPlan, tookMs: number): Outcome {
  return {
    exit: EXIT.done,
    outputs: {
      id: "",
      source: plan.key.source,
      tier: plan.key.tier,
      manifest: "",
      "snapshot-at": "",
      "stored-bytes": 0,
      "plain-bytes": 0,
      tables: 0,
      rows: null,
      gaps: 0,
      warnings: [],
      "duration-seconds": seconds(tookMs),
      plan: planJson(plan),
    },
    report: {
      good: true,
      headline: "dry run: nothing was changed; this is what a backup would do",
      tables: [
        {
          columns: ["what", "value"],
          rows: planRows(plan).map(([what, value]) =>
            what === "backup" ? [what, `${plan.key.source}/${plan.key.tier}`] : [what, value],
          ),
        },
      ],
      notes: [],
    },
  };
}

/** Of the gaps, shown; all of them are in the manifest. */
const GAPS_SHOWN = 50;

/** Said once, not counted as a loss: it is what was asked for. */
const SCHEMAS_ONLY =
  "only the named schemas were asked for: extensions, casts, languages, event triggers, publications, " +
  "foreign servers and default privileges outside of them are not in this backup";

function gapTable(gaps: readonly Finding[]): ReportTable {
  const rows = gaps.slice(0, GAPS_SHOWN).map(({ about, name, message }) => [about, name, message]);
  const more = gaps.length - rows.length;
  return {
    title: "not in this backup",
    columns: ["about", "name", "why"],
    rows: more > 0 ? [...rows, ["", "", `and ${more} more, see the manifest`]] : rows,
  };
}

function takenOutcome({ plan, manifest, sha256 }: BackupTaken, tookMs: number): Outcome {
  const { request } = plan;
  const plain = manifest.artifacts.reduce((sum, artifact) => sum + artifact.plain.size, 0);
  const stored = manifest.artifacts.reduce((sum, artifact) => sum + artifact.stored.size, 0);
  const tables = manifest.content.tables.filter((table) => table.kind === "table");
  const rows =
    manifest.content.proof === "none" ? null : tables.reduce((sum, table) => sum + (table.rows ?? 0), 0);
  const { gaps = [], warnings = [] } = manifest;
  const counted = rows === null ? "" : `, ${quantity(rows, "row")}`;
  return {
    exit: EXIT.done,
    outputs: {
      id: manifest.id,
      source: manifest.source,
      tier: manifest.tier,
      manifest: manifestPath(plan.key),
      "snapshot-at": manifest.snapshotAt,
      "stored-bytes": stored,
      "plain-bytes": plain,
      tables: tables.length,
      rows,
      gaps: gaps.length,
      warnings,
      "duration-seconds": seconds(tookMs),
      plan: planJson(plan),
    },
    report: {
      good: true,
      headline:
        `backup ${manifest.id} of ${manifest.source} (${manifest.tier}) exists: ` +
        `${quantity(tables.length, "table")}${counted}, ${formatBytes(plain)} → ${formatBytes(stored)} ` +
        `in ${formatDuration(tookMs)}`,
      tables: [
        {
          columns: ["artifact", "dumped", "stored", "sha256 (stored)"],
          rows: manifest.artifacts.map((artifact) => [
            artifact.path,
            formatBytes(artifact.plain.size),
            formatBytes(artifact.stored.size),
            `${artifact.stored.sha256.slice(0, 16)}…`,
          ]),
        },
        ...(gaps.length === 0 ? [] : [gapTable(gaps)]),
      ],
      notes: [
        ...warnings,
        ...(gaps.length === 0
          ? []
          : [
              `${quantity(gaps.length, "thing")} the database has and this backup has not: ` +
                "it can be proved with gaps only, and counts as verified only where validate is told " +
                "to accept them (--accept-gaps)",
            ]),
        ...(request.scope.includeSchemas.length === 0 ? [] : [SCHEMAS_ONLY]),
        `everything is as of ${manifest.snapshotAt}; manifest ${sha256.slice(0, 16)}…`,
        ...(request.recipients.length === 0 ? ["this backup is NOT encrypted"] : []),
        ...(manifest.content.proof === "none"
          ? ["no proof was taken: its content can never be compared"]
          : []),
        `not proved yet: run \`holdfast validate --store ${shellWord(request.store.url)} --source ` +
          `${shellWord(manifest.source)} --backup ${manifest.id}` +
          (manifest.artifacts.some(({ encryption }) => encryption.format !== "none")
            ? " --identity-file …"
            : "") +
          "`",
      ],
    },
  };
}

function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}
