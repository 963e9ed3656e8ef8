import { describe, expect, it } from "@jest/globals";
import * as fc from "fast-check";
import { classicBody, stateOfAnswer, wantedClassic } from "../../../src/governance/protect/classic-state.ts";
import { compareClassic } from "../../../src/governance/protect/compare-classic.ts";
import { compareRuleset } from "../../../src/governance/protect/compare-ruleset.ts";
import { compareForeign, compareInForce } from "../../../src/governance/protect/foreign.ts";
import { same, type Item } from "../../../src/governance/protect/item.ts";
import { branchRuleset, wantedRulesets } from "../../../src/governance/protect/ruleset.ts";
import { branchRules, protection, type BranchRules } from "../../../src/governance/protect/settings.ts";
import { bodyOfLive, stricterClassic, stricterRuleset } from "../../../src/governance/protect/stricter.ts";
import type { Json } from "../../../src/kernel/outcome.ts";
import type { ClassicProtection, Ruleset, RulesetBody } from "../../../src/ports/forge.ts";
import { githubDescription } from "../../support/github/description.ts";
import { atLeastAsStrict } from "./strictness.ts";

const description = githubDescription("rules");
const RULESETS = description.operation("POST", "/repos/acme/shop/rulesets")!;
const CLASSIC = description.operation("PUT", "/repos/acme/shop/branches/main/protection")!;
const none = new URLSearchParams();
const json = (value: unknown): Json => value as Json;

const rulesOf = (given: object): BranchRules => branchRules.parse({ branches: ["main"], ...given });
const CHECKS = { checks: [{ name: "ci" }, { name: "lint", app: "any" }, { name: "scan", app: 99 }] };

function liveOf(body: RulesetBody, change: Partial<Ruleset> = {}): Ruleset {
  return {
    id: 1,
    name: body.name,
    target: body.target,
    enforcement: body.enforcement,
    source: "acme/shop",
    own: true,
    bypassActors: body.bypass_actors,
    refs: body.conditions.ref_name,
    rules: body.rules,
    ...change,
  };
}

const told = (items: readonly Item[]): string[] =>
  items
    .filter(({ verdict }) => verdict !== "equal")
    .map(({ verdict, kind, about }) => `${kind ?? verdict}: ${about}`);

describe("a declaration as rulesets", () => {
  it("fits GitHub's description, with everything that can be declared", () => {
    const declared = protection.parse({
      branches: [
        {
          branches: ["main", "release/*"],
          except: ["release/old"],
          ...CHECKS,
          "linear-history": true,
          "enforce-admins": false,
          bypass: [
            { type: "Team", id: 7, mode: "pull_request" },
            { type: "OrganizationAdmin" },
            { type: "DeployKey" },
          ],
        },
      ],
      tags: [{ creation: false, bypass: [{ type: "Integration", id: 5 }] }],
    });
    for (const body of wantedRulesets(declared)) expect(RULESETS.wrongRequest(none, body)).toBe("");
    expect(wantedRulesets(declared)).toMatchObject([
      {
        name: "holdfast: main, release/*",
        conditions: { ref_name: { include: ["refs/heads/main", "refs/heads/release/*"] } },
        bypass_actors: [
          { actor_type: "Team", actor_id: 7 },
          { actor_type: "OrganizationAdmin" },
          { actor_type: "DeployKey", actor_id: null },
          { actor_type: "RepositoryRole", actor_id: 5, bypass_mode: "always" },
        ],
      },
      { target: "tag", conditions: { ref_name: { include: ["refs/tags/v*.*.*"] } } },
    ]);
  });

  it("is told apart from what GitHub's description does not allow", () => {
    const body = branchRuleset(rulesOf({}));
    expect(RULESETS.wrongRequest(none, { ...body, enforcement: "on" })).not.toBe("");
    expect(RULESETS.wrongRequest(none, { ...body, rules: [{ type: "pull_requests" }] })).not.toBe("");
    const parameters = {
      required_status_checks: [{ name: "ci" }],
      strict_required_status_checks_policy: true,
    };
    const rules = [{ type: "required_status_checks", parameters }];
    expect(RULESETS.wrongRequest(none, { ...body, rules })).not.toBe("");
  });

  it("names each check's app, and none where any may report", () => {
    const rule = branchRuleset(rulesOf(CHECKS)).rules.find(({ type }) => type === "required_status_checks");
    expect(rule?.parameters?.["required_status_checks"]).toEqual([
      { context: "ci", integration_id: 15368 },
      { context: "lint" },
      { context: "scan", integration_id: 99 },
    ]);
  });

  it("never has the rule update for branches, which would refuse merges", () => {
    const types = branchRuleset(rulesOf(CHECKS)).rules.map(({ type }) => type);
    expect(types).toEqual(["deletion", "non_fast_forward", "pull_request", "required_status_checks"]);
  });
});

describe("a ruleset held against the declaration", () => {
  const wanted = branchRuleset(rulesOf({ ...CHECKS, bypass: [{ type: "Team", id: 7 }] }));

  it("is equal to itself, in whatever order, with what GitHub fills in", () => {
    const rules = [...wanted.rules].reverse().map((rule) =>
      rule.type === "pull_request"
        ? { ...rule, parameters: { ...rule.parameters, required_reviewers: [] } }
        : rule.type === "required_status_checks"
          ? {
              ...rule,
              parameters: {
                ...rule.parameters,
                do_not_enforce_on_create: false,
                required_status_checks: [
                  ...(rule.parameters?.["required_status_checks"] as object[]),
                ].reverse() as never,
              },
            }
          : rule,
    );
    expect(told(compareRuleset(wanted, liveOf(wanted, { rules })))).toEqual([]);
  });

  it("differs when a rule is gone, another is there, a value is another, or one is there beyond it", () => {
    const rules = wanted.rules
      .filter(({ type }) => type !== "deletion")
      .map((rule) =>
        rule.type === "pull_request"
          ? {
              ...rule,
              parameters: {
                ...rule.parameters,
                required_approving_review_count: 1,
                required_reviewers: [{ file_patterns: ["*"], minimum_approvals: 1 }],
              },
            }
          : rule,
      );
    const live = liveOf(wanted, { rules: [...rules, { type: "update" }] });
    expect(told(compareRuleset(wanted, live))).toEqual([
      "missing-rule: deletion",
      "other-value: pull_request.required_approving_review_count",
      "extra-value: pull_request.required_reviewers",
      "extra-rule: update",
    ]);
  });

  it.each(["disabled", "evaluate"])("differs when it is %s, whatever rules it holds", (enforcement) => {
    expect(told(compareRuleset(wanted, liveOf(wanted, { enforcement })))).toEqual([
      "not-enforced: enforcement",
    ]);
  });

  it("differs when a branch was put among those that it leaves out", () => {
    const refs = { include: ["refs/heads/main"], exclude: ["refs/heads/main"] };
    expect(told(compareRuleset(wanted, liveOf(wanted, { refs })))).toEqual(["other-refs: ref_name.exclude"]);
  });

  it("differs when an actor may pass who is not declared, or one that is may not, or in another way", () => {
    const team = { actor_type: "Team", actor_id: 7, bypass_mode: "exempt" };
    const role = { actor_type: "RepositoryRole", actor_id: 5, bypass_mode: "always" };
    expect(told(compareRuleset(wanted, liveOf(wanted, { bypassActors: [team, role] })))).toEqual([
      "other-value: bypass_actors Team 7",
      "extra-bypass: bypass_actors RepositoryRole 5",
    ]);
    expect(told(compareRuleset(wanted, liveOf(wanted, { bypassActors: [] })))).toEqual([
      "missing-bypass: bypass_actors Team 7",
    ]);
  });

  it("cannot be seen where the answer leaves something out, and that is no empty list", () => {
    const nobody = branchRuleset(rulesOf({}));
    const live = liveOf(nobody, { bypassActors: undefined });
    expect(told(compareRuleset(nobody, live))).toEqual(["cannot-see: bypass_actors"]);
    const blind = { bypassActors: undefined, refs: undefined, rules: undefined };
    const items = compareRuleset(nobody, liveOf(nobody, blind));
    expect(items.filter(({ verdict }) => verdict === "cannot-see").map(({ about }) => about)).toEqual([
      "ref_name.include",
      "ref_name.exclude",
      "rules",
      "bypass_actors",
    ]);
    expect(items[1]).toMatchObject({ permission: "Administration: write", mendable: false });
  });

  it("differs where it looks right and is not in force on the branch", () => {
    expect(told(compareInForce("main", wanted, 1, []))).toEqual([
      `not-in-force: rules of '${wanted.name}' in force`,
    ]);
    const effective = wanted.rules.map((rule) => ({ ...rule, rulesetId: 1, source: "acme/shop" }));
    expect(told(compareInForce("main", wanted, 1, effective))).toEqual([]);
  });
});

describe("a ruleset of somebody else", () => {
  const refs = (...include: string[]): Ruleset["refs"] => ({ include, exclude: [] });
  const declared = [{ target: "branch" as const, names: ["main", "release/*"], methods: ["squash"] }];
  const body = branchRuleset(rulesOf({}));
  const messages = (change: Partial<Ruleset>): string[] =>
    compareForeign(liveOf(body, { name: "theirs", ...change }), declared, "main").map(
      ({ message }) => message,
    );

  it("is drift where it is in force on what is declared, and nothing where it is not", () => {
    expect(messages({ refs: refs("~ALL") })).toHaveLength(1);
    expect(messages({ refs: refs("~DEFAULT_BRANCH") })).toHaveLength(1);
    expect(messages({ refs: refs("refs/heads/release/1.0") })).toHaveLength(1);
    expect(messages({ refs: refs("refs/heads/docs/**/*") })).toEqual([]);
    expect(messages({ refs: refs("~ALL"), enforcement: "evaluate" })).toEqual([]);
    expect(messages({ refs: refs("~ALL"), target: "tag" })).toEqual([]);
  });

  it("is told for what it stops: every merge, or the declared way to merge", () => {
    const merge = { type: "pull_request", parameters: { allowed_merge_methods: ["merge"] } };
    expect(messages({ rules: [{ type: "update" }, merge] })).toEqual([
      "it is not declared, and in force on declared branches; its rule update refuses merges too; " +
        "it allows to merge by merge only, which is not declared",
    ]);
    expect(messages({ own: false, source: "acme", rules: [] })).toEqual([
      "it is of acme and not declared, and in force on declared branches",
    ]);
  });
});

describe("a declaration as classic protection", () => {
  const wanted = wantedClassic(rulesOf({ ...CHECKS, bypass: [{ type: "User", name: "octocat" }] }));

  it("fits GitHub's description, for organisations and for people", () => {
    for (const owner of ["Organization", "User"] as const) {
      for (const rules of [rulesOf({}), rulesOf(CHECKS)]) {
        expect(CLASSIC.wrongRequest(none, classicBody(wantedClassic(rules), owner))).toBe("");
      }
    }
    expect(CLASSIC.wrongRequest(none, classicBody(wanted, "Organization"))).toBe("");
  });

  it("sends a person's repository no lists of actors, not even empty ones", () => {
    const reviews = (owner: "User" | "Organization"): object =>
      classicBody(wantedClassic(rulesOf({})), owner)["required_pull_request_reviews"] as object;
    expect(Object.keys(reviews("User"))).not.toContain("bypass_pull_request_allowances");
    // Left out would mean as it was.
    expect(reviews("Organization")).toMatchObject({
      dismissal_restrictions: {},
      bypass_pull_request_allowances: { users: [], teams: [], apps: [] },
    });
  });

  it("is found equal and different in GitHub's own example of an answer", () => {
    const operation = description.operation("GET", "/repos/acme/shop/branches/main/protection")!;
    const answer = operation.example(200) as ClassicProtection;
    const state = stateOfAnswer(answer);
    expect(state.checks?.checks).toEqual([{ context: "continuous-integration/travis-ci", app_id: null }]);
    expect(told(compareClassic("main", state, answer)).filter((each) => !/signatures/.test(each))).toEqual(
      [],
    );
    expect(told(compareClassic("main", wanted, answer))).toEqual(
      expect.arrayContaining([
        "other-value: required_status_checks.checks",
        "extra-rule: restrictions",
        "missing-bypass: bypass_pull_request_allowances users octocat",
      ]),
    );
  });

  it("takes an app of -1 for any, as a request has it and an answer has not", () => {
    const checks = [{ context: "ci", app_id: -1 }];
    const answer = { required_status_checks: { strict: true, contexts: [], checks } };
    expect(stateOfAnswer(answer).checks?.checks).toEqual([{ context: "ci", app_id: null }]);
  });

  it("differs when a flag, a number, a check's app or an actor is another", () => {
    const url = "https://api.github.com";
    const answer: ClassicProtection = {
      url,
      required_status_checks: { strict: false, contexts: ["ci"], checks: [{ context: "ci", app_id: null }] },
      required_pull_request_reviews: {
        dismiss_stale_reviews: true,
        require_code_owner_reviews: true,
        require_last_push_approval: true,
        bypass_pull_request_allowances: { users: [{ login: "mallory" }], teams: [], apps: [] },
      },
      enforce_admins: { enabled: false },
      allow_force_pushes: { enabled: true },
      required_conversation_resolution: { enabled: true },
    };
    expect(
      told(compareClassic("main", wantedClassic(rulesOf({ checks: [{ name: "ci" }] })), answer)),
    ).toEqual([
      "other-value: required_status_checks.strict",
      "other-value: required_status_checks.checks",
      "other-value: enforce_admins",
      "cannot-see: required_pull_request_reviews.required_approving_review_count",
      "extra-bypass: bypass_pull_request_allowances users mallory",
      "other-value: allow_force_pushes",
    ]);
  });
});

/** Declarations of every kind, over few enough values that two often have something in common. */
const anyRules = fc
  .record({
    approvals: fc.integer({ min: 0, max: 6 }),
    "dismiss-stale": fc.boolean(),
    "code-owners": fc.boolean(),
    "last-push-approval": fc.boolean(),
    checks: fc.uniqueArray(
      fc.record({ name: fc.constantFrom("a", "b"), app: fc.constantFrom("any", "github-actions", 9) }),
      { selector: ({ name }) => name, maxLength: 2 },
    ),
    "up-to-date": fc.boolean(),
    conversations: fc.boolean(),
    "linear-history": fc.boolean(),
    "force-push": fc.boolean(),
    deletion: fc.boolean(),
    "enforce-admins": fc.boolean(),
    branches: fc.uniqueArray(fc.constantFrom("main", "develop", "release/*"), { minLength: 1 }),
    except: fc.uniqueArray(fc.constantFrom("release/1", "release/2")),
    bypass: fc.uniqueArray(
      fc.record({
        type: fc.constant("User"),
        id: fc.integer({ min: 1, max: 3 }),
        mode: fc.constantFrom("always", "pull_request", "exempt"),
      }),
      { selector: ({ id }) => id, maxLength: 3 },
    ),
  })
  .map((given) =>
    rulesOf({ ...given, bypass: given.bypass.map((each) => ({ ...each, name: `user-${each.id}` })) }),
  );

describe("what is written between two states", () => {
  it("is at least as strict as each of them, whatever they are", () => {
    fc.assert(
      fc.property(anyRules, anyRules, (a, b) => {
        const [before, wanted] = [branchRuleset(a), branchRuleset(b)];
        const between = stricterRuleset(before, wanted);
        expect(RULESETS.wrongRequest(none, between)).toBe("");
        expect(atLeastAsStrict(between, before)).toBe(true);
        expect(atLeastAsStrict(between, wanted)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it("is the declaration where nothing is in force, and what is there where that is stricter in all", () => {
    const [loose, strict] = [
      branchRuleset(rulesOf({ approvals: 1 })),
      branchRuleset(rulesOf({ approvals: 3 })),
    ];
    expect(stricterRuleset({ ...strict, enforcement: "disabled" }, loose)).toBe(loose);
    expect(stricterRuleset(strict, loose)).toEqual(strict);
  });

  it("keeps rules that are not declared until the last write", () => {
    const wanted = branchRuleset(rulesOf({}));
    const before = bodyOfLive(liveOf(wanted, { rules: [{ type: "required_signatures" }] }))!;
    const types = stricterRuleset(before, wanted).rules.map(({ type }) => type);
    expect(types).toEqual(["deletion", "non_fast_forward", "pull_request", "required_signatures"]);
  });

  it("is not made at all where bypass actors are not seen, since writing would take them away unseen", () => {
    expect(bodyOfLive(liveOf(branchRuleset(rulesOf({})), { bypassActors: undefined }))).toBeUndefined();
  });

  it("is as strict in classic protection too", () => {
    fc.assert(
      fc.property(anyRules, anyRules, (a, b) => {
        const [before, wanted] = [wantedClassic(a), wantedClassic(b)];
        const between = stricterClassic(before, wanted);
        expect(same(json(stricterClassic(before, between)), json(between))).toBe(true);
        expect(same(json(stricterClassic(wanted, between)), json(between))).toBe(true);
        expect(CLASSIC.wrongRequest(none, classicBody(between, "Organization"))).toBe("");
        for (const each of [before, wanted]) {
          expect(between.reviews!.approvals!).toBeGreaterThanOrEqual(each.reviews!.approvals!);
          expect(each.enforceAdmins && !between.enforceAdmins).toBe(false);
          expect(!each.flags.allow_force_pushes && between.flags.allow_force_pushes).toBe(false);
        }
      }),
      { numRuns: 60 },
    );
  });
});
