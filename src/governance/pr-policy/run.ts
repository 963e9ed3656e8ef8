import type { Outcome } from "../../kernel/outcome.ts";
import type { Section } from "../../nouns/settings/section.ts";
import type { Finding, Severity } from "../findings/finding.ts";
import { judgeCoverage } from "./judge-coverage.ts";
import { judgeLockfiles } from "./judge-lockfiles.ts";
import { planPolicy } from "./plan.ts";
import type { Scene } from "./pull-request.ts";
import { outcomeOf } from "./report.ts";
import { parsePolicyRequest, type PolicyPorts, type PrPolicyInputs } from "./request.ts";
import { RULES } from "./rules/all.ts";
import type { CoverageRule } from "./rules/coverage-rule.ts";
import type { RuleName } from "./rules/names.ts";
import type { Rule } from "./rules/rule.ts";
import { POLICY_SECTIONS } from "./sections.ts";

/**
 * `holdfast pr-policy`: inputs → request → plan (git, settings of the base) → every rule → outcome.
 *
 * @param sections every section that a settings file may have, for a pull request that changes it
 */
export async function runPrPolicy(
  inputs: PrPolicyInputs,
  ports: PolicyPorts,
  sections: readonly Section[] = POLICY_SECTIONS,
): Promise<Outcome> {
  const request = await parsePolicyRequest(inputs, ports);
  ports.log.stage(`judging what ${request.range.head} brings to ${request.range.base}`);
  const plan = await planPolicy(request, sections);
  const findings: Finding[] = [];
  if (request.judge !== "coverage") {
    for (const scene of plan.scenes) {
      // Of several it is said whose each is.
      const of = request.group === undefined ? "" : `#${String(scene.pull.number)}: `;
      for (const rule of RULES) findings.push(...(await judged(rule, scene, of)));
    }
  }
  const severityOf = ({ name, severity }: CoverageRule): Severity | "off" =>
    plan.scene.policy.rules[name] ?? severity;
  const covered = await judgeCoverage(plan, await ports.sourceTree(), severityOf);
  const today = ports.clock.now().toISOString().slice(0, 10);
  const locked =
    plan.dependencies === undefined || request.judge === "coverage"
      ? undefined
      : await judgeLockfiles(
          request.history,
          { base: plan.parted, head: plan.commits.head },
          {
            settings: plan.dependencies,
            today,
            advisories: request.advisories,
          },
        );
  return outcomeOf(plan, {
    findings: [...findings, ...covered.findings, ...(locked?.findings ?? [])],
    coverage: covered.coverage,
    difference: locked?.difference,
  });
}

/** Of a draft nobody asks yet for what is only written when it is ready. */
const WHEN_READY = new Set<RuleName>(["twin", "sections", "checklist", "linked-issue", "documentation"]);

async function judged(rule: Rule, scene: Scene, of: string): Promise<Finding[]> {
  const declared = scene.policy.rules[rule.name] ?? rule.severity;
  if (declared === "off") return [];
  const severity = scene.pull.isDraft && WHEN_READY.has(rule.name) ? "note" : declared;
  const hits = await rule.find(scene);
  return hits.map(({ file, line, message, fix, severity: own }) => ({
    rule: rule.name,
    severity: own ?? severity,
    file: file ?? null,
    line: line ?? null,
    message: `${of}${message}`,
    fix: fix ?? rule.solution,
  }));
}
