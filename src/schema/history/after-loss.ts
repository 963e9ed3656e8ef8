import { isHoldfastError } from "../../kernel/errors.ts";
import type { Database } from "../../ports/database.ts";
import type { HistoryEntry } from "./entry.ts";
import { readHistory } from "./table.ts";

/**
 * The state in which the history has a version after a script of it ended in an error: the answer of its
 * COMMIT may have been lost. `unknown` where the database does not answer either, and where the lease was
 * lost: what the history says then may be another run's doing.
 */
export async function stateAfterLoss(
  database: Database,
  version: string,
  error: unknown,
): Promise<HistoryEntry["state"] | "absent" | "unknown"> {
  if (isHoldfastError(error, "lock.lost")) return "unknown";
  try {
    await using session = await database.connect({ purpose: "what became of it" });
    return (await readHistory(session)).find((entry) => entry.version === version)?.state ?? "absent";
  } catch {
    // The first error is told, and counts more.
    return "unknown";
  }
}
