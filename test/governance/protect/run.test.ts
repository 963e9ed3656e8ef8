import { describe, expect, it } from "@jest/globals";
import { getOctokit } from "@actions/github";
import { checkout } from "../../../src/adapters/source-tree/checkout.ts";
import { readWorkflows } from "../../../src/governance/protect/workflows/read-workflows.ts";
import { driftOf, repository, TOKEN, unseenOf, writesOf } from "./support.ts";

const MAIN = "ruleset 'holdfast: main'";
const TAGS = "ruleset 'holdfast: tags v*.*.*'";
/** Few bytes, and many when its references are followed: each line is nine of the one before. */
const BOMB = [
  "a: &a [x]",
  ...["b", "c", "d", "e", "f", "g"].map(
    (name, at) => `${name}: &${name} [${Array(9).fill(`*${"abcdef"[at]}`).join(", ")}]`,
  ),
  "protection: *g",
].join("\n");
/** As small as a declaration can be said. */
const ONE = { branches: [{ branches: ["main"] }], "back-merges": [] };
const CLASSIC = { ...ONE, mechanism: "classic", tags: [] };

describe("protect on an unprotected repository", () => {
  it("plans what is missing with its payload, ends with 0, and writes nothing", async () => {
    await using at = await repository(ONE);
    const outcome = await at.run("plan");
    expect(outcome).toMatchObject({ exit: 0, outputs: { verdict: "drift" } });
    expect(writesOf(outcome)).toEqual([`create-ruleset ${MAIN} tightens`, `create-ruleset ${TAGS} tightens`]);
    expect(outcome.report.notes[0]).toContain('"required_approving_review_count":2');
    expect(at.fake.written).toEqual([]);
    expect(at.fake.wrong).toEqual([]);
  });

  it("applies it, proves it by reading again, and has nothing to do the second time", async () => {
    await using at = await repository(ONE);
    const applied = await at.run("apply");
    expect(applied).toMatchObject({ exit: 0, outputs: { verdict: "equal", drift: [] } });
    expect(at.lines).toContainEqual(expect.stringContaining('"name":"holdfast: main"'));
    expect(at.fake.written).toHaveLength(2);
    expect(await at.run("apply")).toMatchObject({ exit: 0, outputs: { verdict: "equal", writes: [] } });
    expect(at.fake.written).toHaveLength(2);
    expect(await at.run("audit")).toMatchObject({ exit: 0, outputs: { verdict: "equal" } });
    expect(at.fake.wrong).toEqual([]);
  });

  it("has written what octokit reads, and sees as equal what octokit has written", async () => {
    await using at = await repository(ONE);
    await at.run("apply");
    const octokit = getOctokit(TOKEN, { baseUrl: at.url });
    const names = { owner: "acme", repo: "shop" };
    const { data } = await octokit.rest.repos.getBranchRules({ ...names, branch: "main" });
    expect(data.map(({ type }) => type)).toEqual(["deletion", "non_fast_forward", "pull_request"]);
    const rulesets = await octokit.rest.repos.getRepoRulesets(names);
    for (const { id } of rulesets.data) {
      const { data: one } = await octokit.rest.repos.getRepoRuleset({ ...names, ruleset_id: id });
      await octokit.rest.repos.updateRepoRuleset({
        ...names,
        ruleset_id: id,
        name: one.name,
        enforcement: one.enforcement,
        bypass_actors: one.bypass_actors ?? [],
        rules: one.rules ?? [],
      });
    }
    expect(await at.run("audit")).toMatchObject({ exit: 0, outputs: { verdict: "equal" } });
    expect(at.fake.wrong).toEqual([]);
  });

  it("does the same by classic protection, for branches that are there", async () => {
    await using at = await repository({ ...CLASSIC, branches: [{ branches: ["main", "develop"] }] });
    expect(driftOf(await at.run("audit"))).toEqual([
      "unprotected: branch main, protection",
      "unprotected: branch develop, protection",
    ]);
    expect(await at.run("apply")).toMatchObject({ exit: 0, outputs: { verdict: "equal" } });
    expect(await at.run("apply")).toMatchObject({ exit: 0, outputs: { writes: [] } });
    const octokit = getOctokit(TOKEN, { baseUrl: at.url });
    const { data } = await octokit.rest.repos.getBranchProtection({
      owner: "acme",
      repo: "shop",
      branch: "main",
    });
    expect(data.required_pull_request_reviews?.required_approving_review_count).toBe(2);
    expect(at.fake.wrong).toEqual([]);
  });

  it("says of a branch that is not there what to do, instead of blaming the token", async () => {
    await using at = await repository({ ...CLASSIC, branches: [{ branches: ["nowhere"] }] });
    await expect(at.run("apply")).rejects.toMatchObject({
      code: "forge.refused",
      hint: expect.stringContaining("Make the branch first"),
    });
  });
});

describe("protect audit", () => {
  it("ends with 3 and names each thing that somebody changed in March", async () => {
    await using at = await repository({ ...ONE, tags: [] });
    await at.run("apply");
    const [ruleset] = at.fake.rulesets;
    ruleset!.enforcement = "disabled";
    ruleset!.bypass_actors = [{ actor_type: "RepositoryRole", actor_id: 5, bypass_mode: "always" }];
    ruleset!.rules = ruleset!.rules.filter(({ type }) => type !== "deletion");
    const outcome = await at.run("audit");
    expect(outcome.exit).toBe(3);
    expect(driftOf(outcome)).toEqual([
      `not-enforced: ${MAIN}, enforcement`,
      `missing-rule: ${MAIN}, deletion`,
      `extra-bypass: ${MAIN}, bypass_actors RepositoryRole 5`,
    ]);
    expect(outcome.report.good).toBe(false);
    expect(await at.run("apply")).toMatchObject({ exit: 0, outputs: { verdict: "equal" } });
  });

  it("ends with 4 where it is not shown who may bypass, and says so by name", async () => {
    await using at = await repository({ ...ONE, tags: [] });
    await at.run("apply");
    at.fake.rights = "admin-read";
    const outcome = await at.run("audit");
    expect(outcome).toMatchObject({
      exit: 4,
      outputs: { verdict: "cannot-see", "missing-permissions": ["Administration: write"] },
    });
    expect(unseenOf(outcome)).toEqual([`${MAIN}, bypass_actors`]);
    expect(outcome.report.headline).toContain("1 cannot be seen");
    expect(outcome.report.notes.join()).toContain("Administration: write");
  });

  it("ends with 3 where it sees drift, also with a token that does not see everything", async () => {
    await using at = await repository({ ...ONE, tags: [] });
    await at.run("apply");
    at.fake.rights = "write";
    at.fake.rulesets[0]!.rules = [];
    const outcome = await at.run("audit");
    expect(outcome).toMatchObject({ exit: 3, outputs: { verdict: "drift" } });
    expect(unseenOf(outcome)).toEqual([`${MAIN}, bypass_actors`, "branch main, classic protection"]);
  });

  it("tells a repository that it may not see from one that is not protected", async () => {
    await using at = await repository(ONE);
    at.fake.rights = "none";
    const outcome = await at.run("audit");
    expect(outcome).toMatchObject({ exit: 4, outputs: { drift: [] } });
    expect(unseenOf(outcome)).toEqual([
      "repository acme/shop, facts",
      `${MAIN}, ruleset`,
      `${TAGS}, ruleset`,
      "branch main, classic protection",
    ]);
    expect(JSON.stringify(outcome.outputs["cannot-see"])).toContain(
      "404 Not Found: there is no acme/shop, or this token is not shown it",
    );
  });

  it("holds what a squash is called and written against what pull requests are judged by", async () => {
    await using at = await repository(ONE);
    const declare = (merge: object): void => {
      at.put({ ".github/holdfast.yml": JSON.stringify({ policy: { merge }, protection: ONE }) });
    };
    declare({ "squash-title": "pr-title", "squash-body": "description" });
    at.fake.settings = { squash_merge_commit_title: "PR_TITLE", squash_merge_commit_message: "PR_BODY" };
    expect(await at.run("apply")).toMatchObject({ exit: 0, outputs: { verdict: "equal" } });
    at.fake.settings = { squash_merge_commit_title: "COMMIT_OR_PR_TITLE" };
    const outcome = await at.run("audit");
    expect(outcome.exit).toBe(3);
    expect(driftOf(outcome)).toEqual(["other-value: repository acme/shop, policy.merge.squash-title"]);
    expect(unseenOf(outcome)).toEqual(["repository acme/shop, policy.merge.squash-body"]);
    // Nobody squashes; or nothing is declared.
    at.fake.settings = { ...at.fake.settings, allow_squash_merge: false };
    expect((await at.run("audit")).exit).toBe(0);
    at.fake.settings = { squash_merge_commit_title: "COMMIT_OR_PR_TITLE" };
    declare({});
    expect((await at.run("audit")).exit).toBe(0);
    expect(at.fake.wrong).toEqual([]);
  });

  it("tells classic protection that it may not see from none", async () => {
    await using at = await repository(CLASSIC);
    at.fake.rights = "write";
    const outcome = await at.run("audit");
    expect(outcome).toMatchObject({
      exit: 4,
      outputs: { drift: [], "missing-permissions": ["Administration: read"] },
    });
  });

  it("names rulesets that nobody declared, until they are known", async () => {
    await using at = await repository({ ...ONE, tags: [] });
    await at.run("apply");
    const conditions = { ref_name: { include: ["~ALL"], exclude: [] } };
    at.fake.add({ name: "freeze", conditions, rules: [{ type: "update" }] });
    at.fake.add({
      name: "org rules",
      source: "acme",
      source_type: "Organization",
      conditions,
      rules: [{ type: "deletion" }],
    });
    at.fake.add({ name: "tried out", enforcement: "evaluate", conditions, rules: [{ type: "update" }] });
    const outcome = await at.run("audit");
    expect(driftOf(outcome)).toEqual([
      "foreign-ruleset: ruleset 'freeze', ruleset",
      "foreign-ruleset: ruleset 'org rules', ruleset",
    ]);
    expect(JSON.stringify(outcome.outputs["drift"])).toContain("refuses merges too");
    // What another keeps is not ours to change.
    expect(await at.run("apply")).toMatchObject({ exit: 3, outputs: { writes: [] } });
    const known = { ...ONE, tags: [], "known-rulesets": ["freeze", "org rules"] };
    at.put({ ".github/holdfast.yml": JSON.stringify({ protection: known }) });
    expect(await at.run("audit")).toMatchObject({ exit: 0 });
    expect(at.fake.wrong).toEqual([]);
  });

  it("asks GitHub what is in force, and does not believe a ruleset that only looks right", async () => {
    await using at = await repository({ ...ONE, tags: [] });
    await at.run("apply");
    at.fake.heedsRulesets = false;
    expect(driftOf(await at.run("audit"))).toEqual([
      "not-in-force: branch main, rules of 'holdfast: main' in force",
    ]);
    expect(await at.run("apply")).toMatchObject({ exit: 3, outputs: { writes: [] } });
  });

  it("ends with 3 where everything is as declared, and what is declared cannot be kept", async () => {
    const rules = { branches: ["main"], checks: [{ name: "ci" }] };
    await using at = await repository({ ...ONE, branches: [rules], tags: [] });
    const files = {
      ".github/workflows/ci.yml": "on: [pull_request, merge_group]\njobs: { ci: { steps: [] } }\n",
    };
    at.put(files);
    expect(await at.run("apply")).toMatchObject({ exit: 0 });
    at.put({ ".github/workflows/ci.yml": "on: pull_request\njobs: { ci: { steps: [] } }\n" });
    for (const doing of ["plan", "audit"] as const) {
      expect(await at.run(doing)).toMatchObject({
        exit: 3,
        outputs: { verdict: "equal", findings: [{ rule: "protect/check-without-producer", line: 2 }] },
        annotations: [{ level: "error", file: ".github/workflows/ci.yml", line: 2 }],
      });
    }
  });

  it("names a workflow where it was read, and as its repository calls it", async () => {
    const rules = { branches: ["main"], checks: [{ name: "ci" }] };
    await using at = await repository({ ...ONE, branches: [rules], tags: [] });
    at.put({ "drafts/ci.yml": "on: pull_request\njobs: { ci: { steps: [] } }\n" });
    const { annotations } = await at.run("plan", "drafts");
    expect(annotations).toMatchObject([{ file: expect.stringMatching(/^\/.*\/drafts\/ci\.yml$/) }]);
    const read = await readWorkflows(checkout({ env: {} }), "examples/truststream/.github/workflows");
    const files = read.flatMap((each) => ("jobs" in each ? [each.file] : []));
    expect(files).toContain("examples/truststream/.github/workflows/pr-policy.yml");
  });

  it("names classic protection that was left beside the rulesets, until it is known", async () => {
    await using at = await repository({ ...CLASSIC });
    await at.run("apply");
    at.put({ ".github/holdfast.yml": JSON.stringify({ protection: { ...ONE, tags: [] } }) });
    expect(await at.run("apply")).toMatchObject({
      exit: 3,
      outputs: { drift: [{ kind: "foreign-classic" }] },
    });
    const known = { ...ONE, tags: [], "known-classic": true };
    at.put({ ".github/holdfast.yml": JSON.stringify({ protection: known }) });
    expect(await at.run("audit")).toMatchObject({ exit: 0 });
  });

  it("tells a ruleset of an earlier declaration, and deletes nothing", async () => {
    await using at = await repository({ ...ONE, tags: [] });
    await at.run("apply");
    const both = { ...ONE, branches: [{ branches: ["main", "develop"] }], tags: [] };
    at.put({ ".github/holdfast.yml": JSON.stringify({ protection: both }) });
    const outcome = await at.run("apply");
    expect(outcome.exit).toBe(3);
    expect(JSON.stringify(outcome.outputs["drift"])).toContain("by its name it is of an earlier declaration");
    expect(at.fake.rulesets).toHaveLength(2);
  });

  it("names two rulesets of one name, of which only one can be kept", async () => {
    await using at = await repository({ ...ONE, tags: [] });
    await at.run("apply");
    at.fake.add({ ...structuredClone(at.fake.rulesets[0]!), id: 900 });
    expect(driftOf(await at.run("audit"))).toEqual([`duplicate: ${MAIN}, ruleset`]);
  });

  it("is not fooled by a ruleset of an organisation that has the same name", async () => {
    await using at = await repository({ ...ONE, tags: [] });
    at.fake.add({ name: "holdfast: main", source: "acme", source_type: "Organization" });
    const audit = await at.run("audit");
    expect(driftOf(audit)).toEqual([`missing-ruleset: ${MAIN}, ruleset`]);
    // Whoever audits writes nothing, and reads no payloads; a map's beginning says nothing.
    expect(audit.report.tables.map(({ title }) => title)).toEqual(["Drift"]);
    expect(audit.report.tables[0]!.rows[0]![3]).toBe("in the outputs");
    expect(audit.report.notes.filter((note) => note.startsWith("Payload"))).toEqual([]);
    expect(audit.outputs["writes"]).toHaveLength(1);
    const plan = await at.run("plan");
    expect(plan.report.tables.map(({ title }) => title)).toEqual([
      "Drift",
      "Would be written, in this order",
    ]);
    expect(plan.report.notes.filter((note) => note.startsWith("Payload"))).toHaveLength(1);
  });
});

describe("protect apply", () => {
  it("leaves alone what it does not wholly see, and says so", async () => {
    await using at = await repository({ ...ONE, tags: [] });
    await at.run("apply");
    at.fake.rulesets[0]!.rules = [];
    at.fake.rights = "admin-read";
    const before = at.fake.written.length;
    const outcome = await at.run("apply");
    expect(outcome).toMatchObject({ exit: 3, outputs: { writes: [] } });
    expect(unseenOf(outcome)).toEqual([`${MAIN}, bypass_actors`]);
    expect(at.fake.written).toHaveLength(before);
  });

  it("leaves classic protection alone, too, of which it is not shown all", async () => {
    await using at = await repository(CLASSIC);
    await at.run("apply");
    const body = at.fake.classic.get("main")!;
    const reviews = body["required_pull_request_reviews"] as Record<string, unknown>;
    delete reviews["required_approving_review_count"];
    body["allow_force_pushes"] = true;
    const outcome = await at.run("apply");
    expect(outcome).toMatchObject({ exit: 3, outputs: { writes: [] } });
    expect(unseenOf(outcome)).toEqual([
      "branch main, required_pull_request_reviews.required_approving_review_count",
    ]);
  });

  it("takes back what is not declared: whoever was let through in the browser", async () => {
    await using at = await repository({ ...ONE, tags: [] });
    await at.run("apply");
    at.fake.rulesets[0]!.bypass_actors = [{ actor_type: "Team", actor_id: 7, bypass_mode: "always" }];
    expect(await at.run("apply")).toMatchObject({ exit: 0 });
    expect(at.fake.rulesets[0]!.bypass_actors).toEqual([]);
  });

  it("takes numbers that GitHub does not keep for what they are, and comes to an end", async () => {
    await using at = await repository({
      branches: [{ branches: ["main"], approvals: 1, bypass: [{ type: "OrganizationAdmin" }] }],
      tags: [],
    });
    await at.run("apply");
    const rule = at.fake.rulesets[0]!.rules.find(({ type }) => type === "pull_request") as {
      parameters: Record<string, unknown>;
    };
    // Looser in one thing, stricter in another: two writes.
    Object.assign(rule.parameters, {
      required_approving_review_count: 3,
      dismiss_stale_reviews_on_push: false,
    });
    const outcome = await at.run("apply");
    expect(outcome).toMatchObject({ exit: 0, outputs: { verdict: "equal" } });
    expect(writesOf(outcome)).toEqual([`update-ruleset ${MAIN} tightens`, `update-ruleset ${MAIN} loosens`]);
  });
});

describe("a personal repository", () => {
  it("is told before anything is written that it has no teams to let through", async () => {
    const rules = { branches: ["main"], bypass: [{ type: "Team", id: 7 }] };
    await using at = await repository({ ...ONE, branches: [rules] });
    at.fake.owner = "User";
    const outcome = await at.run("apply");
    expect(outcome).toMatchObject({ exit: 3, outputs: { writes: [] } });
    expect(outcome.outputs["findings"]).toMatchObject([{ rule: "protect/bypass-on-a-personal-repository" }]);
    expect(outcome.report.notes[0]).toContain("Nothing was written");
    expect(at.fake.written).toEqual([]);
  });

  it("is protected classically without lists of actors, which it would refuse with 422", async () => {
    await using at = await repository(CLASSIC);
    at.fake.owner = "User";
    expect(await at.run("apply")).toMatchObject({ exit: 0, outputs: { verdict: "equal" } });
    expect(at.fake.wrong).toEqual([]);
  });

  it("ends in GitHub's own words when a write is refused, with no fallback that says less", async () => {
    await using at = await repository(ONE);
    at.fake.faults = [{ on: "POST", status: 422, message: "Validation Failed" }];
    await expect(at.run("apply")).rejects.toMatchObject({
      code: "forge.refused",
      message: expect.stringContaining("422 Validation Failed"),
      hint: expect.stringContaining("Nothing was written"),
    });
    expect(at.fake.rulesets).toEqual([]);
  });
});

describe("a settings file", () => {
  it("is refused whole, each problem with its line and column, before GitHub is asked", async () => {
    await using at = await repository({});
    at.put({
      ".github/holdfast.yml":
        "protection:\n  branches:\n    - approvals: 9\n      aprovals: 2\n  mechanism: both\n",
    });
    const failure = await at.run("plan").catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "input.malformed" });
    expect(String(failure)).toMatch(/5:14 protection\.mechanism/);
    expect(String(failure)).toMatch(/3:18 protection\.branches\[0\]\.approvals/);
    expect(String(failure)).toMatch(/4:7 protection\.branches\[0\]\.aprovals: is no key that is known here/);
    expect(at.fake.calls).toEqual([]);
  });

  it("that is not there, or no YAML, is said with its path", async () => {
    await using at = await repository({});
    at.put({ ".github/holdfast.yml": "protection: [" });
    await expect(at.run("plan")).rejects.toThrow(/holdfast\.yml are wrong/);
    at.put({ ".github/holdfast.yml": BOMB });
    await expect(at.run("plan")).rejects.toThrow(/Excessive alias count/);
    at.put({ ".github/holdfast.yml": "protection: *nothing\n" });
    await expect(at.run("plan")).rejects.toMatchObject({ code: "input.malformed" });
    expect(at.fake.calls).toEqual([]);
  });
});
