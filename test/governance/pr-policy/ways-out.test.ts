import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import type { Finding } from "../../../src/governance/findings/finding.ts";
import { repository, type Repository } from "../../support/repository.ts";
import { run, type Finished } from "../../support/tools.ts";
import { BODY } from "./support.ts";

const SETTINGS = ".github/holdfast.yml";
const MODEL =
  'policy:\n  branches:\n    allowed: [{ head: "feature/*", bases: [develop] }]\n' +
  '    twins: [{ head: "hotfix/*", base: main, also: develop }]\n';

/** The command line, as a process of its own, in a checkout. */
function holdfast(
  repo: Repository,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  folder = ".",
): Promise<Finished> {
  const cli = new URL("../../../src/entry/cli/cli.ts", import.meta.url).href;
  const script =
    `const { runCli } = await import(${JSON.stringify(cli)}); ` + "await runCli(process.argv.slice(1));";
  return run(
    process.execPath,
    ["--no-warnings", "--input-type=module", "-e", script, "--", "pr-policy", ...args],
    { cwd: join(repo.path, folder), env: { PATH: process.env["PATH"], HOME: repo.path, ...env } },
  );
}

const LOCAL = ["--local", "--base", "main", "--title", "feat: keep items", "--body-file"] as const;

function topic(settings?: string): Repository {
  const repo = repository();
  repo.commit("chore: begin", {
    "src/a.ts": "1\n",
    ...(settings === undefined ? {} : { [SETTINGS]: settings }),
  });
  repo.git("checkout", "-qb", "feature/cart");
  repo.write({ ".git/body.md": BODY });
  return repo;
}

interface Told {
  readonly verdict: string;
  readonly findings: readonly Finding[];
}

const told = ({ stdout }: Finished): Told => JSON.parse(stdout) as Told;
const weighed = (finished: Finished): string[] =>
  told(finished).findings.map(({ severity, rule, line }) => `${severity} ${rule} ${String(line)}`);

describe("holdfast pr-policy --local", () => {
  it("says of a checkout without a branch what it cannot tell, and nothing where nobody asks", async () => {
    await using plain = topic();
    plain.commit("feat: keep items", { "src/b.ts": "x\n" });
    plain.git("checkout", "-q", "--detach");
    const args = [...LOCAL, ".git/body.md", "--json"];
    const passed = await holdfast(plain, args);
    expect([passed.code, told(passed)]).toMatchObject([
      0,
      { verdict: "passed", findings: [], coverage: null },
    ]);

    await using repo = topic(MODEL);
    repo.commit("feat: keep items", { "src/b.ts": "x\n" });
    repo.git("checkout", "-q", "--detach");
    const refused = await holdfast(repo, args);
    expect([refused.code, told(refused).verdict]).toEqual([3, "refused"]);
    expect(weighed(refused)).toEqual(["error branch-base null", "error twin null"]);
    expect(told(refused).findings[0]!.fix).toContain("--branch");
    expect(weighed(await holdfast(repo, [...args, "--branch", "feature/a"]))).toEqual([
      "error branch-base null",
    ]);
  }, 30_000);

  it("does not take settings that are not there for the defaults, once they are named", async () => {
    await using repo = topic(MODEL);
    repo.commit("feat: keep items", { "src/b.ts": "x\n" });
    const args = [...LOCAL, ".git/body.md", "--settings"];
    const mistyped = await holdfast(repo, [...args, ".github/holdfst.yml"]);
    expect(mistyped.code).toBe(2);
    expect(mistyped.stderr).toMatch(
      /has no settings file .github\/holdfst.yml; did you mean .github\/holdfast.yml\?/,
    );
    expect((await holdfast(repo, [...args, `./${SETTINGS}`])).code).toBe(3);
    // A file that the pull request brings counts once it is merged.
    repo.commit("feat: settings", { "policy.yml": "policy: {}\n" });
    const first = await holdfast(repo, [...args, "policy.yml"]);
    expect([first.code, first.stderr]).toEqual([
      0,
      expect.stringContaining("counts as soon as it is merged"),
    ]);
  }, 30_000);

  it("refuses settings that would be wrong once merged, and lets them be mended that are", async () => {
    await using repo = topic(MODEL.replace("[develop]", "[main]"));
    repo.commit("feat: break", { [SETTINGS]: "policy:\n  rule: {}\nprotection:\n  branches: 1\n" });
    const args = [...LOCAL, ".git/body.md", "--branch", "feature/a", "--json"];
    const breaking = await holdfast(repo, args);
    expect(breaking.code).toBe(3);
    const errors = told(breaking).findings.filter(({ severity }) => severity === "error");
    expect(errors.map(({ rule, file, line }) => [rule, file, line])).toEqual([
      ["settings", SETTINGS, 2],
      ["settings", SETTINGS, 4],
    ]);
    repo.git("checkout", "-q", "main");
    repo.git("merge", "-q", "--ff-only", "feature/cart");
    repo.git("checkout", "-qb", "feature/other");
    repo.commit("feat: other", { "src/b.ts": "x\n" });
    const other = await holdfast(repo, args);
    expect([other.code, JSON.parse(other.stdout)]).toMatchObject([2, { error: { code: "input.malformed" } }]);
    expect(other.stderr).toContain("one that changes .github/holdfast.yml is judged by the defaults");

    repo.commit("fix: still", { [SETTINGS]: "policy:\n  rule: {}\n" });
    expect(weighed(await holdfast(repo, args))).toContain("error settings 2");
    repo.commit("fix: mend", { [SETTINGS]: MODEL });
    const mending = await holdfast(repo, args);
    expect([mending.code, weighed(mending)]).toEqual([0, ["warning settings null", "note touched 2"]]);
    expect(told(mending).findings[0]!.message).toContain("2:3 policy.rule: is no key that is known here");
  }, 60_000);

  it("names files, branches and titles that are missing as what they are", async () => {
    await using repo = topic();
    const base = ["--local", "--base", "main"];
    const none = await holdfast(repo, base);
    expect([none.code, none.stderr]).toEqual([
      2,
      expect.stringContaining("there is no commit that main has not"),
    ]);
    const itself = await holdfast(repo, ["--local", "--base", "HEAD", ...LOCAL.slice(3), ".git/body.md"]);
    expect([itself.code, itself.stderr]).toEqual([
      0,
      expect.stringContaining(
        "✔ there is nothing to judge but title and description: HEAD has no commit that HEAD has not\n",
      ),
    ]);
    repo.commit("feat: keep items", { "src/b.ts": "x\n" });
    const body = await holdfast(repo, [...base, "--body-file", "none.md"]);
    expect([body.code, body.stderr]).toEqual([2, expect.stringMatching(/there is no file .*none\.md/)]);
    expect(body.stderr).not.toContain("folder of this machine");
    repo.git("update-ref", "refs/remotes/origin/main", "main");
    const mistyped = await holdfast(repo, ["--local", "--base", "origin/mian"]);
    expect([mistyped.code, mistyped.stderr]).toEqual([
      4,
      expect.stringContaining("did you mean origin/main?"),
    ]);
    // Who sits at a desk has no workflow to change.
    expect(mistyped.stderr).not.toContain("fetch-depth");
    const unknown = await holdfast(repo, ["--local", "--base", "nowhere"]);
    expect(unknown.stderr).toContain("hint: Fetch it (`git fetch`");
    repo.git("checkout", "-q", "--orphan", "empty");
    repo.git("branch", "-D", "main", "feature/cart");
    repo.git("update-ref", "-d", "refs/remotes/origin/main");
    const begun = await holdfast(repo, ["--local", "--base", "main"]);
    expect(begun.stderr).toContain("there is no commit in this repository yet\nhint: Commit first");
  }, 30_000);
});

describe("holdfast pr-policy in a job", () => {
  it("judges the pull request of the event, as its action does, and says when there is none", async () => {
    await using repo = topic(MODEL);
    const sha = repo.commit("feat: keep items", { "src/b.ts": "x\n" });
    repo.git("update-ref", "refs/remotes/origin/main", "main");
    repo.git("checkout", "-q", "--detach");
    const pull = {
      number: 7,
      title: "Did things",
      body: BODY,
      head: { ref: "feature/7", sha },
      base: { ref: "main" },
    };
    repo.write({ ".git/event.json": JSON.stringify({ pull_request: pull }), ".git/push.json": "{}" });
    const env = (name: string): Record<string, string> => ({
      GITHUB_ACTIONS: "true",
      GITHUB_EVENT_PATH: join(repo.path, ".git", name),
    });
    const judged = await holdfast(repo, ["--json"], env("event.json"));
    expect(judged.code).toBe(3);
    expect(JSON.parse(judged.stdout)).toMatchObject({ "pull-requests": [7] });
    expect(new Set(told(judged).findings.map(({ rule }) => rule))).toEqual(
      new Set(["branch-base", "title", "lost-impact"]),
    );
    const both = await holdfast(repo, ["--title", "feat: x"], env("event.json"));
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining("--local")]);
    const pushed = await holdfast(repo, ["--base", "main"], env("push.json"));
    expect(pushed.stderr).toContain("this runs for no pull request");
  }, 30_000);
});

describe("what others have that is not called as usual", () => {
  it("takes a template where GitHub takes it, and reports of packages from their own folders", async () => {
    const template =
      "## What\nSay what changes.\n## Why\nSay why.\n## How\nSay how.\n## Testing\nSay how tested.\n";
    await using repo = topic();
    repo.git("checkout", "-q", "main");
    const lines = (to: number): string => Array.from({ length: to }, (_, at) => `${at}\n`).join("");
    repo.commit("chore: packages", {
      "docs/PULL_REQUEST_TEMPLATE.md": template,
      "p1/src/u.js": lines(100),
      "p2/src/u.js": lines(100),
    });
    repo.git("checkout", "-qb", "feature/packages");
    repo.commit("feat: say more", { "README.md": "x\n" });
    const report = (hits: number): string =>
      [
        "SF:src/u.js",
        ...Array.from({ length: 100 }, (_, at) => `DA:${at + 1},${hits}`),
        "end_of_record\n",
      ].join("\n");
    repo.write({
      "p1/coverage/lcov.info": report(1),
      "p2/coverage/lcov.info": report(0),
      ".git/body.md": `${template}\nCloses #12\n`,
    });
    const reports = ["p1", "p2"].flatMap((each) => ["--coverage", `${each}/coverage/lcov.info`]);
    const judged = await holdfast(repo, [...LOCAL, ".git/body.md", "--json", ...reports]);
    expect(JSON.parse(judged.stdout)).toMatchObject({ coverage: { covered: 100, total: 200 } });
    const empty = "error sections null";
    expect(weighed(judged)).toEqual([empty, empty, empty, empty, "error coverage-total null"]);
  }, 30_000);
});
