import { quantity } from "../../kernel/quantity.ts";
import type { Backup } from "../../nouns/catalog/catalog.ts";
import type { Manifest } from "../../nouns/catalog/manifest.ts";
import { listed } from "../../kernel/listed.ts";
import { INCOMPLETE } from "../../nouns/content/omissions/incomplete.ts";
import type { RestoreMode } from "./request/restore-mode.ts";
import type { RestoreRequest } from "./request/request.ts";
import type { TargetState } from "./target/target.ts";

/**
 * What the person should know of a backup and a target before one is restored into the other; nothing of it
 * stops the restore.
 */

/** Rows that whoever restores them may not read afterwards. */
function forcedRowSecurity({ content }: Manifest, { facts }: TargetState): string[] {
  if (facts.superuser || facts.bypassRls || content.digests === undefined) return [];
  const forced = Object.entries(content.objects["row-security"] ?? {}).filter(([, fields]) =>
    fields.includes("forced="),
  );
  if (forced.length === 0) return [];
  const names = forced.map(([name]) => name).join(", ");
  return [
    `row-level security is forced on ${names}, and role ${facts.role} does not bypass it: ` +
      "rows are restored and cannot be compared",
  ];
}

/** Emptying in place locks everything that goes. */
export function manyObjects(
  { empty, lockNeeds }: TargetState,
  mode: RestoreMode,
  request: RestoreRequest,
): string[] {
  const empties = mode === "in-place" && !empty && request.part !== "data" && request.tables.length === 0;
  if (!empties || lockNeeds.objects <= lockNeeds.atOnce) return [];
  return [
    "the target holds more objects than one transaction can lock (max_locks_per_transaction): " +
      "it is emptied in several, and a failure in the middle leaves it partly emptied",
  ];
}

/** How this target and this backup differ in ways that a restore shows. */
export function warnings({ manifest }: Backup, target: TargetState, request: RestoreRequest): string[] {
  const notes: string[] = [];
  if (target.facts.major < manifest.server.major) {
    notes.push(
      `the target is PostgreSQL ${target.facts.version}, older than the source's ` +
        `${manifest.server.version}: newer syntax will fail and be reported`,
    );
  }
  if (target.facts.major > manifest.server.major) {
    notes.push(
      `the target is PostgreSQL ${target.facts.version}, newer than the source's ` +
        `${manifest.server.version}: expressions and queries in definitions are not compared`,
    );
  }
  if (target.facts.encoding !== manifest.content.encoding && request.mode !== "beside") {
    notes.push(
      `the target's encoding is ${target.facts.encoding}, the source's ${manifest.content.encoding}: ` +
        "row fingerprints cannot be compared in place",
    );
  }
  if (target.missingRoles.length > 0) {
    const names = target.missingRoles.map((role) => role.name).join(", ");
    notes.push(
      request.createRoles
        ? `roles that will be made without login: ${names}`
        : `roles the target lacks: ${names}; what was given to them is left out and named (--create-roles ` +
            "makes them, without login)",
    );
  }
  if (target.unavailableExtensions.length > 0) {
    notes.push(
      "extensions the target cannot " +
        `install: ${target.unavailableExtensions.map((one) => one.name).join(", ")}`,
    );
  }
  if (manifest.content.proof !== "content") {
    notes.push(
      `the backup was made with proof ${manifest.content.proof}: restored rows cannot be compared in full`,
    );
  }
  notes.push(...forcedRowSecurity(manifest, target));
  const gaps = (manifest.gaps ?? []).filter(({ about }) => about !== INCOMPLETE);
  if (gaps.length > 0) {
    notes.push(
      `the backup lacks ${quantity(gaps.length, "thing")} its source ` +
        `had: ${listed(gaps.map(({ about, name }) => `${about} ${name}`.trim()))}`,
    );
  }
  if (!request.safetyBackup && !target.empty) notes.push("NO safety backup of the target will be made");
  return notes;
}
