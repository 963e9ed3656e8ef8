/**
 * Whether a branch fits a filter of a workflow as GitHub reads it: `*` stops at `/`, `**` does not; `?`, `+`
 * and `[…]` are those of regular expressions.
 * https://docs.github.com/actions/reference/workflow-syntax-for-github-actions#filter-pattern-cheat-sheet
 */
export function fitsFilter(pattern: string, branch: string): boolean {
  if (pattern === branch) return true;
  const source = pattern.replace(/\*\*|\*|[.^${}()|\\]/g, (sign) => {
    if (sign === "**") return ".*";
    // `?`, `+` and `[…]` mean in filters what they mean in regular expressions.
    return sign === "*" ? "[^/]*" : `\\${sign}`;
  });
  const read = compiled(source);
  return read === undefined ? false : read.test(branch);
}

function compiled(source: string): RegExp | undefined {
  try {
    return new RegExp(`^${source}$`);
  } catch {
    return undefined;
  }
}
