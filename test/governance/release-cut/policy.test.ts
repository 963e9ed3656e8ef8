import { describe, expect, test } from "@jest/globals";
import { runPrPolicy } from "../../../src/governance/pr-policy/run.ts";
import { flowWorld, type FlowWorld } from "../../support/github/flow-world.ts";
import { begun, finish } from "../hotfix/support.ts";
import { refusals } from "../pr-policy/support.ts";
import { cut } from "./support.ts";

/** What refuses one of the pull requests that are open, as a person has opened it. */
async function judged(
  world: FlowWorld,
  number: number,
  as: { readonly title?: string; readonly branch?: string } = {},
): Promise<{ readonly refused: readonly string[]; readonly all: readonly string[] }> {
  const kept = world.fake.pulls.find((each) => each.number === number)!;
  world.fetch();
  const head = { branch: as.branch ?? kept.branch, commit: world.fake.ref(`refs/heads/${kept.branch}`)! };
  const event = {
    number,
    title: as.title ?? kept.title,
    body: kept.body ?? "",
    author: "ada",
    isDraft: false,
    head,
    base: { branch: kept.base },
    merges: undefined,
    isRerun: false,
  };
  const outcome = await runPrPolicy(
    {
      local: false,
      judge: "all-but-coverage",
      base: undefined,
      branch: undefined,
      title: undefined,
      titleFile: undefined,
      bodyFile: undefined,
      coverage: [],
      settings: ".github/holdfast.yml",
      token: undefined,
      audit: false,
      auditRegistry: "https://registry.npmjs.org",
    },
    { ...world.ports(), pullRequestEvent: () => Promise.resolve(event) },
  );
  const findings = outcome.outputs["findings"] as unknown as readonly { rule: string; severity: string }[];
  return { refused: refusals(outcome), all: findings.map(({ rule, severity }) => `${rule} ${severity}`) };
}

describe("pr-policy, as it is by default, takes", () => {
  test("a release's pull request, and warns of a squash", async () => {
    await using world = await flowWorld("feat: carts", "fix: b");
    await cut(world);
    expect(await judged(world, 1)).toEqual({ refused: [], all: ["lost-impact warning"] });
    const other = await judged(world, 1, { branch: "feature/carts" });
    expect(other.refused.join("\n")).toMatch(/lost-impact: .*\n.*linked-issue: /);
    const title = "chore(release): 1.4.0";
    expect((await judged(world, 1, { title })).refused).toHaveLength(2);
  });

  test("a release without a changelog", async () => {
    await using world = await flowWorld();
    world.commit("feat: carts", { ".github/holdfast.yml": "release: { changelog: false }\n" });
    await cut(world);
    expect((await judged(world, 1)).refused).toEqual([]);
  });

  test("both pull requests of a hotfix, also where twins are declared", async () => {
    await using world = await flowWorld();
    world.work.git("switch", "-q", "main");
    world.commit("chore: declare", {
      ".github/holdfast.yml":
        "policy:\n  branches:\n    twins:\n" +
        "      - { head: hotfix/*, base: main, also: develop }\n" +
        "      - { head: hotfix/*, base: develop, also: main }\n",
    });
    world.work.git("push", "-q", "origin", "main:develop");
    await begun(world, "fix: keep carts\n\nCloses #12");
    await finish(world);
    expect((await judged(world, 1)).refused).toEqual([]);
    expect((await judged(world, 2)).refused).toEqual([]);
    world.fake.pulls[1]!.body = world.fake.pulls[1]!.body!.replace("develop: #1", "");
    expect((await judged(world, 2)).refused.join()).toContain("twin: ");
  });

  test("a hotfix whose issue is given, and not one that is for none", async () => {
    await using world = await flowWorld();
    await begun(world, "fix: keep carts");
    await finish(world);
    expect((await judged(world, 2)).refused.join()).toContain("linked-issue");
    world.fake.pulls = [];
    await finish(world, { issue: "#12" });
    expect((await judged(world, 2)).refused).toEqual([]);
  });
});
