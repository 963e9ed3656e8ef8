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

/** The commit that a branch of the checkout's own is on; undefined where it has none of that name. */
export async function localBranch(
  name: string,
  history: Pick<SourceHistory, "commit">,
): Promise<string | undefined> {
  try {
    return await history.commit(`refs/heads/${name}`);
  } catch (error) {
    if (isHoldfastError(error, "source.history")) return undefined;
    throw error;
  }
}

/** Whether a commit of the checkout has another in its history; one that the checkout lacks it has not. */
export async function hasCommit(
  head: string,
  commit: string,
  history: Pick<SourceHistory, "commit" | "parted">,
): Promise<boolean> {
  if (head === commit) return true;
  return (await isHere(commit, history)) && (await history.parted({ base: commit, head })) === commit;
}
