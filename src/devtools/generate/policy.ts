import { EXCEPTION_RULES, RULES as DEPENDENCY_RULES } from "../../governance/dependencies/rules/all.ts";
import { FIXED_RULE_NAMES } from "../../governance/dependencies/rules/names.ts";
import { COVERAGE_RULES, RULES } from "../../governance/pr-policy/rules/all.ts";
import { cell } from "./tables.ts";

interface Told {
  readonly name: string;
  readonly severity: string;
  readonly problem: string;
  readonly solution: string;
}

/** Rules of `pr-policy` about the pull request itself, for `docs/policy.md`. */
export function policyRulesTable(): string {
  return table(RULES);
}

/** Those about reports of coverage. */
export function coverageRulesTable(): string {
  return table(COVERAGE_RULES);
}

/** Those about dependencies. */
export function dependencyRulesTable(): string {
  return table([...DEPENDENCY_RULES, ...EXCEPTION_RULES], FIXED_RULE_NAMES);
}

/** @param fixed names of rules that no setting switches */
function table(rules: readonly Told[], fixed: readonly string[] = []): string {
  const rows = rules.map(
    ({ name, severity, problem, solution }) =>
      `| \`${name}\` | ${severity}${fixed.includes(name) ? ", always on" : ""} | ${cell(problem)} | ` +
      `${cell(solution)} |`,
  );
  return ["| rule | severity | what goes wrong | what to do |", "|---|---|---|---|", ...rows].join("\n");
}
