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
  return table(RULES, ({ name }) => `\`policy.rules.${name}\``);
}

/** Those about reports of coverage. */
export function coverageRulesTable(): string {
  return table(COVERAGE_RULES, ({ name }) => `\`policy.rules.${name}\``);
}

/** Those about dependencies. */
export function dependencyRulesTable(): string {
  const fixed: readonly string[] = FIXED_RULE_NAMES;
  return table([...DEPENDENCY_RULES, ...EXCEPTION_RULES], ({ name }) =>
    fixed.includes(name) ? "always on" : `\`dependencies.rules.${name}\``,
  );
}

function table(rules: readonly Told[], switchOf: (rule: Told) => string): string {
  const rows = rules.map(
    (rule) =>
      `| \`${rule.name}\` | ${rule.severity} | ${cell(rule.problem)} | ${cell(rule.solution)} | ` +
      `${switchOf(rule)} |`,
  );
  return [
    "| rule | severity | what goes wrong | what to do | switch |",
    "|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}
