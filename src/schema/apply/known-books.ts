import { HoldfastError } from "../../kernel/errors.ts";
import { listed } from "../../kernel/listed.ts";
import { quantity } from "../../kernel/quantity.ts";
import type { DatabaseSession } from "../../ports/database.ts";
import { appliedOf } from "../books/applied-of.ts";
import { findBooks } from "../books/find-books.ts";
import type { Standing } from "../history/standing.ts";
import type { MigrateRequest } from "./request.ts";

/**
 * What another tool has applied is not applied again: without this a first run on such a database would carry
 * out its whole history once more.
 *
 * @throws refused.unsafe
 */
export async function refuseAppliedElsewhere(
  session: DatabaseSession,
  { pending }: Standing,
  { adopt }: MigrateRequest,
): Promise<void> {
  if (adopt === "none" || pending.length === 0) return;
  for (const books of await findBooks(session)) {
    const again = appliedOf(books, pending);
    if (again.length === 0) continue;
    throw new HoldfastError(
      "refused.unsafe",
      `${books.tool} has applied ${quantity(again.length, "migration")} that the history does not ` +
        `know (${books.table}): ${listed(
          again.map(({ forward }) => forward.file),
          5,
        )}`,
      {
        hint:
          `Take its history over with --adopt ${books.tool}; where that table is another application's, or ` +
          "these are to be applied again, say --adopt none.",
      },
    );
  }
}
