import { expect, it } from "@jest/globals";
import type { PullRequestEvent } from "../../../src/ports/pull-request-event.ts";
import type { Finding } from "../../../src/governance/findings/finding.ts";
import type { KeptPull } from "../../support/github/fake-forge.ts";
import { BODY, hosted, refusals, TOKEN, type Hosted } from "./support.ts";

const TWINS = "policy: { branches: { twins: [{ head: 'hotfix/*', base: main, also: develop }] } }\n";

/** A hotfix of two commits to main, which develop has not; and #8, whatever it is. */
async function hotfix(
  eight: Partial<KeptPull> = {},
): Promise<Hosted & { twin(body: string, token?: string): Promise<string[]> }> {
  const at = await hosted();
  at.repo.commit("chore: begin", { ".github/holdfast.yml": TWINS, "src/a.ts": "1\n" });
  at.repo.git("branch", "develop");
  for (const name of ["main", "develop"]) at.repo.git("update-ref", `refs/remotes/origin/${name}`, "main");
  at.repo.git("checkout", "-qb", "hotfix/pay");
  at.repo.commit("fix: pay", { "src/a.ts": "2\n" });
  const sha = at.repo.commit("fix: pay twice", { "src/b.ts": "2\n" });
  at.fake.pull({ number: 7, title: "fix: pay", sha, branch: "hotfix/pay" });
  at.fake.pull({ number: 8, base: "develop", branch: "twin", sha: "f".repeat(40), ...eight });
  const event: PullRequestEvent = {
    number: 7,
    title: "fix: pay",
    body: BODY,
    head: { branch: "hotfix/pay", commit: sha },
    base: { branch: "main" },
    author: "ada",
    isDraft: false,
    isRerun: false,
    merges: undefined,
  };
  const twin = async (body: string, token = TOKEN): Promise<string[]> => {
    const outcome = await at.judge({ pull: { ...event, body: `${BODY}\n\n${body}` }, token });
    expect(at.fake.wrong).toEqual([]);
    expect(refusals(outcome).filter((each) => !each.startsWith("twin"))).toEqual([]);
    return (outcome.outputs["findings"] as unknown as Finding[])
      .filter(({ rule }) => rule === "twin")
      .map(({ severity, message }) => `${severity}: ${message}`);
  };
  return { ...at, twin };
}

const commits = (...messages: readonly string[]): KeptPull["commits"] =>
  messages.map((message, at) => ({ id: String(at).padStart(40, "e"), message, parents: ["f".repeat(40)] }));

it.each<readonly [string, Partial<KeptPull>]>([
  ["the same branch", { branch: "hotfix/pay" }],
  [
    "the same branch, merged already with all of it",
    { branch: "hotfix/pay", state: "closed", merged: true, commits: commits("fix: pay", "fix: pay twice") },
  ],
  ["main as a whole", { branch: "main" }],
  [
    "commits that are called the same",
    { commits: commits("chore: a", "fix: pay\n\nPicked.", "fix: pay twice") },
  ],
])("a pull request that is named brings a hotfix by %s", async (_, eight) => {
  await using at = await hotfix(eight);
  expect(await at.twin("develop: #8")).toEqual([]);
  expect(await at.twin("## Develop\n\nhttps://github.com/acme/shop/pull/8")).toEqual([]);
  expect(await at.twin("develop: acme/shop#8, not #7")).toEqual([]);
});

it("a pull request that is named brings a hotfix by the same changes, whatever they are called", async () => {
  await using at = await hotfix();
  at.repo.git("checkout", "-qb", "twin", "develop");
  at.repo.commit("fix: both", { "src/a.ts": "2\n", "src/b.ts": "2\n" });
  at.fake.pulls[1]!.sha = at.repo.git("rev-parse", "HEAD");
  expect(await at.twin("develop: #8")).toEqual([]);
});

it.each<readonly [string, string, Partial<KeptPull>]>([
  ["I will not bring this to develop, see #3.", "#3 is not shown to this token (404", {}],
  ["develop: #7", "#7 is into main", {}],
  ["develop: #8", "#8 has not these commits", { commits: commits("fix: pay") }],
  [
    "develop: #8",
    "#8 has not these commits",
    { branch: "hotfix/pay", state: "closed", merged: true, commits: commits("fix: pay") },
  ],
  ["develop: #8", "#8 has not these commits", { branch: "hotfix/pay", repository: "eve/shop" }],
  ["develop: #8", "#8 was closed, and not merged", { branch: "hotfix/pay", state: "closed" }],
  ["develop: #8", "#8 has not these commits", { branch: "main", state: "closed", merged: true }],
  ["develop: other/shop#8", "other/shop#8 is no pull request of acme/shop", { branch: "hotfix/pay" }],
])("%s is refused where %s", async (body, why, eight) => {
  await using at = await hotfix(eight);
  const [found, another] = await at.twin(body);
  expect([found, another]).toEqual([
    expect.stringMatching(/^error: "hotfix\/pay" has 2 commits that develop has not/),
    undefined,
  ]);
  expect(found).toContain(`those that are named for it, ${why}`);
});

it("a number is believed with a warning where nobody can be asked, unless git finds all there", async () => {
  await using at = await hotfix();
  expect(await at.twin("develop: #8", "")).toEqual([
    'warning: "hotfix/pay" gets to develop by #8, as the description says; ' +
      "nobody was asked whether that is so",
  ]);
  at.repo.git("update-ref", "refs/remotes/origin/develop", "hotfix/pay");
  expect(await at.twin("develop: #8", "")).toEqual([]);
  expect(at.fake.calls.filter((call) => call.includes("/pulls/8"))).toEqual([]);
});
