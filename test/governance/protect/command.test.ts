import { describe, expect, it } from "@jest/globals";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { forgeAccess } from "../../../src/entry/inputs/forge-access.ts";
import { Secret } from "../../../src/kernel/secret.ts";
import { githubDescription } from "../../support/github/description.ts";
import { FakeRules } from "../../support/github/fake-rules.ts";
import { repository } from "../../support/repository.ts";
import { run, scratchFolder, type Finished } from "../../support/tools.ts";

const TOKEN = "ghs_0123456789abcdef";

/** The command line, as a process of its own, in a checkout. */
function protect(folder: string, api: string, args: readonly string[], token = TOKEN): Promise<Finished> {
  const cli = new URL("../../../src/entry/cli/cli.ts", import.meta.url).href;
  const script =
    `const { runCli } = await import(${JSON.stringify(cli)}); ` + "await runCli(process.argv.slice(1));";
  return run(
    process.execPath,
    ["--no-warnings", "--input-type=module", "-e", script, "--", "protect", ...args],
    {
      cwd: folder,
      env: {
        PATH: process.env["PATH"],
        GITHUB_TOKEN: token,
        GITHUB_API_URL: api,
        GITHUB_REPOSITORY: "acme/shop",
        HOLDFAST_DO: undefined,
      },
    },
  );
}

describe("holdfast protect", () => {
  it("plans, applies and audits with what a job's environment says, and never shows the token", async () => {
    await using folder = scratchFolder("protect");
    await using fake = new FakeRules(githubDescription("rules"), TOKEN);
    const api = await fake.listen();
    mkdirSync(join(folder.path, ".github/workflows"), { recursive: true });
    writeFileSync(
      join(folder.path, ".github/holdfast.yml"),
      "protection:\n  branches:\n    - branches: [main, develop]\n      checks:\n        - name: ci\n",
    );
    const workflow = join(folder.path, ".github/workflows/ci.yml");
    const jobs = "jobs:\n  ci:\n    runs-on: ubuntu-latest\n    steps: [{ run: make }]\n";
    writeFileSync(workflow, `on: pull_request\n${jobs}`);

    const held = await protect(folder.path, api, ["--do", "apply"]);
    expect([held.code, fake.written]).toEqual([3, []]);
    expect(held.stderr).toContain("no job reports the required check 'ci' on merge_group");

    writeFileSync(workflow, `on: [pull_request, merge_group]\n${jobs}`);
    expect((await protect(folder.path, api, [])).code).toBe(0);
    const applied = await protect(folder.path, api, ["--do", "apply", "--json"]);
    expect([applied.code, JSON.parse(applied.stdout)]).toMatchObject([0, { verdict: "equal", drift: [] }]);
    fake.rulesets[0]!.enforcement = "disabled";
    const audited = await protect(folder.path, api, ["--do", "audit"]);
    expect(audited.code).toBe(3);
    expect(audited.stderr).toContain("its rules keep nobody from anything");
    const refused = await protect(folder.path, api, ["--do", "audit"], "ghs_somebody_elses");
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain("forge.denied");
    const said = [held, applied, audited, refused].map(({ stdout, stderr }) => stdout + stderr).join();
    expect(said).not.toMatch(/ghs_/);
    expect(fake.wrong).toEqual([]);
  });

  it("finds the declaration from any folder, and knows what `protect plan` means", async () => {
    await using repo = repository();
    await using fake = new FakeRules(githubDescription("rules"), TOKEN);
    const api = await fake.listen();
    repo.write({
      ".github/holdfast.yml": "protection: { branches: [{ branches: [main], checks: [{ name: ci }] }] }\n",
      ".github/workflows/ci.yml":
        "on: [pull_request, merge_group]\njobs: { ci: { runs-on: x, steps: [{ run: make }] } }\n",
      "src/deep/a.ts": "1\n",
    });
    const planned = await protect(join(repo.path, "src/deep"), api, ["--json"]);
    expect([planned.code, JSON.parse(planned.stdout)]).toMatchObject([0, { findings: [] }]);
    const words = await protect(repo.path, api, ["apply"]);
    expect([words.code, fake.written]).toEqual([2, []]);
    expect(words.stderr).toContain("unexpected argument 'apply'; did you mean --do apply?");
    await using empty = scratchFolder("protect-empty");
    const none = await protect(empty.path, api, []);
    expect([none.code, none.stderr]).toEqual([
      2,
      expect.stringContaining("there is no settings file .github/holdfast.yml"),
    ]);
  });
});

describe("who is asked, and as whom", () => {
  const env = { GITHUB_REPOSITORY: "acme/shop", GITHUB_TOKEN: "job", GH_TOKEN: "person" };

  it("is what was given, else what the environment says", () => {
    const { token, ...where } = forgeAccess(undefined, undefined, env);
    expect([where, token.reveal()]).toEqual([
      { repository: "acme/shop", api: "https://api.github.com" },
      "job",
    ]);
    const given = forgeAccess("acme/other", new Secret("given"), env);
    expect([given.repository, given.token.reveal()]).toEqual(["acme/other", "given"]);
    expect(forgeAccess(undefined, undefined, { ...env, GITHUB_TOKEN: "" }).token.reveal()).toBe("person");
  });

  it("is missing, or malformed, in words that name it", () => {
    expect(() => forgeAccess(undefined, undefined, { ...env, GITHUB_REPOSITORY: "" })).toThrow(
      /no repository/,
    );
    expect(() => forgeAccess("acme/shop/../x", undefined, env)).toThrow(/owner\/name/);
    expect(() => forgeAccess("acme", undefined, env)).toThrow(/owner\/name/);
    expect(() => forgeAccess("acme/shop", undefined, {})).toThrow(/no token/);
  });

  it("never sends a token in the clear, but to this machine", () => {
    const api = (url: string): string =>
      forgeAccess(undefined, undefined, { ...env, GITHUB_API_URL: url }).api;
    expect(api("https://github.example.com/api/v3/")).toBe("https://github.example.com/api/v3");
    expect(api("http://127.0.0.1:8080")).toBe("http://127.0.0.1:8080");
    for (const bad of ["http://github.example.com", "ftp://x", "nonsense", "https://user@x"]) {
      expect(() => api(bad)).toThrow(/GITHUB_API_URL/);
    }
  });
});
