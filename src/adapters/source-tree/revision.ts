import type { GitAnswer } from "./git.ts";

/** Says nothing of where it is, so that git looks in several places. */
const IS_NAME = /^(?!refs\/|HEAD\b|@|-|[0-9a-f]{40}$|[0-9a-f]{64}$)/;

/**
 * The hash of a revision's commit. Of a name that is a branch's and a tag's the branch is meant: git takes
 * the tag, and whoever may push a tag `origin/main` could say what a pull request is held against.
 * https://git-scm.com/docs/gitrevisions
 *
 * @returns git's answer; the last one where nothing of that name is there
 */
export async function resolveCommit(
  ask: (args: readonly string[]) => Promise<GitAnswer>,
  revision: string,
): Promise<GitAnswer> {
  const ways = IS_NAME.test(revision)
    ? [`refs/remotes/${revision}`, `refs/heads/${revision}`, revision]
    : [revision];
  let answer: GitAnswer = { ok: false, why: `there is no ${revision}` };
  for (const way of ways) {
    answer = await ask(["rev-parse", "--verify", "--quiet", "--end-of-options", `${way}^{commit}`]);
    if (answer.ok) break;
  }
  return answer;
}
