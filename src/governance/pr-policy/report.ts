import { EXIT } from "../../kernel/errors.ts";
import type { Annotation, Json, Outcome } from "../../kernel/outcome.ts";
import { quantity } from "../../kernel/quantity.ts";
import type { Coverage } from "../coverage/measure.ts";
import type { DependencyVerdict } from "../dependencies/judge.ts";
import type { Finding } from "../findings/finding.ts";
import type { PolicyPlan } from "./plan.ts";

/** What all rules said. */
export interface Judged {
  readonly findings: readonly Finding[];
  readonly coverage: Coverage | undefined;
  readonly difference: DependencyVerdict["difference"] | undefined;
}

/** Findings in a report for people; the rest is told by its number, and is in the outputs. */
const TOLD = 100;
const ORDER = ["error", "warning", "note"] as const;

/** What people and machines are told. */
export function outcomeOf(
  { request, scene, what: called, numbers, notes }: PolicyPlan,
  { findings, coverage, difference }: Judged,
): Outcome {
  const sorted = [...findings].sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
  const errors = sorted.filter(({ severity }) => severity === "error").length;
  const { commits, changes } = scene.pull;
  const what = `${quantity(commits.length, "commit")}, ${quantity(changes.length, "file")}`;
  return {
    exit: errors === 0 ? EXIT.done : EXIT.verdict,
    outputs: {
      verdict: errors === 0 ? "passed" : "refused",
      findings: sorted.map((finding) => ({ ...finding })),
      coverage:
        coverage === undefined
          ? null
          : { covered: coverage.covered, total: coverage.total, changed: { ...coverage.changed } },
      dependencies: difference === undefined ? null : (JSON.parse(JSON.stringify(difference)) as Json),
      "pull-requests": numbers,
      commits: commits.length,
      files: changes.length,
    },
    report: {
      good: errors === 0,
      headline:
        errors === 0
          ? (nothingIn(request, commits.length) ?? `${called} is as the policy wants it: ${what}`)
          : `${called} is refused: ${quantity(errors, "finding")} to mend; ${what}`,
      tables:
        sorted.length === 0
          ? []
          : [
              {
                columns: ["weight", "rule", "where", "what", "instead"],
                rows: sorted
                  .slice(0, TOLD)
                  .map(({ severity, rule, file, line, message, fix }) => [
                    severity,
                    rule,
                    file === null ? "" : `${file}${line === null ? "" : `:${line}`}`,
                    message,
                    fix,
                  ]),
              },
            ],
      notes: [
        ...(sorted.length > TOLD ? [`${sorted.length - TOLD} more findings are in the outputs`] : []),
        ...(coverage === undefined ? [] : [coverageNote(coverage)]),
        ...notes,
      ],
    },
    annotations: sorted.map(annotation),
  };
}

/** What passes because there is nothing in it: else a mistaken `--base` is taken for a passed check. */
function nothingIn(
  { event, group, judge, range }: PolicyPlan["request"],
  commits: number,
): string | undefined {
  if (event !== undefined || group !== undefined || commits > 0) return undefined;
  const but = judge === "coverage" ? "" : " but title and description";
  return `there is nothing to judge${but}: ${range.head} has no commit that ${range.base} has not`;
}

function coverageNote({ covered, total, changed, unplaced }: Coverage): string {
  const unknown =
    unplaced.length === 0
      ? ""
      : `; ${quantity(unplaced.length, "file")} of the reports, such as ${unplaced[0]!}, could not be ` +
        "found here";
  return (
    `tests run ${covered} of ${total} lines, and ` +
    (changed.total === 0
      ? "no changed line is one to run"
      : `${changed.covered} of ${changed.total} that are changed`) +
    unknown
  );
}

function annotation({ severity, rule, file, line, message, fix }: Finding): Annotation {
  const level = severity === "note" ? "notice" : severity;
  const place = file === null ? {} : { file, line: line ?? 1 };
  return { level, ...place, title: rule, message: `${message}. ${fix}` };
}
