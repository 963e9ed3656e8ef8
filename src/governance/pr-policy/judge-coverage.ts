import { isAbsolute, relative, resolve, sep } from "node:path";
import { isHoldfastError } from "../../kernel/errors.ts";
import type { SourceTree } from "../../ports/source-tree.ts";
import { besideReport } from "../coverage/beside-report.ts";
import { measure, type Coverage } from "../coverage/measure.ts";
import { Places } from "../coverage/place.ts";
import { readReport } from "../coverage/read-report.ts";
import { UnusableReport, type ReportedFile } from "../coverage/report.ts";
import type { Finding, Severity } from "../findings/finding.ts";
import { otherKinds, sourcesOf, type IsSource } from "./coverage-sources.ts";
import type { PolicyPlan } from "./plan.ts";
import { COVERAGE_RULES } from "./rules/all.ts";
import { coverageReport } from "./rules/coverage-report.ts";
import type { CoverageRule, CoverageScene, Unusable } from "./rules/coverage-rule.ts";
import type { Hit } from "./rules/rule.ts";

/** What the reports came to. */
export interface JudgedCoverage {
  readonly coverage: Coverage | undefined;
  readonly findings: readonly Finding[];
}

/** Reads every report, puts them together and holds them against what is asked for. Unknown is red. */
export async function judgeCoverage(
  plan: PolicyPlan,
  tree: Pick<SourceTree, "file">,
  severityOf: (rule: CoverageRule) => Severity | "off",
): Promise<JudgedCoverage> {
  const { request, scene: pullScene } = plan;
  if (request.judge === "all-but-coverage") return { coverage: undefined, findings: [] };
  const { coverage: wanted } = pullScene;
  const root = await request.history.root();
  const paths = request.reports.length === 0 ? [] : await request.history.paths(plan.commits.head);
  const places = new Places(root, paths);
  const { reported, unusable } = await readReports(request.reports, { root, places }, tree);
  const isRelied = unusable.length === 0 || severityOf(coverageReport) === "off";
  const isMeasured = request.reports.length > 0 && isRelied;
  const isSource = sourcesOf(wanted, reported);
  const found = isMeasured ? await measured(plan, places, reported, isSource) : undefined;
  const scene: CoverageScene = {
    wanted,
    isRequired: wanted.required || request.judge === "coverage",
    given: request.reports.length,
    unusable,
    found,
    otherKinds: otherKinds(wanted, reported, pullScene.pull.changes),
  };
  const findings = COVERAGE_RULES.flatMap((rule): Finding[] => {
    const severity = severityOf(rule);
    return severity === "off" ? [] : rule.find(scene).map((hit) => findingOf(rule, severity, hit));
  });
  return { coverage: found, findings };
}

interface Read {
  readonly reported: readonly ReportedFile[];
  readonly unusable: readonly Unusable[];
}

/** What is not there, or may not be read, proves as little as what is cut off. */
async function readReports(
  paths: readonly string[],
  { root, places }: { readonly root: string; readonly places: Places },
  tree: Pick<SourceTree, "file">,
): Promise<Read> {
  const reported: ReportedFile[] = [];
  const unusable: Unusable[] = [];
  for (const path of paths) {
    try {
      const bytes = await tree.file(path, root);
      const has = (each: string): boolean => places.has(each);
      for (const each of besideReport(readReport(bytes), below(root, path), has)) reported.push(each);
    } catch (error) {
      if (error instanceof UnusableReport) unusable.push({ path, why: error.message });
      else if (isHoldfastError(error, "source.missing") || isHoldfastError(error, "source.unreadable")) {
        unusable.push({ path, why: `could not be read: ${error.message}` });
      } else throw error;
    }
  }
  return { reported, unusable };
}

/** Nobody writes more code into one file, and what a pull request brings may be of any size. */
const TEXT_MAX = 4 * 1024 * 1024;

function measured(
  { request: { history }, scene: { pull }, commits }: PolicyPlan,
  places: Places,
  reported: readonly ReportedFile[],
  isSource: IsSource,
): Promise<Coverage> {
  const lengths = (paths: readonly string[]): ReturnType<typeof history.lengths> =>
    history.lengths(commits.head, paths);
  const texts = async (paths: readonly string[]): Promise<Map<string, string>> => {
    const wanted = new Set(paths);
    const found = await history.files(commits.head, (path) => wanted.has(path));
    return new Map([...found].map(([path, bytes]) => [path, bytes.subarray(0, TEXT_MAX).toString("utf8")]));
  };
  return measure(reported, { places, changes: pull.changes, isSource, lengths, texts });
}

function findingOf({ name, solution }: CoverageRule, severity: Severity, hit: Hit): Finding {
  const { file = null, line = null, message, fix = solution } = hit;
  // What weighs less than its rule does so also where the rule was made lighter.
  const weight = hit.severity !== undefined && severity === "error" ? hit.severity : severity;
  return { rule: name, severity: weight, file, line, message, fix };
}

/** From the root, with `/`; undefined of what is outside. */
function below(root: string, path: string): string | undefined {
  const way = relative(root, resolve(path)).replaceAll(sep, "/");
  return way === ".." || way.startsWith("../") || isAbsolute(way) ? undefined : way;
}
