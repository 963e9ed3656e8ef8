import { listed } from "../../kernel/listed.ts";
import type { RepositoryFacts } from "../../ports/forge.ts";
import type { Finding, Severity } from "../findings/finding.ts";
import { fits } from "../patterns/ref-pattern.ts";
import { isPattern, rulesetName, type BranchRules, type Protection, type TagRules } from "./settings.ts";

/**
 * Rules that cannot be kept together with each other or with the release flow (strategy A3, A4): releases and
 * hotfixes are merged into main, tagged there, and merged back.
 *
 * @param owner undefined where it is not known
 */
export function lintDeclaration(
  declared: Protection,
  owner: RepositoryFacts["owner"] | undefined,
): Finding[] {
  return [
    ...declared.branches.flatMap((rules) => [
      ...lintMerging(rules),
      ...lintBackMerges(rules, declared["back-merges"]),
      ...lintApprovals(rules),
    ]),
    ...declared.tags.flatMap(lintTags),
    ...(owner === "User" ? lintPersonal(declared) : []),
  ];
}

function finding(rule: string, severity: Severity, message: string, fix: string): Finding {
  return { rule: `protect/${rule}`, severity, file: null, line: null, message, fix };
}

function lintMerging(rules: BranchRules): Finding[] {
  const name = rulesetName(rules);
  const methods = rules["merge-methods"];
  if (!rules["linear-history"] || methods.some((each) => each !== "merge")) return [];
  return [
    finding(
      "no-way-to-merge",
      "error",
      `'${name}' wants a linear history and allows merge commits only: nothing can be merged`,
      "Add squash or rebase to merge-methods, or take linear-history back.",
    ),
  ];
}

function lintBackMerges(rules: BranchRules, backMerges: readonly string[]): Finding[] {
  const taking = backMerges.filter((branch) => isFor(rules, branch));
  if (taking.length === 0) return [];
  const name = rulesetName(rules);
  if (rules["linear-history"]) {
    return [
      finding(
        "linear-history-and-back-merges",
        "error",
        `'${name}' wants a linear history on ${listed(taking)}, into which releases are merged back`,
        "Take linear-history back there: squashed back-merges lose the ancestry, and conflict for good.",
      ),
    ];
  }
  if (rules["merge-methods"].includes("merge")) return [];
  return [
    finding(
      "linear-history-and-back-merges",
      "error",
      `'${name}' allows no merge commits on ${listed(taking)}, into which releases are merged back`,
      "Add merge to merge-methods there, or take the branch out of back-merges.",
    ),
  ];
}

function isFor({ branches, except }: BranchRules, branch: string): boolean {
  const named = (patterns: readonly string[]): boolean =>
    patterns.some((each) => each === branch || fits(each, branch));
  return named(branches) && !named(except);
}

function lintApprovals(rules: BranchRules): Finding[] {
  if (rules.approvals > 0 || !rules["last-push-approval"]) return [];
  return [
    finding(
      "last-push-without-approvals",
      "warning",
      `'${rulesetName(rules)}' wants the last push approved, and no approval at all`,
      "Set approvals to 1 or more, or last-push-approval to false.",
    ),
  ];
}

/** Such tags are moved at every release, so that people can follow a major or minor version. */
const MOVING = ["v1", "v1.2", "latest"];

function lintTags(rules: TagRules): Finding[] {
  const name = rulesetName(rules);
  const held = MOVING.filter((tag) => rules.tags.some((pattern) => isPattern(pattern) && fits(pattern, tag)));
  return [
    ...(held.length > 0 && !rules.move
      ? [
          finding(
            "tag-that-moves",
            "error",
            `'${name}' keeps ${listed(held)} from moving, and such tags are moved at every release`,
            "Take patterns that only whole versions fit, such as v*.*.*.",
          ),
        ]
      : []),
    ...(!rules.creation && rules.bypass.length === 0
      ? [
          finding(
            "tag-that-nobody-makes",
            "error",
            `'${name}' lets nobody make such a tag, so that nothing can be released`,
            "Set creation to true, or name in bypass who makes releases.",
          ),
        ]
      : []),
  ];
}

/** GitHub refuses these with 422; a fallback that leaves them out would protect otherwise than declared. */
function lintPersonal({ mechanism, branches, tags }: Protection): Finding[] {
  return [...branches, ...tags].flatMap((rules) => {
    const classic = mechanism === "classic" && "branches" in rules;
    const types = rules.bypass
      .map(({ type }) => type)
      .filter((type) => classic || ["Team", "OrganizationAdmin", "Integration"].includes(type));
    if (types.length === 0) return [];
    return [
      finding(
        "bypass-on-a-personal-repository",
        "error",
        `'${rulesetName(rules)}' lets ${listed([...new Set(types)])} pass; personal repositories refuse it`,
        classic
          ? "Take bypass out; classic protection has it for organisations only."
          : "Take them out of bypass, or move the repository into an organisation.",
      ),
    ];
  });
}
