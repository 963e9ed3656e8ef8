import { formatBytes } from "../../kernel/bytes.ts";
import { describeAddress } from "../../postgres/database-url.ts";
import { displayName } from "../../postgres/display-name.ts";
import type { Json } from "../../kernel/outcome.ts";
import type { RestorePlan } from "./restore-plan.ts";
import { plannedSentences } from "./properties/properties-of-source.ts";
import type { PlannedProperties } from "./properties/planned-properties.ts";
import { refusalWords } from "./care/refusals.ts";
import { standingWords } from "./chosen/told-standing.ts";
import { projectJson, projectRows } from "./project/told.ts";

/** The plan as rows for people. */
export function restorePlanRows(plan: RestorePlan): string[][] {
  const { backup, request, target, set } = plan;
  const size = backup.manifest.artifacts
    .filter((artifact) => set.phases.some((phase) => phase.artifact === artifact))
    .reduce((sum, artifact) => sum + artifact.stored.size, 0);
  return [
    [
      "backup",
      `${backup.key.source}/${backup.key.tier}/${backup.key.id}, as of ${backup.manifest.snapshotAt}, ` +
        `${formatBytes(size)} stored, ${standingWords(plan.standing)}`,
    ],
    [
      "restores",
      request.tables.length > 0
        ? (request.part === "data" ? "rows of " : "") +
          plan.tables.map((table) => `${table.schema}.${table.name}`).join(", ")
        : request.part,
    ],
    [
      "target",
      `${describeAddress(request.target.address)}, PostgreSQL ` +
        `${target.facts.version}, ${target.empty ? "empty" : `not empty (${target.holds.join(", ")})`}`,
    ],
    [
      "safety backup",
      plan.safetyBackup
        ? "yes, tier safety in the same store"
        : target.empty
          ? "not needed"
          : "NO, refused by flag",
    ],
    ...namedTableRows(plan),
    ["mode", `${plan.mode}: ${plan.modeReason}`],
    ["pg_restore", `${plan.tools.version} (${plan.tools.binDir})`],
    ...propertiesRows(plan),
    ...(plan.project === undefined ? [] : projectRows(plan.project)),
    ...plan.refusals.map((refusal) => ["would refuse", refusalWords(refusal)]),
    ...plan.warnings.map((warning) => ["warning", warning]),
  ];
}

function propertiesRows({ properties }: RestorePlan): string[][] {
  if (properties === undefined) return [];
  const { brings, notes } = plannedSentences(properties);
  return [...brings.map((what) => ["brings", what]), ...notes.map((note) => ["note", note])];
}

/**
 * Named tables, one row each: an absent one is made with all that is its own, a present one only
 * gets its rows.
 */
function namedTableRows({ request, tables, toMake }: RestorePlan): string[][] {
  if (request.tables.length === 0) return [];
  return tables.map((table) => [
    `table ${displayName(table)}`,
    toMake.includes(table)
      ? "is not there: made with its rows, indexes, constraints, triggers and rights"
      : "is there: its rows are replaced, its definition stays as it is",
  ]);
}

/** The plan as JSON. */
export function restorePlanJson(plan: RestorePlan): Json {
  const { backup, request, target } = plan;
  return {
    backup: backup.key.id,
    source: backup.key.source,
    tier: backup.key.tier,
    snapshotAt: backup.manifest.snapshotAt,
    standing:
      plan.standing === undefined
        ? null
        : { state: plan.standing.state, at: plan.standing.at ?? null, reason: plan.standing.reason ?? null },
    target: describeAddress(request.target.address),
    targetEmpty: target.empty,
    part: request.part,
    tables: request.tables.map((table) => `${table.schema}.${table.name}`),
    tablesToMake: plan.toMake.map((table) => `${table.schema}.${table.name}`),
    mode: plan.mode,
    modeReason: plan.modeReason,
    safetyBackup: plan.safetyBackup,
    warnings: [...plan.warnings],
    refusals: plan.refusals.map(refusalWords),
    ...(plan.properties === undefined ? {} : { database: propertiesJson(plan.properties) }),
    ...(plan.project === undefined ? {} : { project: projectJson(plan.project) }),
  };
}

function propertiesJson(properties: PlannedProperties): Json {
  const { brings, notes } = plannedSentences(properties);
  return { brings: [...brings], notes: [...notes] };
}
