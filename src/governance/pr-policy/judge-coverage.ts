import { isAbsolute, relative, resolve, sep } from "node:path";
import type { SourceTree } from "../../ports/source-tree.ts";
import { besideReport } from "../coverage/beside-report.ts";
import { measure, type Coverage, type Share } from "../coverage/measure.ts";
import { Places } from "../coverage/place.ts";
import { readReport } from "../coverage/read-report.ts";
import { UnusableReport, type ReportedFile } from "../coverage/report.ts";
import { fits } from "../patterns/path-pattern.ts";
import type { Finding, Severity } from "../findings/finding.ts";
import type { PolicyPlan } from "./plan.ts";
import type { RuleName } from "./rules/names.ts";

/** What the reports came to. */
export interface JudgedCoverage {
  readonly coverage: Coverage | undefined;
  readonly findings: readonly Finding[];
}

/** Files that tests are made of, or that hold no code to run. */
const NO_SOURCES = [
  "**/*.test.*",
  "**/*.spec.*",
  "**/*_test.*",
  "**/test_*.py",
  "**/conftest.py",
  "**/__tests__/**",
  "**/__mocks__/**",
  "test/**",
  "tests/**",
  "**/test/**",
  "**/tests/**",
  "**/*.d.ts",
  "**/*.config.*",
  "**/*.stories.*",
  "dist/**",
  "build/**",
  "vendor/**",
];
/** Annotations of one run: GitHub shows no more. */
const UNCOVERED_TOLD = 50;

/** Reads every report, puts them together and holds them against what is asked for. Unknown is red. */
export async function judgeCoverage(
  { request, scene, commits }: PolicyPlan,
  tree: Pick<SourceTree, "file">,
  severityOf: (rule: RuleName) => Severity | "off",
): Promise<JudgedCoverage> {
  const { coverage: wanted, pull } = scene;
  const findings: Finding[] = [];
  const say = (
    rule: RuleName,
    message: string,
    fix: string,
    place?: { file: string; line: number },
  ): void => {
    const severity = severityOf(rule);
    if (severity === "off") return;
    findings.push({ rule, severity, file: place?.file ?? null, line: place?.line ?? null, message, fix });
  };
  if (request.judge === "all-but-coverage") return { coverage: undefined, findings };
  if (request.reports.length === 0) {
    if (wanted.required || request.judge === "coverage") {
      say("coverage-report", "no coverage report was given", "Run the tests with coverage first.");
    }
    return { coverage: undefined, findings };
  }
  const { history } = request;
  const root = await history.root();
  const reported: ReportedFile[] = [];
  for (const path of request.reports) {
    const bytes = await tree.file(path);
    try {
      for (const each of besideReport(readReport(bytes), below(root, path))) reported.push(each);
    } catch (error) {
      if (!(error instanceof UnusableReport)) throw error;
      say("coverage-report", `the report ${path} ${error.message}`, "Have the tests write it anew, whole.");
    }
  }
  if (findings.length > 0) return { coverage: undefined, findings };
  const kinds = new Set(reported.flatMap(({ places }) => ending(places[0] ?? "")));
  const isSource = (path: string): boolean =>
    !wanted.exclude.some((each) => fits(each, path)) &&
    (wanted.sources.length > 0
      ? wanted.sources.some((each) => fits(each, path))
      : ending(path).some((kind) => kinds.has(kind)) && !NO_SOURCES.some((each) => fits(each, path)));
  const found = await measure(reported, {
    places: new Places(root, await history.paths(commits.head)),
    changes: pull.changes,
    isSource,
    lengths: (paths) => history.lengths(commits.head, paths),
  });
  const told = (share: Share): string => `${percent(share)} (${share.covered} of ${share.total} lines)`;
  // Reports without a line that can be run say nothing at all.
  if (isBelow(found, wanted.total) || (found.total === 0 && wanted.total > 0)) {
    say(
      "coverage-total",
      `tests run ${told(found)}, and ${wanted.total} % is asked for`,
      "Test more of what is there.",
    );
  }
  if (isBelow(found.changed, wanted.changed)) {
    say(
      "coverage-changed",
      `tests run ${told(found.changed)} of what is changed, and ${wanted.changed} % is asked for`,
      "Test the lines that are named.",
    );
  }
  for (const file of found.unmeasured) {
    say(
      "coverage-unmeasured",
      `${file} is changed, and no report knows it`,
      "Have the report take in files that no test loads, or exclude it in the settings.",
      { file, line: 1 },
    );
  }
  for (const { file, line, length } of found.beyond) {
    say(
      "coverage-stale",
      `the report knows line ${line} of ${file}, which has ${length}: it is of another commit`,
      "Make the report of this commit.",
      { file, line: Math.max(1, length) },
    );
  }
  for (const { file, first, last } of found.uncovered.slice(0, UNCOVERED_TOLD)) {
    const which = first === last ? `line ${first} is` : `lines ${first} to ${last} are`;
    say("uncovered", `${which} changed, and no test runs ${first === last ? "it" : "them"}`, "Test it.", {
      file,
      line: first,
    });
  }
  const more = found.uncovered.length - UNCOVERED_TOLD;
  if (more > 0) say("uncovered", `${more} more places that no test runs`, "Test them.");
  return { coverage: found, findings };
}

/** From the root, with `/`; undefined of what is outside. */
function below(root: string, path: string): string | undefined {
  const way = relative(root, resolve(path)).replaceAll(sep, "/");
  return way === ".." || way.startsWith("../") || isAbsolute(way) ? undefined : way;
}

/** In whole numbers: a share is never rounded up to what is asked for. */
function isBelow({ covered, total }: Share, least: number): boolean {
  return covered * 10_000 < Math.round(least * 100) * total;
}

function percent({ covered, total }: Share): string {
  return total === 0 ? "none" : `${(Math.floor((covered * 10_000) / total) / 100).toFixed(2)} %`;
}

function ending(path: string): string[] {
  const found = /\.[A-Za-z0-9]+$/.exec(path)?.[0];
  return found === undefined ? [] : [found];
}
