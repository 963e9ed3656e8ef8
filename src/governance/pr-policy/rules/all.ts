import { branchBase } from "./branch-base.ts";
import { checklist } from "./checklist.ts";
import { commits } from "./commits.ts";
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

/** Rules about reports of coverage, which are judged together. */
export const COVERAGE_RULES: readonly Pick<Rule, "name" | "severity" | "problem" | "solution">[] = [
  {
    name: "coverage-report",
    severity: "error",
    problem: "A report that is cut off, empty or missing proves nothing.",
    solution: "Have the tests write it anew, whole.",
  },
  {
    name: "coverage-total",
    severity: "error",
    problem: "Less of the code is run by tests than is asked for.",
    solution: "Test more of what is there.",
  },
  {
    name: "coverage-changed",
    severity: "error",
    problem: "Less of what is changed is run by tests than is asked for: the total hides it.",
    solution: "Test the lines that are named.",
  },
  {
    name: "coverage-unmeasured",
    severity: "error",
    problem: "A file that no test loads is in no report, and counts nowhere.",
    solution: "Have the report take in files that no test loads, or exclude it in the settings.",
  },
  {
    name: "coverage-stale",
    severity: "error",
    problem: "A report of another commit speaks of other lines.",
    solution: "Make the report of this commit.",
  },
  {
    name: "uncovered",
    severity: "note",
    problem: "A changed line that no test runs.",
    solution: "Test it.",
  },
];
