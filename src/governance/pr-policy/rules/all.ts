import { branchBase } from "./branch-base.ts";
import { checklist } from "./checklist.ts";
import { commits } from "./commits.ts";
import { coverageChanged } from "./coverage-changed.ts";
import { coverageReport } from "./coverage-report.ts";
import type { CoverageRule } from "./coverage-rule.ts";
import { coverageStale } from "./coverage-stale.ts";
import { coverageTotal } from "./coverage-total.ts";
import { coverageUnmeasured } from "./coverage-unmeasured.ts";
import { description } from "./description.ts";
import { documentation } from "./documentation.ts";
import { fixupCommits } from "./fixup-commits.ts";
import { linkedIssue } from "./linked-issue.ts";
import { lostImpact } from "./lost-impact.ts";
import type { Rule } from "./rule.ts";
import { sections } from "./sections.ts";
import { settings } from "./settings.ts";
import { title } from "./title.ts";
import { touched } from "./touched.ts";
import { twin } from "./twin.ts";
import { uncovered } from "./uncovered.ts";

/** In the order in which people meet them. */
export const RULES: readonly Rule[] = [
  branchBase,
  twin,
  title,
  lostImpact,
  commits,
  fixupCommits,
  description,
  sections,
  checklist,
  linkedIssue,
  documentation,
  settings,
  touched,
];

/** Those about reports of coverage, which are judged together. */
export const COVERAGE_RULES: readonly CoverageRule[] = [
  coverageReport,
  coverageTotal,
  coverageChanged,
  coverageUnmeasured,
  coverageStale,
  uncovered,
];
