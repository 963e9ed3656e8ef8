import { EXIT } from "../kernel/errors.ts";
import { formatBytes } from "../kernel/bytes.ts";
import { formatDuration } from "../kernel/duration.ts";
import type { Outcome } from "../kernel/outcome.ts";
import { quantity } from "../kernel/quantity.ts";
import { manifestPath } from "../catalog/paths.ts";
import type { Ports } from "../ports/ports.ts";
import { planBackup, planJson, planRows, type BackupPlan } from "./plan.ts";
import { parseBackupRequest, type BackupInputs } from "./request.ts";
import { takeBackup, type BackupTaken } from "./take.ts";

/** `holdfast backup`: inputs → request → plan → (dry run ends here) → backup → outcome. */
export async function runBackup(inputs: BackupInputs, ports: Ports): Promise<Outcome> {
  const began = ports.clock.elapsed();
  const request = await parseBackupRequest(inputs, ports);
  const plan = await planBackup(request, ports, inputs.dryRun);
  for (const [what, value] of planRows(plan)) ports.log.debug(`${what}: ${value}`);
  if (inputs.dryRun) return dryRunOutcome(plan, ports.clock.elapsed() - began);
  const taken = await takeBackup(plan, ports);
  return takenOutcome(taken, ports.clock.elapsed() - began);
}

function dryRunOutcome(plan: BackupPlan, tookMs: number): Outcome {
  return {
    exit: EXIT.done,
    outputs: {
      id: "", source: plan.key.source, tier: plan.key.tier, manifest: "", "snapshot-at": "", "stored-bytes": 0, "plain-bytes": 0,
      tables: 0, rows: null, "duration-seconds": seconds(tookMs), plan: planJson(plan),
    },
    report: {
      good: true,
      headline: "dry run: nothing was changed; this is what a backup would do",
      tables: [{ columns: ["what", "value"], rows: planRows(plan).map(([what, value]) => (what === "backup" ? [what, `${plan.key.source}/${plan.key.tier}`] : [what, value])) }],
      notes: [],
    },
  };
}

function takenOutcome({ plan, manifest, sha256 }: BackupTaken, tookMs: number): Outcome {
  const plain = manifest.artifacts.reduce((sum, artifact) => sum + artifact.plain.size, 0);
  const stored = manifest.artifacts.reduce((sum, artifact) => sum + artifact.stored.size, 0);
  const tables = manifest.content.tables.filter((table) => table.kind === "table");
  const rows = manifest.content.proof === "none" ? null : tables.reduce((sum, table) => sum + (table.rows ?? 0), 0);
  const counted = rows === null ? "" : `, ${quantity(rows, "row")}`;
  return {
    exit: EXIT.done,
    outputs: {
      id: manifest.id, source: manifest.source, tier: manifest.tier, manifest: manifestPath(plan.key), "snapshot-at": manifest.snapshotAt,
      "stored-bytes": stored, "plain-bytes": plain, tables: tables.length, rows, "duration-seconds": seconds(tookMs), plan: planJson(plan),
    },
    report: {
      good: true,
      headline: `backup ${manifest.id} of ${manifest.source} (${manifest.tier}) exists: ${quantity(tables.length, "table")}${counted}, ${formatBytes(plain)} → ${formatBytes(stored)} in ${formatDuration(tookMs)}`,
      tables: [
        {
          columns: ["artifact", "dumped", "stored", "sha256 (stored)"],
          rows: manifest.artifacts.map((artifact) => [artifact.path, formatBytes(artifact.plain.size), formatBytes(artifact.stored.size), `${artifact.stored.sha256.slice(0, 16)}…`]),
        },
      ],
      notes: [
        `everything is as of ${manifest.snapshotAt}; manifest ${sha256.slice(0, 16)}…`,
        ...(plan.request.recipients.length === 0 ? ["this backup is NOT encrypted"] : []),
        ...(manifest.warnings ?? []),
        ...(manifest.content.proof === "none" ? ["no proof was taken: its content can never be compared"] : []),
        `not proved yet: run \`holdfast validate --store ${plan.request.store.url} --source ${manifest.source} --backup ${manifest.id}\``,
      ],
    },
  };
}

function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}
