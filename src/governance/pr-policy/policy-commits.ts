import type { ForgeCommit } from "../../ports/forge-pulls.ts";
import type { RevertClaim, SourceCommit, SourceHistory } from "../../ports/source-history.ts";
import type { PolicyCommit } from "../commits/lost-impact.ts";

/** What git and GitHub write into every revert. */
const REVERTED = /This reverts commit ([0-9a-f]{7,64})/gi;
/** In one message; nobody writes as many. */
const REVERTED_MAX = 20;

/**
 * Commits as rules look at them, with what they take back. Git is asked whether they do; one that only the
 * forge has is believed, since the pull request was judged where git had it.
 *
 * @throws source.history
 */
export async function policyCommits(
  list: readonly (SourceCommit | ForgeCommit)[],
  history: Pick<SourceHistory, "proved">,
): Promise<PolicyCommit[]> {
  const claims = list.flatMap(claimsOf);
  const proved = claims.length === 0 ? [] : await history.proved(claims);
  return list.map((commit) => {
    const { id, message, parents } = commit;
    const undoes = "author" in commit ? proved.filter((each) => each.commit === id) : claimsOf(commit);
    return {
      id,
      message,
      isMerge: parents.length > 1,
      ...(undoes.length === 0 ? {} : { undoes: undoes.map((each) => each.undoes) }),
    };
  });
}

function claimsOf({ id, message }: Pick<SourceCommit, "id" | "message">): RevertClaim[] {
  return [...message.matchAll(REVERTED)]
    .slice(0, REVERTED_MAX)
    .map(([, hash]) => ({ commit: id, undoes: hash!.toLowerCase() }));
}
