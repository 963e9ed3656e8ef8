import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "@jest/globals";
import { gitHistory } from "../../../src/adapters/source-tree/history.ts";
import { runPrPolicy } from "../../../src/governance/pr-policy/run.ts";
import { lintDeclaration } from "../../../src/governance/protect/lint-declaration.ts";
import { protection } from "../../../src/governance/protect/settings.ts";
import { lintChecks } from "../../../src/governance/protect/workflows/lint-checks.ts";
import { readWorkflow } from "../../../src/governance/protect/workflows/read-workflow.ts";
import { readSettings } from "../../../src/nouns/settings/read-settings.ts";
import { repository, type Repository } from "../../support/repository.ts";
import { testPorts } from "../../support/test-ports.ts";
import { BODY, refusals } from "./support.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const SETTINGS = ".github/holdfast.yml";
const text = readFileSync(join(ROOT, SETTINGS), "utf8");

/** Where the last twenty steps begin, or the policy did: what is older was held against none. */
function newest({ git }: Repository, head: string): string {
  const [adopted = ""] = git("log", "--diff-filter=A", "--format=%H", head, "--", SETTINGS).split("\n");
  const last = git("rev-list", "--first-parent", "-n", "20", head).split("\n").at(-1)!;
  const isLater = git("rev-list", "--count", `${last}..${adopted}`) === "0";
  return isLater ? last : `${adopted}^`;
}

describe("Holdfast's own policy", () => {
  it("passes its own newest commits, as a developer would see before pushing", async () => {
    await using repo = repository();
    repo.git("fetch", "-q", "--no-tags", ROOT, "HEAD");
    const head = repo.git("rev-parse", "FETCH_HEAD");
    const begin = newest(repo, head);
    // The settings of the base count, and those of today are to.
    repo.git("checkout", "-q", "-B", "main", begin);
    repo.commit("chore: take the policy of today", { [SETTINGS]: text });
    repo.write({ ".git/body.md": BODY });
    repo.git("checkout", "-qf", "-B", "feat/newest", head);
    const outcome = await runPrPolicy(
      {
        local: true,
        judge: "all",
        token: undefined,
        audit: false,
        auditRegistry: "https://registry.npmjs.org",
        base: "main",
        branch: undefined,
        title: "feat: the newest commits",
        titleFile: undefined,
        bodyFile: join(repo.path, ".git/body.md"),
        coverage: [],
        settings: SETTINGS,
      },
      {
        ...testPorts(),
        sourceHistory: () => Promise.resolve(gitHistory({ env: process.env, folder: repo.path })),
      },
    );
    expect(refusals(outcome)).toEqual([]);
    expect(outcome.outputs["commits"]).toBe(Number(repo.git("rev-list", "--count", `${begin}..${head}`)));
  });

  it("contradicts nothing, and has a producer for each check that it requires", () => {
    const { protection: declared } = readSettings(text, SETTINGS, { protection });
    const folder = join(ROOT, ".github/workflows");
    const workflows = readdirSync(folder).map((name) => {
      const read = readWorkflow(`.github/workflows/${name}`, readFileSync(join(folder, name), "utf8"));
      if ("rule" in read) throw new Error(read.message);
      return read;
    });
    const findings = [...lintDeclaration(declared!, "Organization"), ...lintChecks(declared!, workflows)];
    expect(findings.map(({ severity, rule, message }) => `${severity} ${rule}: ${message}`)).toEqual([]);
  });
});
