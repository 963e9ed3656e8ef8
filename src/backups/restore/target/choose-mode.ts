import { HoldfastError } from "../../../kernel/errors.ts";
import type { Backup } from "../../../nouns/catalog/catalog.ts";
import type { RestoreRequest } from "../request/request.ts";
import type { RestoreMode } from "../request/restore-mode.ts";
import { isWholeDatabase } from "../chosen/scope.ts";
import type { TargetState } from "./target.ts";

/** A mode, why it is that one, and what keeps the one that was asked for from being possible. */
export interface ChosenMode {
  readonly mode: RestoreMode;
  readonly reason: string;
  readonly refusal?: HoldfastError;
}

/** The mode that was asked for, else the safest that is possible. */
export function chooseMode(
  { manifest, key }: Backup,
  target: TargetState,
  request: RestoreRequest,
): ChosenMode {
  // A database made of some schemas must never take the place of one that has more.
  const someSchemas = !isWholeDatabase(manifest.scope);
  if (request.mode === "beside") {
    const refusal = someSchemas
      ? ofSomeSchemas(key.id)
      : target.canSwap.yes
        ? undefined
        : noSwap(target.canSwap.reason);
    return { mode: "beside", reason: "as asked", ...(refusal === undefined ? {} : { refusal }) };
  }
  if (request.mode === "in-place") return { mode: "in-place", reason: "as asked" };
  if (target.empty) return { mode: "in-place", reason: "the target is empty" };
  if (someSchemas) return { mode: "in-place", reason: "the backup holds only some schemas" };
  if (request.part !== "whole" || request.tables.length > 0) {
    return { mode: "in-place", reason: "only a part is restored" };
  }
  if (!target.canSwap.yes) return { mode: "in-place", reason: target.canSwap.reason };
  return { mode: "beside", reason: "the old database stays whole until the restored one is proved" };
}

function ofSomeSchemas(backup: string): HoldfastError {
  const problem =
    `mode beside replaces a whole database, and backup ${backup} holds only ` + "some of its schemas";
  return new HoldfastError("input.conflict", problem, {
    hint: "Use --mode in-place, which leaves the other schemas alone.",
  });
}

function noSwap(reason: string): HoldfastError {
  return new HoldfastError("database.permission", `mode beside is not possible: ${reason}`, {
    hint: "Use --mode in-place, or a role that owns the database and may create databases.",
  });
}
