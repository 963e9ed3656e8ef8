import { isHoldfastError } from "../../kernel/errors.ts";
import type { SourceHistory } from "../../ports/source-history.ts";

/** Whether the checkout has a commit, by its whole hash. */
export async function isHere(commit: string, history: Pick<SourceHistory, "commit">): Promise<boolean> {
  try {
    return (await history.commit(commit)) === commit;
  } catch (error) {
    // A history that cannot be read at all is told of by whatever else is asked.
    if (isHoldfastError(error, "source.history")) return false;
    throw error;
  }
}
