import { HoldfastError } from "../../kernel/errors.ts";
import { listed } from "../../kernel/listed.ts";
import { quantity } from "../../kernel/quantity.ts";
import type { DatabaseSession } from "../../ports/database.ts";
import { appliedElsewhere } from "../books/applied-elsewhere.ts";
import type { Standing } from "../history/standing.ts";
import type { MigrateRequest } from "./request.ts";

/**
 * What another tool has applied is not applied again: without this a first run on such a database would
 * carry out its whole history once more. It is told with nothing pending too: the schema is not the folder's.
 *
 * @throws refused.unsafe
 */
export async function refuseAppliedElsewhere(
  session: DatabaseSession,
  standing: Standing,
  { adopt }: MigrateRequest,
): Promise<void> {
  if (adopt === "none") return;
  const [found] = await appliedElsewhere(session, standing);
  if (found === undefined) return;
  const { tool, table, names, unclear } = found;
  if (unclear !== undefined) {
    throw new HoldfastError("refused.unsafe", `${table} of ${tool} is not clear: ${unclear.message}`, {
      hint: `${unclear.hint} Where that table is another application's, say --adopt none.`,
    });
  }
  throw new HoldfastError(
    "refused.unsafe",
    `${tool} has applied ${quantity(names.length, "migration")} that the history does not ` +
      `know (${table}): ${listed(names, 5)}`,
    {
      hint:
        `Take its history over with --adopt ${tool}; where that table is another application's, or ` +
        "these are to be applied again, say --adopt none.",
    },
  );
}
