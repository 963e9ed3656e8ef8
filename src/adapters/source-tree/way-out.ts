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
  if (/not a git repository/.test(why)) return "Run it inside of a git repository.";
  return undefined;
}
