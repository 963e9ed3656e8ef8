import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { githubDescription } from "../../support/github/description.ts";
import { FakeForge } from "../../support/github/fake-forge.ts";
import { repository, type Repository } from "../../support/repository.ts";
import { run, type Finished } from "../../support/tools.ts";
import { BODY, TOKEN } from "./support.ts";

/** The action's main step, as a process of its own, in a checkout. */
async function step(
  repo: Repository,
  event: object,
  env: Readonly<Record<string, string>> = {},
): Promise<Finished & { readonly summary: string; readonly outputs: string }> {
  const path = (name: string): string => join(repo.path, ".git", name);
  const action = new URL("../../../src/entry/action/action.ts", import.meta.url).href;
  const script = `await (await import(${JSON.stringify(action)})).runAction("pr-policy", "main");`;
  writeFileSync(path("event.json"), JSON.stringify(event));
  for (const name of ["summary.md", "outputs"]) writeFileSync(path(name), "");
  const finished = await run(process.execPath, ["--no-warnings", "--input-type=module", "-e", script], {
    cwd: repo.path,
    env: {
      PATH: process.env["PATH"],
      GITHUB_ACTIONS: "true",
      GITHUB_EVENT_PATH: path("event.json"),
      GITHUB_STEP_SUMMARY: path("summary.md"),
      GITHUB_OUTPUT: path("outputs"),
      GITHUB_REPOSITORY: "acme/shop",
      ...env,
    },
  });
  const read = (name: string): string => readFileSync(path(name), "utf8");
  return { ...finished, summary: read("summary.md"), outputs: read("outputs") };
}

describe("the action pr-policy", () => {
  it("cuts annotations and the summary to what GitHub shows, and says how much is missing", async () => {
    await using repo = repository();
    repo.commit("chore: begin", { "src/a.ts": "1\n" });
    repo.git("update-ref", "refs/remotes/origin/main", "main");
    repo.git("checkout", "-qb", "feature/7");
    const deep = Array.from({ length: 8 }, () => "_".repeat(200)).join("/");
    const names = Array.from({ length: 150 }, (_, at) => `${deep}/${at}.ts`);
    const sha = repo.commit("feat: keep items", Object.fromEntries(names.map((name) => [name, "1\n"])));
    repo.write({ ".git/lcov.info": "SF:src/a.ts\nDA:1,1\nend_of_record\n" });
    const pull = {
      number: 7,
      title: "keep `items` ::error::x",
      body: BODY,
      head: { ref: "feature/7", sha },
      base: { ref: "main" },
    };
    const ended = await step(repo, { pull_request: pull }, { INPUT_COVERAGE: ".git/lcov.info" });
    expect([ended.code, ended.stderr]).toEqual([3, ""]);
    const marks = ended.stdout.split("\n").filter((line) => /^::(error|warning|notice) /.test(line));
    // 50, and the verdict.
    expect(marks).toHaveLength(51);
    const counted = /^::notice title=more::(\d+) more are not marked here/.exec(marks[49]!)?.[1];
    const all = ended.outputs.match(/"rule":/g)!.length;
    expect(all).toBeGreaterThan(150);
    expect(49 + Number(counted)).toBe(all);
    expect(marks[0]).toContain('::error title=title::the title "keep `items` ::error::x"');
    expect(Buffer.byteLength(ended.summary)).toBeLessThan(1024 * 1024);
    const lines = ended.summary.trimEnd().split("\n");
    expect(lines[0]).toContain("### ❌ pr&#45;policy: &#34;keep &#96;items&#96; ::error::x&#34; is refused");
    expect(lines.at(-1)).toMatch(/^… and \d+ more lines; they are in the log\.$/);
    expect(ended.outputs).toContain("verdict<<");
  });

  it("judges a merge group with the job's token, and ends with 4 where that may not", async () => {
    await using repo = repository();
    await using fake = new FakeForge(githubDescription("rules", "pulls"), TOKEN);
    const api = await fake.listen();
    const base = repo.commit("chore: begin", { "src/a.ts": "1\n" });
    const head = repo.commit("feat: keep items (#7)", { "src/b.ts": "1\n" });
    const message = "feat: keep items";
    const commits = [{ id: "f".repeat(40), message, parents: [base] }];
    fake.pull({ number: 7, body: BODY, sha: "f".repeat(40), commits });
    const group = {
      action: "checks_requested",
      merge_group: {
        head_ref: `refs/heads/gh-readonly-queue/main/pr-7-${base}`,
        head_sha: head,
        base_ref: "refs/heads/main",
        base_sha: base,
      },
    };
    const env = { GITHUB_API_URL: api, INPUT_TOKEN: TOKEN, GITHUB_RUN_ATTEMPT: "2" };
    const good = await step(repo, group, env);
    expect([good.code, good.summary.split("\n")[0]]).toEqual([
      0,
      "### ✅ pr&#45;policy: the merge group of &#35;7 is as the policy wants it: 1 commit, 1 file",
    ]);
    fake.mayReadPulls = false;
    const unseen = await step(repo, group, env);
    expect(unseen.code).toBe(4);
    expect(unseen.summary).toContain("`forge.untold`, exit code 4");
    expect(unseen.summary).toContain("Pull requests: read");
    expect(fake.wrong).toEqual([]);
    const all = [good, unseen].map(({ stdout, stderr, summary, outputs }) => [
      stdout,
      stderr,
      summary,
      outputs,
    ]);
    const masked = JSON.stringify(all).replaceAll(`::add-mask::${TOKEN}`, "");
    expect(masked).not.toContain(TOKEN);
  });
});
