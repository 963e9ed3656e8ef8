import { fitsFilter } from "../../patterns/workflow-filter.ts";
import type { Trigger } from "./read-workflow.ts";

/**
 * Whether a trigger's filter lets a branch through, in the words of workflow filters: `*` stops at `/`, `**`
 * does not, a later `!pattern` takes back.
 * https://docs.github.com/actions/reference/workflow-syntax-for-github-actions#filter-pattern-cheat-sheet
 */
export function startsFor(trigger: Trigger, branch: string): boolean {
  if (trigger.branchesIgnore?.some((pattern) => fitsFilter(pattern, branch)) === true) return false;
  if (trigger.branches === undefined) return true;
  let through = false;
  for (const pattern of trigger.branches) {
    if (pattern.startsWith("!")) through &&= !fitsFilter(pattern.slice(1), branch);
    else through ||= fitsFilter(pattern, branch);
  }
  return through;
}
