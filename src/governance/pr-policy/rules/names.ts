/** Rules that `policy.rules` may switch. Each has a file of its own here. */
export const RULE_NAMES = [
  "branch-base",
  "twin",
  "title",
  "lost-impact",
  "commits",
  "fixup-commits",
  "description",
  "sections",
  "checklist",
  "linked-issue",
  "documentation",
  "settings",
  "touched",
  "coverage-report",
  "coverage-total",
  "coverage-changed",
  "coverage-unmeasured",
  "coverage-stale",
  "uncovered",
] as const;

/** One of {@link RULE_NAMES}. */
export type RuleName = (typeof RULE_NAMES)[number];
