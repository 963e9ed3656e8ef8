import * as z from "zod";
import { METHODS, PROTECTED_METHODS } from "../merging/merge-methods.ts";

/**
 * The section `protection` of the settings file: who may change which branches and tags, and how. Every key
 * has a default, so that `protection: {}` is a complete declaration (strategy A1, A2).
 */

/** GitHub's own app, which reports for the jobs of workflows; it has this number on github.com. */
export const GITHUB_ACTIONS_APP = 15368;

/** Role `admin` of a repository, as rulesets number roles: https://docs.github.com/rest/repos/rules */
export const ADMIN_ROLE = 5;

const pattern = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\s~^:\\]+$/, "is no name or pattern of a branch or tag")
  .refine((text) => !text.startsWith("refs/"), "is given without refs/heads/ or refs/tags/");

export const requiredCheck = z.strictObject({
  name: z
    .string()
    .min(1)
    .describe("Name of the check as a pull request shows it: a job's name, with its matrix in brackets."),
  app: z
    .union([z.enum(["github-actions", "any"]), z.int().positive()])
    .default("github-actions")
    .describe("The app that must report it: `github-actions`, `any`, or an app's number."),
});

export const bypassActor = z.strictObject({
  type: z
    .enum(["Integration", "OrganizationAdmin", "RepositoryRole", "Team", "DeployKey", "User"])
    .describe("What kind of actor it is, in GitHub's words. `Integration` is an app."),
  id: z.int().positive().optional().describe("Its number; rulesets know actors by nothing else."),
  name: z
    .string()
    .min(1)
    .optional()
    .describe("Its login or slug; classic protection knows actors by nothing else."),
  mode: z
    .enum(["always", "pull_request", "exempt"])
    .default("always")
    .describe("When it may pass by the rules. Classic protection knows no difference."),
});

const bypass = z
  .array(bypassActor)
  .default([])
  .describe("Who may pass by these rules. Nobody, unless it is said here.");

/** One set of rules, for the branches that it names. */
export const branchRules = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(80)
    .optional()
    .describe("Name of the ruleset at GitHub. By default `holdfast: ` and the branches."),
  branches: z
    .array(pattern)
    .min(1)
    .default(["main", "production", "staging", "develop"])
    .describe("Names or patterns (`release/*`) of the branches. Classic protection takes names only."),
  except: z.array(pattern).default([]).describe("Names or patterns that are left out. Rulesets only."),
  approvals: z
    .int()
    .min(0)
    .max(6)
    .default(2)
    .describe("How many people must approve a pull request before it is merged."),
  "dismiss-stale": z.boolean().default(true).describe("Whether new commits take approvals back."),
  "code-owners": z.boolean().default(true).describe("Whether the owners of changed files must approve."),
  "last-push-approval": z
    .boolean()
    .default(true)
    .describe("Whether somebody else than who pushed last must approve."),
  checks: z.array(requiredCheck).default([]).describe("Checks that must be green before a merge."),
  "up-to-date": z
    .boolean()
    .default(true)
    .describe("Whether checks must have run on the newest commit of the base. Means nothing without checks."),
  conversations: z
    .boolean()
    .default(true)
    .describe("Whether every conversation must be resolved before a merge."),
  "linear-history": z
    .boolean()
    .default(false)
    .describe("Whether merge commits are refused. Not on branches into which releases are merged back."),
  "force-push": z.boolean().default(false).describe("Whether history may be rewritten."),
  deletion: z.boolean().default(false).describe("Whether the branch may be deleted."),
  "merge-methods": z
    .array(z.enum(METHODS))
    .min(1)
    .default([...PROTECTED_METHODS])
    .describe("How pull requests may be merged. Rulesets only."),
  bypass,
  "enforce-admins": z
    .boolean()
    .default(true)
    .describe("Whether the rules hold for administrators too. With rulesets, `false` lets them pass by."),
});

/** One set of rules for tags. */
export const tagRules = z.strictObject({
  name: z.string().min(1).max(80).optional().describe("Name of the ruleset at GitHub."),
  tags: z
    .array(pattern)
    .min(1)
    .default(["v*.*.*"])
    .describe("Patterns of the tags. A tag that moves, such as `v1`, must not be among them."),
  creation: z.boolean().default(true).describe("Whether everybody who may push may make such a tag."),
  move: z.boolean().default(false).describe("Whether such a tag may be moved to another commit."),
  deletion: z.boolean().default(false).describe("Whether such a tag may be deleted."),
  bypass,
});

/** The section itself. */
export const protection = z
  .strictObject({
    mechanism: z
      .enum(["rulesets", "classic"])
      .default("rulesets")
      .describe("What GitHub keeps branches by. Tags are kept by rulesets either way."),
    branches: z
      .array(branchRules)
      .default([branchRules.parse({})])
      .describe("Rules for branches, each set with the branches that it is for."),
    tags: z
      .array(tagRules)
      .default([tagRules.parse({})])
      .describe("Rules for tags, each set with the tags that it is for."),
    "back-merges": z
      .array(pattern)
      .default(["develop"])
      .describe("Branches into which releases and hotfixes are merged back by a merge commit."),
    "known-rulesets": z
      .array(z.string().min(1))
      .default([])
      .describe(
        "Names of rulesets that somebody else keeps and that are no drift, such as an organisation's.",
      ),
    "known-classic": z
      .boolean()
      .default(false)
      .describe("Whether classic protection beside declared rulesets is no drift."),
  })
  .describe("Who may change which branches and tags, and how.")
  .superRefine((declared, context) => {
    for (const [path, message] of contradictions(declared)) {
      context.addIssue({ code: "custom", path: [...path], message });
    }
  });

export type Protection = z.infer<typeof protection>;
export type BranchRules = z.infer<typeof branchRules>;
export type TagRules = z.infer<typeof tagRules>;
export type BypassActor = z.infer<typeof bypassActor>;
export type RequiredCheck = z.infer<typeof requiredCheck>;

type Problem = readonly [path: readonly (string | number)[], message: string];

/** The default begins like this, so that a ruleset of ours is known by its name. */
export const OUR_PREFIX = "holdfast: ";

/** Name of the ruleset that keeps a set of branches or tags. */
export function rulesetName(rules: BranchRules | TagRules): string {
  if (rules.name !== undefined) return rules.name;
  return OUR_PREFIX + ("branches" in rules ? rules.branches.join(", ") : `tags ${rules.tags.join(", ")}`);
}

/** What no single value shows: what the chosen mechanism cannot do, and names that stand twice. */
function contradictions(declared: z.infer<typeof protection>): Problem[] {
  const classic = declared.mechanism === "classic";
  return [
    ...declared.branches.flatMap(({ checks }, at) =>
      checks.flatMap(({ name }, place): Problem[] =>
        checks.findIndex((each) => each.name === name) === place
          ? []
          : [[["branches", at, "checks", place, "name"], `is '${name}', which is required already`]],
      ),
    ),
    ...declared.branches.flatMap((rules, at) =>
      (classic ? unfitForClassic(rules) : unfitBypass(rules.bypass, "branch")).map(
        ([path, message]): Problem => [["branches", at, ...path], message],
      ),
    ),
    ...declared.tags.flatMap((rules, at) =>
      unfitBypass(rules.bypass, "tag").map(([path, message]): Problem => [["tags", at, ...path], message]),
    ),
    ...twice(declared, classic),
  ];
}

function unfitBypass(actors: readonly BypassActor[], target: "branch" | "tag"): Problem[] {
  return actors.flatMap(({ type, id, mode }, at): Problem[] => {
    const numberless = type === "OrganizationAdmin" || type === "DeployKey";
    const onlyBranches = mode === "pull_request" && (target === "tag" || type === "DeployKey");
    return [
      ...(id === undefined && !numberless
        ? [[["bypass", at, "id"], `is needed for a ${type}`] as Problem]
        : []),
      ...(onlyBranches
        ? [[["bypass", at, "mode"], "is pull_request, which is nothing for tags and deploy keys"] as Problem]
        : []),
    ];
  });
}

function unfitForClassic(rules: BranchRules): Problem[] {
  const { branches, except, bypass: actors } = rules;
  const methods = [...new Set(rules["merge-methods"])].sort();
  const areDefault = methods.join() === [...PROTECTED_METHODS].sort().join();
  const named = new Set(["Integration", "Team", "User"]);
  return [
    ...branches.flatMap((each, at): Problem[] =>
      isPattern(each) ? [[["branches", at], "is a pattern, and classic protection takes names only"]] : [],
    ),
    ...(except.length === 0 ? [] : [[["except"], "is nothing that classic protection knows"] as Problem]),
    ...(areDefault ? [] : [[["merge-methods"], "is nothing that classic protection knows"] as Problem]),
    ...actors.flatMap(({ type, name }, at): Problem[] => {
      if (!named.has(type)) {
        return [[["bypass", at, "type"], `is ${type}, which classic protection cannot let pass`]];
      }
      return name === undefined ? [[["bypass", at, "name"], "is needed by classic protection"]] : [];
    }),
  ];
}

/** Two sets under one name would overwrite each other; so would two of one branch, in classic protection. */
function twice({ branches, tags }: Pick<Protection, "branches" | "tags">, classic: boolean): Problem[] {
  const seen = new Set<string>();
  const problems: Problem[] = [];
  const all = [
    ...branches.map((rules, at) => ({ rules, path: ["branches", at] as const })),
    ...tags.map((rules, at) => ({ rules, path: ["tags", at] as const })),
  ];
  for (const { rules, path } of all) {
    const name = rulesetName(rules);
    if (seen.has(name)) problems.push([path, `has the name '${name}', which another set has already`]);
    seen.add(name);
  }
  const owners = new Set<string>();
  for (const [at, rules] of classic ? branches.entries() : []) {
    for (const branch of rules.branches) {
      if (owners.has(branch)) {
        problems.push([["branches", at, "branches"], `names '${branch}' a second time`]);
      }
      owners.add(branch);
    }
  }
  return problems;
}

/** Whether a name stands for several. */
export function isPattern(name: string): boolean {
  return /[*?[\]{}]/.test(name);
}
