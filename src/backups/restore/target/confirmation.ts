import { HoldfastError } from "../../../kernel/errors.ts";
import type { Backup } from "../../../nouns/catalog/catalog.ts";
import type { RestoreRequest } from "../request/request.ts";
import type { TargetState } from "./target.ts";

/** Never onto a database that holds something, unless its name was typed. */
export function findUnconfirmed(
  backup: Backup,
  target: TargetState,
  request: RestoreRequest,
): HoldfastError | undefined {
  const { database } = request.target.address;
  if (target.empty) return undefined;
  if (request.part === "schema") {
    const problem =
      `database ${database} is not empty, and only the schema is to be restored: ` +
      "that would remove every row";
    return new HoldfastError("database.not-empty", problem, {
      hint: "Give an empty database as target, or restore the whole backup.",
    });
  }
  if (request.confirm === undefined) {
    return new HoldfastError(
      "database.not-empty",
      `database ${database} is not empty: it holds ${target.holds.join(", ")}`,
      {
        hint:
          `To replace what is there by backup ${backup.key.id}, say --confirm ${database}; ` +
          "a safety backup is made first.",
      },
    );
  }
  if (request.confirm === database) return undefined;
  return new HoldfastError(
    "refused.unconfirmed",
    `confirm is '${request.confirm}', and the target database is '${database}'`,
    {
      hint: "Type the target database's own name; it guards against a wrong target.",
    },
  );
}
