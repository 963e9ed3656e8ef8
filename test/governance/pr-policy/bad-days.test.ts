import { HoldfastError } from "../../../src/kernel/errors.ts";
import { execFileSync } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { gitHistory } from "../../../src/adapters/source-tree/history.ts";
import type { Finding } from "../../../src/governance/findings/finding.ts";
import type { PrPolicyInputs } from "../../../src/governance/pr-policy/request.ts";
import { runPrPolicy } from "../../../src/governance/pr-policy/run.ts";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import { repository, type Repository } from "../../support/repository.ts";
import { testPorts } from "../../support/test-ports.ts";
import { scratchFolder } from "../../support/tools.ts";

/** Switches off what these tests are not about. */
const QUIET =
  "policy:\n  description: { sections: [] }\n" +
  "  rules: { linked-issue: off, documentation: off, touched: off, uncovered: off }\n";

const TWINS = `${QUIET}  branches:\n    twins:\n      - { head: "hotfix/*", base: main, also: develop }\n`;

async function judge(
  repo: Repository,
  inputs: Partial<PrPolicyInputs> = {},
  body = "What it does.",
): Promise<Outcome> {
  repo.write({ ".git/body.md": body });
  return await runPrPolicy(
    {
      local: true,
      judge: "all",
      token: undefined,
      audit: false,
      auditRegistry: "https://registry.npmjs.org",
      base: "main",
      branch: undefined,
      title: "fix: pay once",
      titleFile: undefined,
      bodyFile: join(repo.path, ".git/body.md"),
      coverage: [],
      settings: ".github/holdfast.yml",
      ...inputs,
    },
    {
      ...testPorts(),
      sourceHistory: () => Promise.resolve(gitHistory({ env: process.env, folder: repo.path })),
    },
  );
}

const findingsOf = ({ outputs }: Outcome): Finding[] => outputs["findings"] as unknown as Finding[];
const errorsOf = (outcome: Outcome): string[] =>
  findingsOf(outcome)
    .filter(({ severity }) => severity === "error")
    .map(({ rule }) => rule);

function begun(settings: string, files: Readonly<Record<string, string>> = {}): Repository {
  const repo = repository();
  repo.commit("chore: begin", { ".github/holdfast.yml": settings, "src/pay.ts": "1\n2\n3\n", ...files });
  repo.git("branch", "develop");
  return repo;
}

const lcov = (file: string, counts: readonly number[]): string =>
  [`SF:${file}`, ...counts.map((hits, at) => `DA:${at + 1},${hits}`), "end_of_record", ""].join("\n");

describe("a hotfix to main", () => {
  it("has its twin in develop: itself, as a cherry-pick, or squashed; or it is refused", async () => {
    await using repo = begun(TWINS);
    repo.git("checkout", "-qb", "hotfix/pay");
    const one = repo.commit("fix: pay once", { "src/pay.ts": "1\n2\nthree\n" });
    expect(errorsOf(await judge(repo))).toEqual(["twin"]);
    // A cherry-pick, onto a develop that has gone on.
    repo.git("checkout", "-q", "develop");
    repo.commit("feat: more", { "src/more.ts": "x\n" });
    repo.git("cherry-pick", one);
    repo.git("checkout", "-q", "hotfix/pay");
    expect(errorsOf(await judge(repo))).toEqual([]);
    // Another commit, and then both as one.
    const two = repo.commit("fix: pay twice never", { "src/once.ts": "once\n" });
    const [finding] = findingsOf(await judge(repo));
    expect(finding).toMatchObject({ rule: "twin", file: null });
    expect(finding!.message).toContain(`commit ${two.slice(0, 7)} "fix: pay twice never"`);
    expect(finding!.fix).toContain("`develop: #124`");
    repo.git("checkout", "-q", "-B", "develop", "main");
    repo.git("merge", "-q", "--squash", "hotfix/pay");
    repo.commit("fix: pay once (#7)");
    repo.git("checkout", "-q", "hotfix/pay");
    repo.commit("chore: say nothing", {});
    expect(errorsOf(await judge(repo))).toEqual([]);
    // Half of it is not all of it.
    repo.commit("fix: more", { "src/other.ts": "other\n" });
    expect(errorsOf(await judge(repo))).toEqual(["twin"]);
    // Merged as it is.
    repo.git("checkout", "-q", "develop");
    repo.git("reset", "-q", "--hard", "main");
    repo.git("merge", "-q", "--no-ff", "--no-edit", "hotfix/pay");
    repo.git("checkout", "-q", "hotfix/pay");
    expect(errorsOf(await judge(repo))).toEqual([]);
  });

  it("gets its twin by a pull request that the description names", async () => {
    await using repo = begun(TWINS);
    repo.git("checkout", "-qb", "hotfix/pay");
    repo.commit("fix: pay once", { "src/pay.ts": "1\n2\nthree\n" });
    const errors = async (body: string): Promise<string[]> => errorsOf(await judge(repo, {}, body));
    for (const body of [
      "develop: #124",
      "Its twin to `develop` is shop/shop#124.",
      "## Twin to develop\n\nhttps://github.com/shop/shop/pull/124",
    ]) {
      expect(await errors(body)).toEqual([]);
    }
    for (const body of ["develop", "developers: #124", "<!-- develop: #124 -->", "develop\n\nCloses #3"]) {
      expect(await errors(body)).toEqual(["twin"]);
    }
  });

  it("is red where nobody can tell, asks nothing of others, and only notes it in its own twin", async () => {
    await using repo = begun(TWINS);
    repo.git("branch", "-q", "-D", "develop");
    repo.git("checkout", "-qb", "hotfix/pay");
    repo.commit("fix: pay once", { "src/pay.ts": "1\n2\nthree\n" });
    const [finding] = findingsOf(await judge(repo));
    expect(finding!.message).toContain("whether develop has these commits cannot be told");
    expect(errorsOf(await judge(repo, { branch: "feature/pay" }))).toEqual([]);
    repo.git("branch", "develop", "main");
    expect(errorsOf(await judge(repo, { base: "develop" }))).toEqual([]);
  });
});

describe("hostile names", () => {
  it("of branches and titles are data: nothing runs, and nothing is taken for an option", async () => {
    await using repo = begun(
      `${QUIET}  branches:\n    allowed: [{ head: "feature/*", bases: [main, "--upload-pack=*"] }]\n`,
    );
    const head = "feature/$(touch${IFS}PWNED);`touch${IFS}PWNED`&&'\"|x";
    repo.git("checkout", "-qb", head);
    repo.commit("fix: pay once", { "src/pay.ts": "1\n2\nthree\n" });
    expect(errorsOf(await judge(repo))).toEqual([]);
    const title = "fix: `touch PWNED` $(touch PWNED) ${{ github.token }} <img src=x> @everyone |\u001b[31m";
    repo.write({ ".git/title.txt": `${title}\n` });
    const byFile = await judge(repo, { title: undefined, titleFile: join(repo.path, ".git/title.txt") });
    expect([byFile.exit, byFile.report?.headline]).toEqual([
      0,
      expect.stringContaining(JSON.stringify(title)),
    ]);
    expect(errorsOf(await judge(repo, { title: `${title}\u0007`, branch: "--help" }))).toEqual([
      "branch-base",
    ]);
    for (const base of ["--output=PWNED", "-h", "main;touch PWNED", "main\ntouch"]) {
      await expect(judge(repo, { base })).rejects.toMatchObject({ code: "source.history" });
    }
    expect(repo.git("status", "--porcelain")).toBe("");
  });

  it("of title files: one line, and not beside --title", async () => {
    await using repo = begun(QUIET);
    repo.git("checkout", "-qb", "feature/a");
    repo.commit("fix: a", { "src/pay.ts": "x\n" });
    const titleFile = join(repo.path, ".git/title.txt");
    await expect(judge(repo, { title: "fix: a\nfeat!: b" })).rejects.toMatchObject({
      code: "input.malformed",
      message: "the title in --title is more than one line",
    });
    for (const text of ["", "\n", "fix: a\nfix: b\n"]) {
      repo.write({ ".git/title.txt": text });
      await expect(judge(repo, { title: undefined, titleFile })).rejects.toMatchObject({
        code: "input.malformed",
      });
    }
    repo.write({ ".git/title.txt": "\uFEFFfix: a\r\n" });
    expect((await judge(repo, { title: undefined, titleFile })).report?.headline).toContain('"fix: a"');
    await expect(judge(repo, { titleFile })).rejects.toMatchObject({ code: "input.conflict" });
  });
});

describe("a revert", () => {
  it("is one by its commits, and not by what its title says", async () => {
    await using repo = begun("policy: {}\n");
    repo.commit("feat: pay twice", { "src/pay.ts": "1\n2\nthree\n" });
    repo.git("checkout", "-qb", "revert-7-pay");
    repo.git("revert", "--no-edit", "HEAD");
    const title = 'Revert "feat: pay twice"';
    expect(errorsOf(await judge(repo, { title }, "Reverts shop/shop#7"))).toEqual([]);
    repo.git("checkout", "-qb", "feature/sly", "main");
    repo.commit("feat: sly", { "src/sly.ts": "x\n" });
    expect(errorsOf(await judge(repo, { title }, "Reverts shop/shop#7"))).toEqual(
      expect.arrayContaining(["title", "sections"]),
    );
  });
});

describe("coverage", () => {
  it("follows renames, and takes a changed source that no report knows for red", async () => {
    await using repo = begun(`${QUIET}coverage: { total: 85, changed: 85 }\n`, {
      "src/old name.ts": Array.from({ length: 20 }, (_, at) => `line ${at}\n`).join(""),
      "src/as it is.ts": "a\nb\nc\n",
    });
    repo.git("checkout", "-qb", "feature/a");
    repo.git("mv", "src/old name.ts", "src/new\tname.ts");
    repo.git("mv", "src/as it is.ts", "src/ünder.ts");
    const moved = Array.from({ length: 20 }, (_, at) => (at === 4 ? "other\n" : `line ${at}\n`)).join("");
    repo.commit("fix: move", { "src/new\tname.ts": moved, "src/new.ts": "a\n", "test/new.test.ts": "a\n" });
    const report = join(repo.path, ".git/lcov.info");
    const ran = (line: number, missed: number): number[] =>
      Array.from({ length: 20 }, (_, at) => (at === line || at < missed ? 0 : 1));
    repo.write({ ".git/lcov.info": lcov("src/new\tname.ts", ran(4, 0)) });
    const outcome = await judge(repo, { coverage: [report] });
    expect([errorsOf(outcome), outcome.outputs["coverage"]]).toEqual([
      ["coverage-changed", "coverage-unmeasured"],
      { covered: 19, total: 20, changed: { covered: 0, total: 1 } },
    ]);
    expect(findingsOf(outcome).map(({ file }) => file)).toContain("src/new.ts");
  });

  it.each([
    [846, ["coverage-total"]],
    [8499, ["coverage-total"]],
    [850, []],
  ])("of %i in the next power of ten is not rounded", async (covered, expected) => {
    const total = covered > 1_000 ? 10_000 : 1_000;
    await using repo = begun(`${QUIET}coverage: { total: 85, changed: 0 }\n`);
    repo.git("checkout", "-qb", "feature/a");
    repo.commit("fix: a", { "README.md": "x\n" });
    const report = join(repo.path, ".git/lcov.info");
    repo.write({
      ".git/lcov.info": lcov(
        "src/pay.ts",
        Array.from({ length: total }, (_, at) => +(at < covered)),
      ),
    });
    expect(errorsOf(await judge(repo, { coverage: [report] }))).toEqual(expected);
  });

  it("that runs nothing is no share of anything", async () => {
    await using repo = begun(QUIET);
    repo.git("checkout", "-qb", "feature/a");
    repo.commit("fix: a", { "README.md": "x\n" });
    const report = join(repo.path, ".git/lcov.info");
    repo.write({ ".git/lcov.info": "SF:src/pay.ts\nLF:0\nLH:0\nend_of_record\n" });
    expect(errorsOf(await judge(repo, { coverage: [report] }))).toEqual(["coverage-total"]);
  });

  it("by a report that is not there, is a folder or leads elsewhere is a finding", async () => {
    await using elsewhere = scratchFolder("elsewhere");
    await using repo = begun(QUIET);
    repo.git("checkout", "-qb", "feature/a");
    repo.commit("fix: a", { "README.md": "x\n" });
    const at = (name: string): string => join(repo.path, name);
    writeFileSync(join(elsewhere.path, "lcov.info"), lcov("src/pay.ts", [1, 1, 1]));
    repo.write({ "plain.info": lcov("src/pay.ts", [1, 1, 1]) });
    symlinkSync(elsewhere.path, at("reports"));
    symlinkSync(join(elsewhere.path, "lcov.info"), at("link.info"));
    symlinkSync(at("plain.info"), at("inside.info"));
    execFileSync("mkfifo", [at("endless.info")]);
    const told = async (name: string): Promise<unknown> => {
      const outcome = await judge(repo, { coverage: [name] });
      return [outcome.exit, findingsOf(outcome).map(({ rule, message }) => `${rule}: ${message}`)];
    };
    const refused = (name: string, why: string): unknown => [
      3,
      [`coverage-report: the report ${name} could not be read: ${why}`],
    ];
    const [gone, link, behind, endless] = ["gone.info", "link.info", "reports/lcov.info", "endless.info"].map(
      at,
    );
    expect(await told(gone!)).toEqual(refused(gone!, `there is no file ${gone!}`));
    expect(await told(at("src"))).toEqual(
      refused(at("src"), `there is no file ${at("src")}: it is a folder`),
    );
    expect(await told(endless!)).toEqual(refused(endless!, `${endless!} is no plain file`));
    for (const way of [link!, behind!]) {
      const why = `${way} is a link that leads out of the checkout, or lies behind one: it is not followed`;
      expect(await told(way)).toEqual(refused(way, why));
    }
    for (const way of [at("inside.info"), join(elsewhere.path, "lcov.info")]) {
      expect(await told(way)).toEqual([0, []]);
    }
    // Also where the checkout itself is reached by a link.
    symlinkSync(repo.path, join(elsewhere.path, "checkout"));
    expect(await told(join(elsewhere.path, "checkout/link.info"))).toEqual([
      3,
      [expect.stringMatching(/not followed/)],
    ]);
  });

  it("of a report that may be of another commit, cut, or of one kind alone is told", async () => {
    await using repo = begun(QUIET, { "src/old.ts": "1\n2\n" });
    repo.git("checkout", "-qb", "feature/a");
    repo.commit("fix: a", {
      "src/pay.ts": "1\n2\n3\n4\n",
      "src/n.py": "x\n",
      "test/n.py": "x\n",
      "n.json": "{}\n",
    });
    const report = join(repo.path, ".git/lcov.info");
    const cut = lcov("src/pay.ts", [1, 1, 1, 1]).replace("end_of_record", "LF:9\nend_of_record");
    repo.write({ ".git/lcov.info": cut + lcov("src/old.ts", [1, 1, 1]) });
    const outcome = await judge(repo, { coverage: [report] });
    expect(
      findingsOf(outcome).map(({ severity, file, message }) => `${severity} ${file!}: ${message}`),
    ).toEqual([
      "warning src/pay.ts: the report says that there are 5 more lines to run than it tells of",
      "warning src/n.py: src/n.py is changed, and no report knows a file of its kind",
      "warning src/old.ts: the report knows line 3 of src/old.ts, which has 2: it may be of another commit",
    ]);
    expect(outcome.exit).toBe(0);
  });
});

it("an empty description, and one that nobody can read, are refused and no crash", async () => {
  await using repo = begun("policy: {}\n");
  repo.git("checkout", "-qb", "feature/a");
  repo.commit("fix: pay once", { "src/pay.ts": "x\n" });
  expect(errorsOf(await judge(repo, {}, ""))).toEqual(["sections", "linked-issue", "documentation"]);
  const outcome = await judge(repo, {}, `${"- ".repeat(30_000)}a`);
  expect([outcome.exit, errorsOf(outcome)[0]]).toEqual([3, "description"]);
}, 30_000);

it("a draft from a fork is judged by its event, its description only once it is ready", async () => {
  await using repo = begun("policy: {}\n");
  repo.git("update-ref", "refs/remotes/origin/main", "main");
  const commit = repo.commit("fix: pay once", { "src/pay.ts": "x\n" });
  repo.git("checkout", "-q", "--detach");
  const event = {
    number: 7,
    title: "Pay once",
    body: "- [ ] later",
    head: { branch: "patch-1", commit },
    base: { branch: "main" },
    author: "somebody",
    isDraft: true,
    isRerun: false,
    merges: { merge: false, squash: true, rebase: false, squashTitle: undefined, squashBody: undefined },
  };
  const judged = async (isDraft: boolean): Promise<Outcome> =>
    await runPrPolicy(
      {
        local: false,
        judge: "all",
        token: undefined,
        audit: false,
        auditRegistry: "https://registry.npmjs.org",
        base: undefined,
        branch: undefined,
        title: undefined,
        titleFile: undefined,
        bodyFile: undefined,
        coverage: [],
        settings: ".github/holdfast.yml",
      },
      {
        ...testPorts(),
        sourceHistory: () => Promise.resolve(gitHistory({ env: process.env, folder: repo.path })),
        pullRequestEvent: () => Promise.resolve({ ...event, isDraft }),
        openForge: () => Promise.reject(new HoldfastError("input.missing", "no token was given")),
      },
    );
  expect(new Set(errorsOf(await judged(true)))).toEqual(new Set(["title"]));
  expect(new Set(errorsOf(await judged(false)))).toEqual(
    new Set(["title", "sections", "checklist", "linked-issue", "documentation"]),
  );
});

it("a clone with a fork beside it is judged by its own origin", async () => {
  await using repo = begun(`${QUIET}  branches: { allowed: [{ head: "feature/*", bases: [main] }] }\n`);
  await using clone = repository();
  clone.git("remote", "add", "origin", repo.path);
  clone.git("fetch", "-q", "origin");
  clone.git("checkout", "-qb", "feature/a", "origin/main");
  clone.git("update-ref", "refs/remotes/fork/main", clone.commit("fix: a", { "src/a.ts": "a\n" }));
  for (const base of ["origin/main", "refs/remotes/origin/main"]) {
    const outcome = await judge(clone, { base });
    expect([outcome.exit, outcome.outputs["commits"]]).toEqual([0, 1]);
  }
  // Of another remote than origin the branch's name is known as well.
  expect((await judge(clone, { base: "fork/main" })).outputs["commits"]).toBe(0);
});

it("300 commits and 3,500 files are judged one by one, in the time that is printed", async () => {
  await using repo = begun(QUIET);
  const blob = (text: string): string => `data ${Buffer.byteLength(text)}\n${text}\n`;
  const stream = Array.from({ length: 300 }, (_, at) => {
    const message = at === 177 ? "feat: one of many" : `fix: step ${at}`;
    const files = Array.from({ length: 12 }, (__, file) => at * 12 + file).filter((file) => file < 3_500);
    return (
      `commit refs/heads/feature/many\ncommitter A <a@example.org> ${1_800_000_000 + at} +0000\n` +
      blob(message) +
      (at === 0 ? "from refs/heads/main^0\n" : "") +
      files.map((file) => `M 100644 inline src/${file % 40}/f${file}.ts\n${blob(`a\nb ${file}\n`)}`).join("")
    );
  });
  execFileSync("git", ["-C", repo.path, "fast-import", "--quiet"], { input: stream.join("") });
  repo.git("checkout", "-q", "feature/many");
  const report = join(repo.path, ".git/lcov.info");
  const files = Array.from({ length: 3_500 }, (_, file) => lcov(`src/${file % 40}/f${file}.ts`, [1, 1]));
  repo.write({ ".git/lcov.info": files.join("") });
  const outcome = await judge(repo, { coverage: [report] });
  expect([outcome.outputs["commits"], outcome.outputs["files"], outcome.outputs["coverage"]]).toEqual([
    300,
    3_500,
    { covered: 7_000, total: 7_000, changed: { covered: 7_000, total: 7_000 } },
  ]);
  expect(findingsOf(outcome)).toEqual([
    expect.objectContaining({ rule: "lost-impact", fix: 'Make the title "feat: pay once".' }),
  ]);
}, 60_000);
