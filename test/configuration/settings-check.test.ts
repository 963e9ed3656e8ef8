import { describe, expect, it } from "@jest/globals";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { checkout } from "../../src/adapters/source-tree/checkout.ts";
import { gitHistory } from "../../src/adapters/source-tree/history.ts";
import { SETTINGS_SECTIONS } from "../../src/commands/configuration/sections.ts";
import { runSettingsCheck } from "../../src/configuration/settings-check/run.ts";
import type { Outcome } from "../../src/kernel/outcome.ts";
import type { SettingsProblem } from "../../src/nouns/settings/document.ts";
import type { Section } from "../../src/nouns/settings/section.ts";
import { secretSetting } from "../../src/nouns/settings/secret-setting.ts";
import { choose } from "../../src/entry/cli/cli.ts";
import { repository, type Repository } from "../support/repository.ts";
import { scratchFolder } from "../support/tools.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/truststream/.github/holdfast.yml", import.meta.url));
const WORKFLOW = "on: [pull_request]\njobs:\n  test:\n    runs-on: x\n    steps: []\n";

async function check(
  repo: Repository,
  settings: string | undefined,
  sections: readonly Section[] = SETTINGS_SECTIONS,
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  return await runSettingsCheck(
    { settings },
    {
      sourceTree: () => Promise.resolve(checkout({ env: process.env })),
      sourceHistory: () => Promise.resolve(gitHistory({ env: process.env, folder: repo.path })),
      variable: (name) => env[name],
    },
    sections,
  );
}

const said = ({ outputs }: Outcome): string[] =>
  (outputs["problems"] as unknown as SettingsProblem[]).map(
    ({ line, column, key, message }) => `${line}:${column} ${key}: ${message}`,
  );

describe("settings check", () => {
  it("finds nothing wrong with the reference deployment's file, and says where values are from", async () => {
    await using repo = repository();
    const outcome = await check(repo, EXAMPLE);
    expect([said(outcome), outcome.exit, outcome.outputs["verdict"]]).toEqual([[], 0, "valid"]);
    const settings = outcome.outputs["settings"] as unknown as { key: string }[];
    const of = (key: string): unknown => settings.find((each) => each.key === key);
    expect(of("protection.branches[0].approvals")).toEqual({
      key: "protection.branches[0].approvals",
      value: 2,
      from: "file",
      line: expect.any(Number) as unknown,
      column: 18,
    });
    expect(of("protection.branches[0].force-push")).toEqual({
      key: "protection.branches[0].force-push",
      value: false,
      from: "default",
    });
    expect(outcome.outputs["file-from"]).toBe("input");
    expect(outcome.report.tables[0]!.rows).toContainEqual([
      "coverage.total",
      "85",
      expect.stringMatching(/^holdfast\.yml:\d+$/) as unknown,
    ]);
  });

  it("without a file says that there is none, and the defaults that count", async () => {
    await using repo = repository();
    const outcome = await check(repo, undefined);
    expect([outcome.exit, outcome.outputs["verdict"], outcome.outputs["file"]]).toEqual([0, "none", null]);
    expect(outcome.report.headline).toMatch(
      /^there is no settings file .*holdfast\.yml: the defaults count$/,
    );
    const settings = outcome.outputs["settings"] as unknown as { key: string; from: string }[];
    expect(settings.every(({ from }) => from === "default")).toBe(true);
    expect(settings.some(({ key }) => key.startsWith("dependencies"))).toBe(false);
    expect(outcome.report.notes).toContain("without a section `dependencies` nothing of the kind is done");
  });

  it("names the file that is not there where one was asked for, and follows no link", async () => {
    await using repo = repository();
    await expect(check(repo, join(repo.path, "no.yml"))).rejects.toMatchObject({
      code: "source.missing",
      message: expect.stringMatching(/^there is no settings file .*no\.yml$/) as unknown,
    });
    repo.write({ "elsewhere.yml": "policy: {}\n", ".github/x": "" });
    symlinkSync("../elsewhere.yml", join(repo.path, ".github/holdfast.yml"));
    await expect(check(repo, undefined)).rejects.toMatchObject({
      code: "input.malformed",
      message: expect.stringMatching(
        /holdfast\.yml is a symbolic link, and no command follows it/,
      ) as unknown,
    });
  });

  it("tells of a file with the other ending, and of a folder that is in no checkout", async () => {
    await using repo = repository();
    repo.write({ ".github/holdfast.yaml": "policy: {}\n" });
    await expect(check(repo, undefined)).rejects.toMatchObject({
      code: "input.malformed",
      message: expect.stringMatching(
        /holdfast\.yaml is read by no command: its name ends with \.yml$/,
      ) as unknown,
      hint: expect.stringMatching(/^Rename it to .*holdfast\.yml\.$/) as unknown,
    });
    repo.write({ ".github/holdfast.yml": "policy: {}\n" });
    expect((await check(repo, undefined)).outputs["verdict"]).toBe("valid");
    await using folder = scratchFolder("no-checkout");
    const { outputs } = await check({ ...repo, path: folder.path }, undefined);
    // The folder of this run, which has settings of its own.
    expect([outputs["verdict"], outputs["notes"]]).toEqual([
      "valid",
      expect.arrayContaining([
        "this folder is in no checkout of git: only .github in this folder was looked at",
      ]) as unknown,
    ]);
    const own = await check(repo, undefined);
    expect(JSON.stringify(own.outputs["notes"])).not.toContain("no checkout");
  });

  it("tells what is mistyped and what names nothing together, each at its place in the file", async () => {
    await using repo = repository();
    repo.write({
      ".github/workflows/ci.yml": WORKFLOW,
      ".github/holdfast.yml": `policy:
  description: { template: docs/pull.md, trackers: ["SHOP-[0-9"] }
  rules: { titel: off }
protection:
  branches:
    - branches: [main]
      approval: 1
      checks: [{ name: test }, { name: tets }, { name: other, app: 7 }]
nothing: 1
`,
    });
    const outcome = await check(repo, undefined);
    expect([outcome.exit, outcome.outputs["verdict"], outcome.outputs["settings"]]).toEqual([2, "wrong", []]);
    expect(said(outcome)).toEqual([
      "2:53 policy.description.trackers[0]: is no regular expression",
      "3:12 policy.rules.titel: is no key that is known here; did you mean title?",
      "7:7 protection.branches[0].approval: is no key that is known here; did you mean approvals?",
      "8:40 protection.branches[0].checks[1].name: no job in .github/workflows reports a check 'tets'",
      "9:1 nothing: is no section that is known here",
    ]);
    expect(outcome.annotations).toHaveLength(5);
    expect(outcome.annotations![1]).toMatchObject({ level: "error", line: 3 });
    repo.write({ ".github/holdfast.yml": "policy:\n  description:\n    template: docs/pull.md\n" });
    expect(said(await check(repo, undefined))).toEqual([
      "3:15 policy.description.template: there is no template docs/pull.md",
    ]);
  });

  it.each([
    ["[merge]", "branches: [{ merge-methods: [merge] }, { merge-methods: [squash] }]", [1, "squash"]],
    ["[merge]", "branches: [{ merge-methods: [rebase, merge, squash] }]", [0, "rebase, squash"]],
    ["[squash]", "branches: [{ linear-history: true, merge-methods: [merge, squash] }]", undefined],
    ["[merge, squash]", "branches: [{ merge-methods: [squash] }]", undefined],
    ["[merge]", "branches: [{ approvals: 1 }]", undefined],
    ["[rebase]", "tags: []", ["default", "merge, squash"]],
    ["[merge]", "mechanism: classic", undefined],
  ])("tells merge.methods %s against protection's %s", async (methods, protection, told) => {
    await using repo = repository();
    const text = `policy: { merge: { methods: ${methods} } }\nprotection: { ${protection} }\n`;
    repo.write({ ".github/holdfast.yml": text });
    const [place, more] = told ?? [];
    const expected =
      place === undefined
        ? []
        : place === "default"
          ? [`policy.merge.methods: has none of ${more}, and protection allows nothing else by default`]
          : [
              `protection.branches[${place}].merge-methods: allows ${more}, and policy.merge.methods says ` +
                "that nobody merges so",
            ];
    const outcome = await check(repo, undefined);
    const problems = said(outcome).map((each) => each.replace(/^[12]:\d+ /, ""));
    expect(problems.filter((each) => each.includes("methods"))).toEqual(expected);
  });

  it("shows of a secret its variable, tells one that is not set, and where none is filled in", async () => {
    await using repo = repository();
    const schema = z.strictObject({ password: secretSetting, text: z.string() });
    const sections: Section[] = [{ name: "policy", schema, absent: "nothing" }];
    repo.write({ ".github/holdfast.yml": "policy:\n  password: ${SMTP}\n  text: to ${USER}\n" });
    const set = await check(repo, undefined, sections, { SMTP: "geheim-4711" });
    expect(JSON.stringify(set)).not.toContain("geheim-4711");
    expect(set.report.tables[0]!.rows[0]).toEqual([
      "policy.password",
      '"${SMTP}"',
      "environment (holdfast.yml:2), set",
    ]);
    const unset = await check(repo, undefined, sections);
    expect([unset.exit, unset.outputs["notes"]]).toEqual([
      0,
      [
        "2:13 policy.password: the variable SMTP is not set here, so what needs it would end",
        "3:9 policy.text: stands as it is written: variables are filled in for secrets alone",
        expect.stringContaining("editors complete the file when its first line is: # yaml-language-server"),
      ],
    ]);
    repo.write({ ".github/holdfast.yml": "policy:\n  password: geheim-4711\n  text: x\n" });
    const literal = await check(repo, undefined, sections);
    expect(literal.exit).toBe(2);
    expect(JSON.stringify(literal)).not.toContain("geheim-4711");
  });

  it("may be written as two words, as any name of two", () => {
    for (const argv of [["settings", "check"], ["settings-check"]]) {
      expect(choose([...argv, "--json"])).toMatchObject({
        command: { name: "settings-check" },
        args: ["--json"],
      });
      expect(choose(["help", ...argv])).toEqual(choose([...argv, "--help"]));
    }
    expect(choose(["migrate", "status"])).toMatchObject({ command: { name: "migrate-status" } });
    expect(() => choose(["settings"])).toThrow("of the commands of holdfast settings none was named");
    expect(() => choose(["settings", "chekc"])).toThrow("did you mean settings check?");
  });
});
