import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { gitHistory } from "../../../src/adapters/source-tree/history.ts";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import type { Finding } from "../../../src/governance/findings/finding.ts";
import type { PrPolicyInputs } from "../../../src/governance/pr-policy/request.ts";
import { runPrPolicy } from "../../../src/governance/pr-policy/run.ts";
import { repository, type Repository } from "../../support/repository.ts";
import { testPorts } from "../../support/test-ports.ts";

const BODY = `
## What
The cart keeps its items.
## Why
They were lost on a reload.
## How
Local storage.
## Testing
Unit tests, and by hand in two browsers.
## Documentation
Nothing is said of it there.

- [x] reviewed by myself

Closes #12
`;

async function judge(repo: Repository, inputs: Partial<PrPolicyInputs> = {}, body = BODY): Promise<Outcome> {
  repo.write({ ".git/body.md": body });
  const ports = {
    ...testPorts(),
    sourceHistory: () => Promise.resolve(gitHistory({ env: process.env, folder: repo.path })),
  };
  return await runPrPolicy(
    {
      local: true,
      judge: "all",
      token: undefined,
      audit: false,
      auditRegistry: "https://registry.npmjs.org",
      base: "main",
      branch: undefined,
      title: "feat: keep items",
      titleFile: undefined,
      bodyFile: join(repo.path, ".git/body.md"),
      coverage: [],
      settings: ".github/holdfast.yml",
      ...inputs,
    },
    ports,
  );
}

async function topic(files: Readonly<Record<string, string>> = {}): Promise<Repository> {
  const repo = repository();
  repo.commit("chore: begin", { "src/a.ts": "1\n2\n3\n4\n", ...files });
  repo.git("checkout", "-qb", "feature/cart");
  return repo;
}

const rulesOf = ({ outputs }: Outcome): string[] =>
  (outputs["findings"] as unknown as Finding[])
    .filter(({ severity }) => severity === "error")
    .map(({ rule }) => rule);

describe("pr-policy", () => {
  it("says that settings with the other ending are read by nobody", async () => {
    await using repo = await topic({ ".github/holdfast.yaml": "policy: { rules: { description: off } }\n" });
    repo.commit("feat: keep items", { "src/a.ts": "1\n" });
    const note = ".github/holdfast.yaml is read by no command: rename it to .github/holdfast.yml";
    expect((await judge(repo)).report.notes).toContain(note);
  });

  it("passes what is as it should be, and says what was looked at", async () => {
    await using repo = await topic();
    repo.commit("feat: keep items", { "src/b.ts": "x\n" });
    const outcome = await judge(repo);
    expect([outcome.exit, rulesOf(outcome), outcome.outputs["verdict"]]).toEqual([0, [], "passed"]);
  });

  it.each([
    ["an empty description", "", ["sections", "linked-issue", "documentation"]],
    ["comments alone", BODY.replace("Local storage.", "<!-- how did you do it? -->"), ["sections"]],
    ["words that keep a place", BODY.replace("Local storage.", "TBD"), ["sections"]],
    ["a box that is not ticked", BODY.replace("[x]", "[ ]"), ["checklist"]],
    ["no issue", BODY.replace("Closes #12", "Closes nothing"), ["linked-issue"]],
    ["no word on documents", BODY.replace(/## Documentation\n.*\n/, ""), ["documentation"]],
  ])("refuses %s", async (_, body, rules) => {
    await using repo = await topic();
    repo.commit("feat: keep items", { "src/b.ts": "x\n" });
    const outcome = await judge(repo, {}, body);
    expect([outcome.exit, [...new Set(rulesOf(outcome))]]).toEqual([3, rules]);
  });

  it("refuses a title that hides what its commits break, and says the right one", async () => {
    await using repo = await topic();
    repo.commit("fix!: drop the old cart\n\nBREAKING CHANGE: it is gone", { "src/b.ts": "x\n" });
    const outcome = await judge(repo);
    expect(rulesOf(outcome)).toEqual(["lost-impact"]);
    expect(outcome.outputs["findings"]).toMatchObject([
      { rule: "lost-impact", fix: 'Make the title "feat!: keep items".' },
    ]);
    expect(rulesOf(await judge(repo, { title: "feat!: keep items" }))).toEqual([]);
    // Taken back in the same pull request it breaks nothing.
    repo.git("revert", "--no-edit", "HEAD");
    repo.commit("feat: keep items", { "src/c.ts": "x\n" });
    expect(rulesOf(await judge(repo))).toEqual([]);
  });

  it("holds the title and every commit against Conventional Commits, merges apart", async () => {
    await using repo = await topic();
    repo.commit("Did things", { "src/b.ts": "x\n" });
    repo.commit("fixup! feat: keep items", { "src/b.ts": "y\n" });
    repo.git("checkout", "-q", "main");
    repo.commit("fix: elsewhere", { "src/z.ts": "z\n" });
    repo.git("checkout", "-q", "feature/cart");
    repo.git("merge", "-q", "--no-edit", "main");
    expect([...new Set(rulesOf(await judge(repo, { title: "Update" })))]).toEqual([
      "title",
      "commits",
      "fixup-commits",
    ]);
  });

  it("counts changed lines in whole numbers, and takes what it does not know for red", async () => {
    await using repo = await topic({ "src/old.ts": "a\nb\nc\nd\ne\nf\n" });
    repo.git("mv", "src/old.ts", "src/moved.ts");
    repo.commit("feat: keep items", {
      "src/a.ts": "1\nnew 2\nnew 3\n4\n",
      "src/moved.ts": "a\nb\nC\nd\ne\nf\n",
    });
    const lcov = (file: string, lines: readonly number[]): string =>
      [`SF:${file}`, ...lines.map((hits, at) => `DA:${at + 1},${hits}`), "end_of_record", ""].join("\n");
    const report = join(repo.path, ".git/lcov.info");
    const run = { coverage: [report] };
    repo.write({
      ".git/lcov.info":
        lcov(join(repo.path, "src/a.ts"), [1, 1, 0, 1]) + lcov("src/moved.ts", [1, 1, 1, 1, 1, 1]),
    });
    const outcome = await judge(repo, run);
    expect([outcome.outputs["coverage"], rulesOf(outcome)]).toEqual([
      { covered: 9, total: 10, changed: { covered: 2, total: 3 } },
      ["coverage-changed"],
    ]);
    expect(outcome.annotations).toEqual([
      expect.not.objectContaining({ file: expect.anything() }),
      expect.objectContaining({ level: "notice", file: "src/a.ts", line: 3, title: "uncovered" }),
    ]);
    repo.write({ ".git/lcov.info": lcov("src/a.ts", [1, 1, 1, 1]) });
    expect(rulesOf(await judge(repo, run))).toEqual(["coverage-unmeasured"]);
    repo.write({ ".git/lcov.info": lcov("src/a.ts", [1, 1, 1, 1, 1, 1]) + lcov("src/moved.ts", [1]) });
    expect(rulesOf(await judge(repo, run))).toEqual(["coverage-stale"]);
    repo.write({ ".git/lcov.info": "SF:src/a.ts\nDA:1,1\n" });
    expect(rulesOf(await judge(repo, run))).toEqual(["coverage-report"]);
  });

  it("judges lock files by where the branch left the base, whatever the base has got since", async () => {
    const lock = (version: string): string =>
      JSON.stringify({
        lockfileVersion: 3,
        packages: {
          "": { name: "made", dependencies: { a: "^1.0.0" } },
          "node_modules/a": {
            version,
            resolved: `https://registry.npmjs.org/a/-/a-${version}.tgz`,
            integrity: `sha512-${"A".repeat(86)}==`,
            hasInstallScript: true,
          },
        },
      });
    await using repo = await topic({
      ".github/holdfast.yml": "dependencies: {}\n",
      "package.json": '{ "name": "made", "dependencies": { "a": "^1.0.0" } }',
      "package-lock.json": lock("1.0.0"),
    });
    repo.commit("feat: keep items", { "src/b.ts": "x\n" });
    repo.git("checkout", "-q", "main");
    repo.commit("chore: newer", { "package-lock.json": lock("1.0.1") });
    repo.git("checkout", "-q", "feature/cart");
    expect(rulesOf(await judge(repo))).toEqual([]);
  });

  it("ends where a tracker's pattern would not", async () => {
    await using repo = await topic({
      ".github/holdfast.yml": 'policy: { description: { trackers: ["([A-Z]+)+-[0-9]+"] } }\n',
    });
    repo.commit("feat: keep items", { "src/b.ts": "x\n" });
    const outcome = await judge(repo, {}, BODY.replace("Closes #12", "A".repeat(40)));
    expect(rulesOf(outcome)).toEqual(["linked-issue"]);
    expect(JSON.stringify(outcome.outputs["findings"])).toContain("take longer than two seconds");
  });

  it("holds messages against the base's own rules for commitlint, and not the pull request's", async () => {
    await using repo = await topic();
    repo.git("checkout", "-q", "main");
    repo.commit("chore: rules", { ".commitlintrc": "rules: { type-enum: [2, always, [feat]] }\n" });
    repo.git("checkout", "-q", "-");
    repo.git("rebase", "-q", "main");
    const own = { ".commitlintrc": "rules: {}\n", "src/b.ts": "x\n" };
    repo.commit("fix: keep items", own);
    const outcome = await judge(repo, { title: "feat: keep items" });
    expect(rulesOf(outcome)).toEqual(["commits"]);
  });

  it("is decided by the settings of the base, whatever the pull request makes of them", async () => {
    const settings = (text: string): Record<string, string> => ({ ".github/holdfast.yml": text });
    await using repo = await topic(
      settings("policy:\n  branches:\n    allowed:\n      - head: feature/*\n        bases: [develop]\n"),
    );
    repo.commit("feat: keep items", settings("policy:\n  rules: { branch-base: off }\n"));
    const outcome = await judge(repo);
    expect(rulesOf(outcome)).toEqual(["branch-base"]);
    expect(JSON.stringify(outcome.outputs["findings"])).toContain("changes the policy itself");
    repo.git("checkout", "-q", "main");
    repo.commit("chore: break", settings("policy:\n  rule: {}\nnothing: 1\n"));
    repo.git("checkout", "-qb", "feature/other");
    repo.commit("feat: keep items", { "src/b.ts": "x\n" });
    await expect(judge(repo)).rejects.toMatchObject({
      code: "input.malformed",
      message: expect.stringMatching(/2:3 policy\.rule: [^]*3:1 nothing: /) as unknown,
    });
  });
});
