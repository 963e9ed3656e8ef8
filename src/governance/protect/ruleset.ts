import type { Json } from "../../kernel/outcome.ts";
import type { RulesetBody, RulesetBypass, RulesetRule } from "../../ports/forge.ts";
import {
  ADMIN_ROLE,
  GITHUB_ACTIONS_APP,
  rulesetName,
  type BranchRules,
  type BypassActor,
  type Protection,
  type RequiredCheck,
  type TagRules,
} from "./settings.ts";

/** A declaration as rulesets: https://docs.github.com/rest/repos/rules#create-a-repository-ruleset */

/**
 * Rules that a declaration says something of. Every other one (a merge queue, signatures, deployments) only
 * asks for more, and what nobody can declare nobody has decided to take away.
 */
const DECLARABLE: ReadonlySet<string> = new Set([
  "creation",
  "update",
  "deletion",
  "non_fast_forward",
  "required_linear_history",
  "pull_request",
  "required_status_checks",
]);

export function isDeclarable({ type }: RulesetRule): boolean {
  return DECLARABLE.has(type);
}

/** The rulesets that a declaration asks for; those of tags with either mechanism. */
export function wantedRulesets(declared: Protection): RulesetBody[] {
  return [
    ...(declared.mechanism === "rulesets" ? declared.branches.map(branchRuleset) : []),
    ...declared.tags.map(tagRuleset),
  ];
}

export function branchRuleset(rules: BranchRules): RulesetBody {
  return {
    name: rulesetName(rules),
    target: "branch",
    enforcement: "active",
    bypass_actors: [...rules.bypass.map(bypassOf), ...(rules["enforce-admins"] ? [] : [ADMINISTRATORS])],
    conditions: {
      ref_name: {
        include: rules.branches.map((each) => `refs/heads/${each}`),
        exclude: rules.except.map((each) => `refs/heads/${each}`),
      },
    },
    rules: branchRulesOf(rules),
  };
}

/** `update` is no rule for branches: beside `pull_request` it would refuse merges too. */
function branchRulesOf(rules: BranchRules): RulesetRule[] {
  return [
    ...(rules.deletion ? [] : [{ type: "deletion" }]),
    ...(rules["force-push"] ? [] : [{ type: "non_fast_forward" }]),
    ...(rules["linear-history"] ? [{ type: "required_linear_history" }] : []),
    {
      type: "pull_request",
      parameters: {
        required_approving_review_count: rules.approvals,
        dismiss_stale_reviews_on_push: rules["dismiss-stale"],
        require_code_owner_review: rules["code-owners"],
        require_last_push_approval: rules["last-push-approval"],
        // No rule type of its own: https://github.com/apache/lucenenet/pull/1321
        required_review_thread_resolution: rules.conversations,
        allowed_merge_methods: rules["merge-methods"],
      },
    },
    ...(rules.checks.length === 0
      ? []
      : [
          {
            type: "required_status_checks",
            parameters: {
              strict_required_status_checks_policy: rules["up-to-date"],
              required_status_checks: rules.checks.map(checkOf),
            },
          },
        ]),
  ];
}

function tagRuleset(rules: TagRules): RulesetBody {
  return {
    name: rulesetName(rules),
    target: "tag",
    enforcement: "active",
    bypass_actors: rules.bypass.map(bypassOf),
    conditions: { ref_name: { include: rules.tags.map((each) => `refs/tags/${each}`), exclude: [] } },
    rules: [
      ...(rules.creation ? [] : [{ type: "creation" }]),
      // A tag is moved by pushing it anew: forward by `update`, anywhere else by a forced push.
      ...(rules.move ? [] : [{ type: "update" }, { type: "non_fast_forward" }]),
      ...(rules.deletion ? [] : [{ type: "deletion" }]),
    ],
  };
}

/** An app's number; undefined where any may report. */
export function appOf({ app }: RequiredCheck): number | undefined {
  if (app === "any") return undefined;
  return app === "github-actions" ? GITHUB_ACTIONS_APP : app;
}

function checkOf(check: RequiredCheck): Json {
  const app = appOf(check);
  return app === undefined ? { context: check.name } : { context: check.name, integration_id: app };
}

const ADMINISTRATORS: RulesetBypass = {
  actor_type: "RepositoryRole",
  actor_id: ADMIN_ROLE,
  bypass_mode: "always",
};

function bypassOf({ type, id, mode }: BypassActor): RulesetBypass {
  // There is one organisation, and GitHub gives it the number 1; deploy keys are let through all or none.
  const numbered = type === "OrganizationAdmin" ? 1 : type === "DeployKey" ? null : (id ?? null);
  return { actor_type: type, actor_id: numbered, bypass_mode: mode };
}

/** Whom a bypass is for; how it may pass by is not part of it. */
export function actorKey({ actor_type: type, actor_id: id }: RulesetBypass): string {
  return type === "OrganizationAdmin" || type === "DeployKey" ? type : `${type} ${id ?? "?"}`;
}
