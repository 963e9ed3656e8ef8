import { describe, expect, it } from "@jest/globals";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Finding } from "../../../../src/governance/findings/finding.ts";
import { protection } from "../../../../src/governance/protect/settings.ts";
import { combinations } from "../../../../src/governance/protect/workflows/matrix.ts";
import { startsFor } from "../../../../src/governance/protect/workflows/filters.ts";
import { lintChecks } from "../../../../src/governance/protect/workflows/lint-checks.ts";
import { producersOf } from "../../../../src/governance/protect/workflows/producers.ts";
import { readWorkflow, type Workflow } from "../../../../src/governance/protect/workflows/read-workflow.ts";

const CI = ".github/workflows/ci.yml";
const BOTH = "on: [pull_request, merge_group]\n";
const STEPS = "    runs-on: ubuntu-latest\n    steps: [{ run: make }]\n";

function workflows(files: Readonly<Record<string, string>>): Workflow[] {
  return Object.entries(files).map(([path, text]) => {
    const read = readWorkflow(path, text);
    if ("rule" in read) throw new Error(read.message);
    return read;
  });
}

function lint(
  files: Readonly<Record<string, string>>,
  checks: readonly unknown[],
  branches = ["main"],
): Finding[] {
  return lintChecks(protection.parse({ branches: [{ branches, checks }] }), workflows(files));
}

const told = (findings: readonly Finding[]): string[] =>
  findings.map(
    ({ rule, severity, line }) =>
      `${severity} ${rule.replace("protect/", "")}${line === null ? "" : ` ${line}`}`,
  );

const names = (text: string, more: Readonly<Record<string, string>> = {}): string[] =>
  producersOf(workflows({ [CI]: text, ...more })).map(({ name }) => name);

describe("the names of checks", () => {
  it("are those of jobs, or what the jobs call themselves", () => {
    expect(names(`${BOTH}jobs:\n  test:\n${STEPS}  lint:\n    name: Lint all\n${STEPS}`)).toEqual([
      "test",
      "Lint all",
    ]);
  });

  it("have the values of a matrix behind them, or in them where the name says so", () => {
    const matrix = "    strategy:\n      matrix:\n        os: [linux, mac]\n        node: [22, 24]\n";
    const less = "        exclude: [{ os: mac, node: 22 }]\n";
    const more = "        include: [{ os: windows, node: 24 }, { os: linux, node: 24, cov: yes }]\n";
    expect(names(`${BOTH}jobs:\n  test:\n${matrix}${less}${more}${STEPS}`)).toEqual([
      "test (linux, 22)",
      "test (linux, 24, yes)",
      "test (mac, 24)",
      "test (windows, 24)",
    ]);
    const name = "    name: Test on ${{ matrix.os }}\n";
    expect(names(`${BOTH}jobs:\n  test:\n${name}${matrix}${STEPS}`).slice(0, 3)).toEqual([
      "Test on linux",
      "Test on linux",
      "Test on mac",
    ]);
  });

  it("are open where a matrix or a name is worked out by the run", () => {
    const matrix = "    strategy:\n      matrix: ${{ fromJSON(needs.plan.outputs.matrix) }}\n";
    expect(names(`${BOTH}jobs:\n  test:\n${matrix}${STEPS}`)).toEqual(["test (*)"]);
    expect(names(`${BOTH}jobs:\n  test:\n    name: on \${{ github.ref }}\n${STEPS}`)).toEqual(["on *"]);
    expect(combinations({ node: "${{ inputs.versions }}" })).toBeUndefined();
    expect(combinations({ node: [1, "${{ inputs.version }}"] })).toBeUndefined();
  });

  it("have their caller's name before them, however deep workflows call each other", () => {
    const called = (path: string): string => `    uses: ./.github/workflows/${path}\n`;
    const inner = { ".github/workflows/b.yml": `on: workflow_call\njobs:\n  c:\n${STEPS}` };
    const outer = {
      ".github/workflows/a.yml": `on: { workflow_call: {} }\njobs:\n  b:\n    name: B\n${called("b.yml")}`,
    };
    expect(names(`${BOTH}jobs:\n  a:\n${called("a.yml")}`, { ...inner, ...outer })).toEqual(["a / B / c"]);
  });

  it("are open where the called workflow is elsewhere, or calls itself", () => {
    const remote = "    uses: acme/shared/.github/workflows/x.yml@v1\n";
    expect(names(`${BOTH}jobs:\n  a:\n${remote}`)).toEqual(["a / *"]);
    const loop = "on: [pull_request, workflow_call]\njobs:\n  a:\n    uses: ./.github/workflows/ci.yml\n";
    expect(names(loop)).toEqual(["a / a / *"]);
  });
});

describe("a required check", () => {
  it("is in order when a job reports it on pull requests and in the merge queue", () => {
    expect(lint({ [CI]: `${BOTH}jobs:\n  ci:\n${STEPS}` }, [{ name: "ci" }])).toEqual([]);
  });

  it("that nobody reports is an error, with names that may have been meant", () => {
    const matrix = "    strategy: { matrix: { node: [24] } }\n";
    const findings = lint({ [CI]: `${BOTH}jobs:\n  ci:\n${matrix}${STEPS}` }, [{ name: "ci" }]);
    expect(told(findings)).toEqual(["error check-without-producer", "error check-without-producer"]);
    expect(findings[0]?.message).toContain("there are 'ci (24)'");
  });

  it("that is reported on pull requests only stalls the merge queue", () => {
    const findings = lint({ [CI]: `on: pull_request\njobs:\n  ci:\n${STEPS}` }, [{ name: "ci" }]);
    expect(findings).toMatchObject([
      {
        rule: "protect/check-without-producer",
        file: CI,
        line: 3,
        message: "no job reports the required check 'ci' on merge_group",
        fix: expect.stringContaining("Add merge_group:"),
      },
    ]);
  });

  it("is not reported by pull_request_target, whose checks are another commit's", () => {
    const on = "on: [pull_request_target, merge_group]\n";
    expect(told(lint({ [CI]: `${on}jobs:\n  ci:\n${STEPS}` }, [{ name: "ci" }]))).toEqual([
      "error check-without-producer 3",
    ]);
  });

  it.each(["paths: [src/**]", "paths-ignore: ['**.md']"])(
    "that comes only for some files stalls: %s",
    (filter) => {
      const on = `on:\n  merge_group:\n  pull_request:\n    ${filter}\n`;
      expect(told(lint({ [CI]: `${on}jobs:\n  ci:\n${STEPS}` }, [{ name: "ci" }]))).toEqual([
        "error check-may-stall 6",
      ]);
    },
  );

  it("stalls on branches that the trigger leaves out, and names them", () => {
    const on = "on:\n  merge_group:\n  pull_request:\n    branches: [main, 'release/**', '!release/old']\n";
    const findings = lint(
      { [CI]: `${on}jobs:\n  ci:\n${STEPS}` },
      [{ name: "ci" }],
      ["main", "release/1.0", "release/old", "develop"],
    );
    expect(findings.map(({ message }) => message)).toEqual([
      "the required check 'ci' is not reported on pull_request for release/old, develop",
    ]);
    const trigger = { types: undefined, byPath: false, branches: undefined };
    expect(startsFor({ ...trigger, branchesIgnore: ["dev*"] }, "develop")).toBe(false);
    expect(startsFor({ ...trigger, branchesIgnore: ["dev*"] }, "main")).toBe(true);
  });

  it("vanishes after a push where the trigger does not take synchronize", () => {
    const on = "on:\n  merge_group:\n  pull_request:\n    types: [opened, edited, reopened]\n";
    const findings = lint({ [CI]: `${on}jobs:\n  ci:\n${STEPS}` }, [{ name: "ci" }]);
    expect(findings[0]?.message).toContain("is synchronize");
  });

  it("comes all the same where a second job of that name always starts, which is no good name", () => {
    const on = "on:\n  merge_group:\n  pull_request:\n    paths: [src/**]\n";
    const files = {
      [CI]: `${on}jobs:\n  ci:\n${STEPS}`,
      ".github/workflows/other.yml": `on: pull_request\njobs:\n  ci:\n${STEPS}`,
    };
    expect(told(lint(files, [{ name: "ci" }]))).toEqual(["warning check-name-twice 3"]);
  });

  it("is green by being skipped: by its own condition, or because what it needs failed", () => {
    const own = `${BOTH}jobs:\n  ci:\n    if: github.actor != 'bot'\n${STEPS}`;
    expect(told(lint({ [CI]: own }, [{ name: "ci" }]))).toEqual(["warning check-may-be-fooled 3"]);
    // One that only keeps other events away skips it for no pull request.
    const event = (name: string): string => `github.event_name == '${name}'`;
    const under = (condition: string): string => `${BOTH}jobs:\n  ci:\n    if: ${condition}\n${STEPS}`;
    const both = `${event("merge_group")} || ${event("pull_request")}`;
    for (const all of [both, `\${{ ${both} }}`]) {
      expect(lint({ [CI]: under(all) }, [{ name: "ci" }])).toEqual([]);
    }
    for (const some of [event("pull_request"), `${both} && github.actor`, `${both} || github.actor`]) {
      expect(told(lint({ [CI]: under(some) }, [{ name: "ci" }]))).toEqual(["warning check-may-be-fooled 3"]);
    }
    const needs =
      `${BOTH}jobs:\n  build:\n${STEPS}` +
      `  test:\n    needs: build\n${STEPS}  ci:\n    needs: [test]\n${STEPS}`;
    const findings = lint({ [CI]: needs }, [{ name: "ci" }]);
    expect(told(findings)).toEqual(["error check-may-be-fooled 10"]);
    expect(findings[0]?.message).toContain("when build, test fails");
    // What is required itself keeps the merge back itself.
    expect(lint({ [CI]: needs }, [{ name: "ci" }, { name: "test" }, { name: "build" }])).toEqual([]);
  });

  it("may need jobs of a matrix and of called workflows, where each of them is required", () => {
    const matrix = "    strategy: { matrix: { node: [22, 24] } }\n";
    const called = "  more:\n    uses: ./.github/workflows/b.yml\n";
    const files = {
      [CI]: `${BOTH}jobs:\n  test:\n${matrix}${STEPS}${called}  ci:\n    needs: [test, more]\n${STEPS}`,
      ".github/workflows/b.yml": `on: workflow_call\njobs:\n  b:\n${STEPS}`,
    };
    const all = [{ name: "ci" }, { name: "test (22)" }, { name: "test (24)" }, { name: "more / b" }];
    expect(lint(files, all)).toEqual([]);
    expect(lint(files, all.slice(0, 2)).map(({ message }) => message)).toEqual([
      expect.stringContaining("when test, more fails"),
    ]);
  });

  it("may need others where it always runs and looks how they ended", () => {
    const job = (condition: string, step: string): string =>
      `${BOTH}jobs:\n  test:\n${STEPS}  ci:\n    needs: [test]\n    if: ${condition}\n` +
      `    runs-on: x\n    steps: [{ run: "${step}" }]\n`;
    const look = "test '${{ needs.test.result }}' = success";
    expect(lint({ [CI]: job("always()", look) }, [{ name: "ci" }])).toEqual([]);
    expect(lint({ [CI]: job("${{ !cancelled() }}", look) }, [{ name: "ci" }])).toEqual([]);
    expect(told(lint({ [CI]: job("always()", "true") }, [{ name: "ci" }]))).toEqual([
      "error check-may-be-fooled 6",
    ]);
    // Skipped when the test failed, and so green.
    const both = "always() && needs.test.result == 'success'";
    expect(told(lint({ [CI]: job(both, look) }, [{ name: "ci" }]))).toEqual([
      "warning check-may-be-fooled 6",
    ]);
  });

  it.each([
    ["${{ needs.test.result }}", 1],
    ["${{ needs['test'].result }} ${{ needs.more-tests.Result }}", 0],
    ["${{ join(needs.*.result) }}", 0],
    ["${{ toJSON(needs) }}", 0],
    ["${{ toJson( needs.test ) }} ${{ needs.more-tests['result'] }}", 0],
    ["${{ needs.test.outputs.v }} ${{ needs.more-tests.outputs.result }}", 2],
    ["${{ needs.more.result }} ${{ needs.test-it.result }}", 2],
  ])("must look at the result of each that it needs, and not at its outputs: %s", (step, count) => {
    const text =
      `${BOTH}jobs:\n  test:\n${STEPS}  more-tests:\n${STEPS}  ci:\n    needs: [test, more-tests]\n` +
      `    if: \${{ always() || needs.test.result == 'success' }}\n` +
      `    outputs: { tested: "\${{ needs.test.result }}" }\n    runs-on: x\n` +
      `    steps: [{ run: "${step}" }]\n`;
    const names = ["test", "more-tests"].slice(2 - count).join(", ");
    expect(lint({ [CI]: text }, [{ name: "ci" }]).map(({ message }) => message)).toEqual(
      count === 0 ? [] : [`the required check 'ci' runs always and never looks at how ${names} ended`],
    );
  });

  it("of a called workflow never comes where its caller is skipped", () => {
    const files = {
      [CI]: `${BOTH}jobs:\n  a:\n    if: github.event_name == 'push'\n    uses: ./.github/workflows/b.yml\n`,
      ".github/workflows/b.yml": `on: workflow_call\njobs:\n  b:\n${STEPS}`,
    };
    expect(told(lint(files, [{ name: "a / b" }]))).toEqual([
      "error check-may-stall 3",
      "error check-may-stall 3",
    ]);
  });

  it("whose name only a run can tell is no error, and no proof", () => {
    const matrix = "    strategy: { matrix: '${{ fromJSON(vars.M) }}' }\n";
    expect(told(lint({ [CI]: `${BOTH}jobs:\n  ci:\n${matrix}${STEPS}` }, [{ name: "ci (24)" }]))).toEqual([
      "warning check-of-an-open-name 3",
      "warning check-of-an-open-name 3",
    ]);
  });

  it("that any app may report is only a warning where no workflow does", () => {
    const files = { [CI]: `${BOTH}jobs:\n  ci:\n${STEPS}` };
    expect(told(lint(files, [{ name: "jenkins", app: "any" }]))).toEqual([
      "warning check-without-producer",
      "warning check-without-producer",
    ]);
    expect(lint(files, [{ name: "ci", app: "any" }])).toEqual([]);
  });

  it("of another app is not looked for here, and that is said", () => {
    expect(told(lint({ [CI]: `${BOTH}jobs:\n  ci:\n${STEPS}` }, [{ name: "scan", app: 99 }]))).toEqual([
      "note check-of-an-app",
    ]);
  });
});

describe("a file that is no workflow", () => {
  it.each(["jobs: [", "name: nothing here\n", "- a\n- b\n", "", "jobs: *none\n"])(
    "is a finding and no crash: %j",
    (text) => {
      expect(readWorkflow(CI, text)).toMatchObject({
        rule: "protect/workflow-unreadable",
        severity: "warning",
      });
    },
  );
});

it("reads every workflow of this repository", () => {
  const folder = fileURLToPath(new URL("../../../../.github/workflows", import.meta.url));
  for (const name of readdirSync(folder)) {
    const read = readWorkflow(`.github/workflows/${name}`, readFileSync(join(folder, name), "utf8"));
    expect("jobs" in read && read.jobs.length > 0).toBe(true);
  }
});

describe("workflows that were made to take long", () => {
  it("are not multiplied out where they call each other", () => {
    const calling = (at: number): string =>
      `on: workflow_call\njobs:\n${Array.from(
        { length: 10 },
        (_, job) => `  j${job}: { uses: ./.github/workflows/w${at + 1}.yml }\n`,
      ).join("")}`;
    const files = Object.fromEntries(
      Array.from({ length: 9 }, (_, at) => [`.github/workflows/w${at + 1}.yml`, calling(at + 1)]),
    );
    const found = names(calling(0).replace("workflow_call", "pull_request"), files);
    expect(found.length).toBeLessThan(20_000);
    expect(found).toContain("j9 / *");
  });

  it("are looked up where they need each other", () => {
    const jobs = Array.from(
      { length: 2_000 },
      (_, at) => `  j${at}:\n    name: \${{ x }}\n    needs: [j${at + 1}]\n    runs-on: x\n`,
    );
    const found = lint({ [CI]: `${BOTH}jobs:\n${jobs.join("")}` }, [{ name: "a" }]);
    expect(found.length).toBeGreaterThan(0);
  });

  it("have a name of a job that is read at once, whatever stands in it", () => {
    const written = `"${"${{ ".repeat(20_000)}${" ".repeat(100_000)}"`;
    expect(names(`${BOTH}jobs:\n  a:\n    name: ${written}\n    runs-on: x\n`)).toHaveLength(1);
  });
});
