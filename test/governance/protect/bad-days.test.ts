import { describe, expect, it } from "@jest/globals";
import * as fc from "fast-check";
import type { RulesetBody } from "../../../src/ports/forge.ts";
import type { KeptRuleset } from "../../support/github/fake-rules.ts";
import { atLeastAsStrict } from "./strictness.ts";
import { repository, writesOf } from "./support.ts";

/** A set that is looser than what is there in one thing and stricter in another, three times over. */
const DECLARED = {
  branches: ["main", "develop", "staging"].map((name) => ({ name, branches: [name], approvals: 2 })),
  tags: [],
};

/** Before: more approvals than declared, and force pushes allowed. */
function before(name: string): Pick<KeptRuleset, "name" | "conditions" | "rules"> {
  return {
    name,
    conditions: { ref_name: { include: [`refs/heads/${name}`], exclude: [] } },
    rules: [
      { type: "deletion" },
      {
        type: "pull_request",
        parameters: {
          required_approving_review_count: 3,
          dismiss_stale_reviews_on_push: false,
          require_code_owner_review: false,
          require_last_push_approval: false,
          required_review_thread_resolution: false,
          allowed_merge_methods: ["merge", "squash", "rebase"],
        },
      },
    ],
  };
}

/** What a branch demands, as numbers that must not fall below both ends. */
function strictness(ruleset: KeptRuleset): Record<string, number> {
  const pull = ruleset.rules.find(({ type }) => type === "pull_request") as
    { parameters: Record<string, number | boolean> } | undefined;
  const has = (type: string): number => (ruleset.rules.some((rule) => rule["type"] === type) ? 1 : 0);
  return {
    active: ruleset.enforcement === "active" ? 1 : 0,
    deletion: has("deletion"),
    force: has("non_fast_forward"),
    approvals: Number(pull?.parameters["required_approving_review_count"] ?? -1),
    stale: Number(pull?.parameters["dismiss_stale_reviews_on_push"] ?? -1),
  };
}

describe("an outage in the middle of an apply", () => {
  it("leaves each branch as strict as before or as declared, wherever it comes", async () => {
    // Three writes tighten, then three loosen. The outage begins before each of them, and after the last.
    for (let passed = 0; passed <= 6; passed += 1) {
      await using at = await repository(DECLARED);
      for (const name of ["main", "develop", "staging"]) at.fake.add(before(name));
      const floor = at.fake.rulesets.map(strictness);
      const end = { active: 1, deletion: 1, force: 1, approvals: 2, stale: 1 };
      const check = (): void => {
        for (const [n, ruleset] of at.fake.rulesets.entries()) {
          for (const [key, value] of Object.entries(strictness(ruleset))) {
            const least = Math.min(floor[n]![key]!, end[key as keyof typeof end]);
            expect([ruleset.name, key, value >= least]).toEqual([ruleset.name, key, true]);
          }
        }
      };
      at.fake.afterWrite = check;
      at.fake.faults = [{ on: "PUT", after: passed, status: 503 }];
      const run = at.run("apply");
      if (passed < 6) {
        await expect(run).rejects.toMatchObject({
          code: "forge.unreachable",
          hint: expect.stringContaining(
            `${passed === 0 ? "Nothing was" : `Before it ${passed} were`} written, ${6 - passed} are left`,
          ),
        });
        // Nothing loosens before everything is tight.
        const loosened = at.fake.rulesets.some((each) => strictness(each)["approvals"] === 2);
        const tight = at.fake.rulesets.every((each) => strictness(each)["force"] === 1);
        expect(loosened && !tight).toBe(false);
      } else expect(await run).toMatchObject({ exit: 0 });
      at.fake.faults = [];
      expect(await at.run("apply")).toMatchObject({ exit: 0, outputs: { verdict: "equal" } });
      expect(at.fake.wrong).toEqual([]);
    }
  });

  it("does not make a ruleset twice, when it was made and the answer was lost", async () => {
    await using at = await repository(DECLARED);
    at.fake.faults = [{ on: "POST", status: "done-then-cut", times: 1 }];
    await expect(at.run("apply")).rejects.toMatchObject({ code: "forge.unreachable" });
    expect(at.fake.rulesets).toHaveLength(1);
    expect(await at.run("apply")).toMatchObject({ exit: 0, outputs: { verdict: "equal" } });
    expect(at.fake.rulesets.map(({ name }) => name).sort()).toEqual(["develop", "main", "staging"]);
  });

  it("does the same with classic protection", async () => {
    await using at = await repository({ ...DECLARED, mechanism: "classic" });
    at.fake.faults = [{ on: "PUT", after: 1, status: 502 }];
    await expect(at.run("apply")).rejects.toMatchObject({ code: "forge.unreachable" });
    expect([...at.fake.classic.keys()]).toEqual(["main"]);
    at.fake.faults = [];
    expect(await at.run("apply")).toMatchObject({ exit: 0 });
  });
});

const asBody = (kept: KeptRuleset): RulesetBody => structuredClone(kept) as unknown as RulesetBody;

describe("whatever was there", () => {
  const rule = (type: string): fc.Arbitrary<object> => fc.constant({ type });
  const pull = fc
    .record({
      required_approving_review_count: fc.integer({ min: 0, max: 6 }),
      dismiss_stale_reviews_on_push: fc.boolean(),
      require_code_owner_review: fc.boolean(),
      require_last_push_approval: fc.boolean(),
      required_review_thread_resolution: fc.boolean(),
      allowed_merge_methods: fc.uniqueArray(fc.constantFrom("merge", "squash", "rebase"), { minLength: 1 }),
    })
    .map((parameters) => ({ type: "pull_request", parameters }));
  const checks = fc
    .record({
      strict_required_status_checks_policy: fc.boolean(),
      required_status_checks: fc.uniqueArray(
        fc.record({ context: fc.constantFrom("ci", "old") }, { requiredKeys: ["context"] }),
        { selector: ({ context }) => context },
      ),
    })
    .map((parameters) => ({ type: "required_status_checks", parameters }));
  const before = fc.record({
    enforcement: fc.constantFrom("active", "active", "disabled", "evaluate"),
    rules: fc.uniqueArray(
      fc.oneof(
        rule("deletion"),
        rule("update"),
        rule("non_fast_forward"),
        rule("required_signatures"),
        pull,
        checks,
      ),
      { selector: (each) => (each as { type: string }).type },
    ),
    include: fc.uniqueArray(fc.constantFrom("refs/heads/main", "refs/heads/x", "~ALL")),
    exclude: fc.uniqueArray(fc.constantFrom("refs/heads/main", "refs/heads/y")),
    bypass: fc.uniqueArray(fc.constantFrom("OrganizationAdmin", "DeployKey")),
  });

  it("ends as declared after one apply, at no write looser than at both ends, and then rests", async () => {
    await using at = await repository({
      branches: [{ name: "main", branches: ["main"], bypass: [{ type: "OrganizationAdmin" }] }],
      tags: [],
      "back-merges": [],
    });
    await fc.assert(
      fc.asyncProperty(before, async ({ enforcement, rules, include, exclude, bypass }) => {
        at.fake.rulesets = [];
        at.fake.add({
          name: "main",
          enforcement,
          rules: rules as Record<string, unknown>[],
          conditions: { ref_name: { include, exclude } },
          bypass_actors: bypass.map((type) => ({ actor_type: type, actor_id: null, bypass_mode: "always" })),
        });
        const [kept] = at.fake.rulesets;
        const start = asBody(kept!);
        const states: RulesetBody[] = [];
        at.fake.afterWrite = () => void states.push(asBody(kept!));
        // A rule that nobody can declare is told, and nobody takes it away.
        const others = rules.filter((each) => (each as { type: string }).type === "required_signatures");
        const verdict = others.length === 0 ? "equal" : "drift";
        const exit = others.length === 0 ? 0 : 3;
        expect(await at.run("apply")).toMatchObject({ exit, outputs: { verdict } });
        const end = asBody(kept!);
        expect(end.rules.filter(({ type }) => type === "required_signatures")).toEqual(others);
        for (const state of states) {
          const asBefore = start.enforcement !== "active" || atLeastAsStrict(state, start);
          expect(asBefore || atLeastAsStrict(state, end)).toBe(true);
        }
        expect(await at.run("apply")).toMatchObject({ exit, outputs: { writes: [] } });
        expect(at.fake.wrong).toEqual([]);
      }),
      { numRuns: 15 },
    );
  });
});

describe("two runs at once", () => {
  it("end with one ruleset of each name, and both say that it is as declared", async () => {
    await using at = await repository(DECLARED);
    // Both have looked, and found nothing, before either writes.
    let waiting = 0;
    const { promise: both, resolve } = Promise.withResolvers<undefined>();
    at.fake.beforeWrite = async () => {
      waiting += 1;
      if (waiting === 2) resolve(undefined);
      await both;
    };
    const outcomes = await Promise.all([at.run("apply"), at.run("apply")]);
    expect(outcomes.map(({ exit }) => exit)).toEqual([0, 0]);
    expect(at.fake.rulesets.map(({ name }) => name).sort()).toEqual(["develop", "main", "staging"]);
    const made = outcomes.flatMap(writesOf).filter((each) => each.startsWith("create-ruleset"));
    expect(made).toHaveLength(3);
  });

  it("look again where somebody has changed a ruleset since they looked", async () => {
    await using at = await repository({ branches: [{ name: "main", branches: ["main"] }], tags: [] });
    const kept = at.fake.add(before("main"));
    let changed = false;
    at.fake.afterWrite = () => {
      if (changed) return;
      changed = true;
      // Between our two writes a person demands signatures.
      kept.rules.push({ type: "required_signatures" });
    };
    const outcome = await at.run("apply");
    // It cannot be declared, so it is told, and it stays.
    expect(outcome).toMatchObject({ exit: 3, outputs: { verdict: "drift" } });
    expect(kept.rules).toContainEqual({ type: "required_signatures" });
    expect(at.lines).toContainEqual(expect.stringContaining("changed by somebody else in the meantime"));
  });
});

describe("rate limits", () => {
  it("are waited for in the middle of an apply, which then finishes", async () => {
    await using at = await repository(DECLARED);
    at.fake.faults = [
      {
        on: "POST",
        after: 1,
        times: 1,
        status: 403,
        headers: { "retry-after": "3" },
        message: "secondary rate limit",
      },
    ];
    expect(await at.run("apply")).toMatchObject({ exit: 0 });
    expect(at.lines).toContainEqual(expect.stringContaining("GitHub asks to wait"));
  });

  it("that are too long end the run with the time at which to come back", async () => {
    await using at = await repository(DECLARED);
    const reset = String(Date.parse("2026-11-27T13:00:00Z") / 1000);
    at.fake.faults = [
      {
        on: "POST",
        after: 1,
        status: 403,
        headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset },
      },
    ];
    await expect(at.run("apply")).rejects.toMatchObject({
      code: "forge.rate-limited",
      message: expect.stringContaining("2026-11-27T13:00:01"),
    });
    expect(at.fake.rulesets).toHaveLength(1);
  });
});
