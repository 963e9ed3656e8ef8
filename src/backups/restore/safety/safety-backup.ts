import { displayName } from "../../../postgres/display-name.ts";
import { HoldfastError, isHoldfastError, withHint } from "../../../kernel/errors.ts";
import { shellWord } from "../../../kernel/shell-word.ts";
import type { TableRecord } from "../../../nouns/content/record.ts";
import { sequencesToSet } from "../rows/live-sequences.ts";
import { isWholeDatabase } from "../chosen/scope.ts";
import type { Chosen } from "../chosen/chosen.ts";

/** The backup of a target that was made before anything in it was changed. */
export interface SafetyBackup {
  readonly id: string;
  /** Its snapshot, ISO 8601 in UTC: what was written to the target later is in neither. */
  readonly snapshotAt: string;
  /** All that the target had: a safety backup is of the whole of it, whatever is restored. */
  readonly tables: readonly TableRecord[];
}

/** What a restore replaces, and who may read what was there before. */
export interface Replacing extends Pick<Chosen, "request" | "backup"> {
  readonly tables: readonly TableRecord[];
  readonly safetyRecipients: readonly string[];
}

/**
 * What a person needs to go back: which backup, of which moment, and the command. It goes no further back
 * than the restore went, or says how much further: what was not touched may have been written to since.
 *
 * @param isChanged false where the target is as it was, so that there is nothing to go back to
 */
export function safetyNote(plan: Replacing, safety: SafetyBackup, isChanged = true): string {
  const what = `what the target held before is backup ${safety.id} (tier safety), as of ${safety.snapshotAt}`;
  const back = isChanged ? wayBack(plan, safety) : undefined;
  return back === undefined
    ? what
    : `${what}; to go back to it: \`${commandOf(plan, safety.id, back)}\`${back.besides}`;
}

/** What is brought back, and how it differs from what was restored. */
interface WayBack {
  readonly dataOnly: boolean;
  /** All of them when none is named. */
  readonly tables: readonly TableRecord[];
  /** Completes the sentence with the command; empty where it undoes exactly what was done. */
  readonly besides: string;
}

/** @returns `undefined` where the restore touched no table that was there */
function wayBack(plan: Replacing, safety: SafetyBackup): WayBack | undefined {
  const { request, backup } = plan;
  if (request.part !== "data" && request.tables.length === 0) {
    return { dataOnly: false, tables: [], besides: isWholeDatabase(backup.manifest.scope) ? "" : FURTHER };
  }
  const restored = new Set(plan.tables.map(displayName));
  const held = safety.tables.filter(({ kind }) => kind === "table");
  const own = held.filter((table) => restored.has(displayName(table)));
  if (request.tables.length === 0 && own.length === held.length) {
    return { dataOnly: true, tables: [], besides: "" };
  }
  if (own.length === 0) return undefined;
  // Rows that are dumped through the top of their tree come back with all of its partitions or not at all.
  const trees = new Set(own.flatMap(({ tree }) => (tree === undefined ? [] : [displayName(tree)])));
  const tables = held.filter(
    (table) => own.includes(table) || (table.tree !== undefined && trees.has(displayName(table.tree))),
  );
  return {
    dataOnly: true,
    tables,
    besides: request.tables.length === 0 && setsMoreThanTables(plan) ? LESS : "",
  };
}

const FURTHER =
  ", which also sets everything outside of this backup's schemas back to that moment: " +
  "what was written there since is lost";
const LESS = "; large objects, and sequences that belong to no table, stay as they are then";

/** Whether a restore of all rows sets something that is of no table. */
function setsMoreThanTables({ backup, tables }: Replacing): boolean {
  const { content } = backup.manifest;
  return content.largeObjects.count > 0 || sequencesToSet(content, tables).length < content.sequences.length;
}

/** Nothing secret is in it, and what stands for a file is for the person to fill in. */
function commandOf(
  { request, safetyRecipients }: Replacing,
  id: string,
  { dataOnly, tables }: WayBack,
): string {
  return [
    "holdfast restore",
    `--store ${shellWord(request.catalog.store.url)}`,
    `--backup ${id}`,
    "--target-file …",
    // Going back makes a safety backup too.
    safetyRecipients.length === 0 ? "--allow-unencrypted" : "--identity-file …",
    `--confirm ${shellWord(request.target.address.database)}`,
    ...(dataOnly ? ["--what data"] : []),
    ...tables.map((table) => `--tables ${shellWord(displayName(table))}`),
    ...(request.mode === "auto" ? [] : [`--mode ${request.mode}`]),
    ...(request.into === "auto" ? [] : [`--into ${request.into}`]),
  ].join(" ");
}

/** An error of a restore, saying what else it made: whoever reads it must not have to look for that. */
export function namingSafety(error: unknown, made: SafetyBackup | undefined): unknown {
  if (made === undefined || !(error instanceof HoldfastError) || error.hint?.includes(made.id) === true) {
    return error;
  }
  return withHint(
    error,
    `The safety backup ${made.id} of the target was made before, as of ${made.snapshotAt}, ` +
      "and stays in the store.",
  );
}

/** Which failures no second try with the same backup can mend. */
export function isDamage(error: unknown): boolean {
  return isHoldfastError(error, "artifact.damaged", "artifact.missing", "seal.damaged");
}
