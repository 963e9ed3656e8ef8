/**
 * What to do where git could not answer, by what it said; undefined where that does not tell.
 *
 * @param why git's own words
 */
export function wayOut(why: string): string | undefined {
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
  return undefined;
}
