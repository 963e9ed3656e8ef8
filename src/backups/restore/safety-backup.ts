import { displayName } from "../../postgres/display-name.ts";
import { isHoldfastError, HoldfastError } from "../../kernel/errors.ts";
import { shellWord } from "../../kernel/shell-word.ts";
import type { RestorePlan } from "./restore-plan.ts";

/** The backup of a target that was made before anything in it was changed. */
export interface SafetyBackup {
  readonly id: string;
  /** Its snapshot, ISO 8601 in UTC: what was written to the target later is in neither. */
  readonly snapshotAt: string;
}

/** What a person needs to go back: which backup, of which moment, and the command. */
export function safetyNote(plan: RestorePlan, { id, snapshotAt }: SafetyBackup): string {
  const command = goBack(plan, id);
  const way = command === undefined ? "" : `; to go back to it: \`${command}\``;
  return `what the target held before is backup ${id} (tier safety), as of ${snapshotAt}${way}`;
}

/**
 * The command that brings back what the target held; of named tables those that were there. Nothing secret
 * is in it, and what stands for a file is for the person to fill in.
 */
function goBack({ request, tables, toMake, safetyRecipients }: RestorePlan, id: string): string | undefined {
  const wasThere = tables.filter((table) => !toMake.includes(table));
  if (request.tables.length > 0 && wasThere.length === 0) return undefined;
  const named = request.tables.length === 0 ? [] : wasThere.map((table) => `--tables ${shellWord(displayName(table))}`);
  return [
    "holdfast restore", `--store ${shellWord(request.catalog.store.url)}`, `--backup ${id}`, "--target-file …",
    ...(safetyRecipients.length === 0 ? [] : ["--identity-file …"]), `--confirm ${shellWord(request.target.address.database)}`,
    ...(request.part === "data" || named.length > 0 ? ["--what data"] : []), ...named,
    ...(request.mode === "auto" ? [] : [`--mode ${request.mode}`]), ...(request.into === "auto" ? [] : [`--into ${request.into}`]),
  ].join(" ");
}

/** An error of a restore, saying what else it made: whoever reads it must not have to look for that. */
export function namingSafety(error: unknown, made: SafetyBackup | undefined): unknown {
  if (made === undefined || !(error instanceof HoldfastError) || error.hint?.includes(made.id) === true) return error;
  const stays = `The safety backup ${made.id} of the target was made before, as of ${made.snapshotAt}, and stays in the store.`;
  return new HoldfastError(error.code, error.message, { hint: error.hint === undefined ? stays : `${error.hint} ${stays}`, cause: error });
}

/** Which failures no second try with the same backup can mend. */
export function isDamage(error: unknown): boolean {
  return isHoldfastError(error, "artifact.damaged", "artifact.missing", "seal.damaged");
}
