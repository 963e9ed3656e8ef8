import type { Environment } from "./git.ts";

/**
 * What to do where git could not answer, by what it said, and by where this runs: who sits at a desk has no
 * workflow to change.
 *
 * @param why git's own words
 * @param other what to do locally beside fetching
 */
export function wayOut(why: string, env: Environment, other: string): string {
  if (/lazy fetch|promisor|transport '\w+' not allowed|is not in this checkout/.test(why)) {
    return (
      "Contents of files are missing, as in a partial clone: in a workflow leave `filter` out of the " +
      "checkout; else fill it with `git fetch --refetch --no-filter`."
    );
  }
  if (/is an ancestor of both/.test(why)) {
    return (
      "Where the history is all here (`git fetch --unshallow`, or `fetch-depth: 0` in a workflow), both " +
      "began apart and nothing can be told from one to the other: name another base."
    );
  }
  if (/not a git repository/.test(why)) return "Run it inside of a git repository.";
  if (/must be run in a work tree/.test(why)) {
    return (
      "This repository is bare, and settings are read from files: make a checkout of it, with " +
      "`git worktree add ../checkout` or `git clone`, and run it there."
    );
  }
  if (why === NO_COMMIT) return "Commit first: what is looked at is what has been committed.";
  if (env["GITHUB_ACTIONS"] === "true") {
    return "Check out with `fetch-depth: 0`, which brings the base too; or correct the name of the base.";
  }
  if (/; did you mean /.test(why)) return "Correct the name; or fetch the branch, where that was meant.";
  return `Fetch it (\`git fetch\`, in a shallow clone with --unshallow), or ${other}.`;
}

/** Of a repository that was only begun, where git says no more than that it knows no such name. */
export const NO_COMMIT = "there is no commit in this repository yet";
