import { expect, it } from "@jest/globals";
import { join } from "node:path";
import { gitHistory } from "../../../src/adapters/source-tree/history.ts";
import type { Finding } from "../../../src/governance/findings/finding.ts";
import { runPrPolicy } from "../../../src/governance/pr-policy/run.ts";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import type { AdvisorySource } from "../../../src/ports/advisory-source.ts";
import { repository } from "../../support/repository.ts";
import { testPorts } from "../../support/test-ports.ts";
import { manifestOf, npmLock, type Tree } from "../dependencies/locks.ts";

const TREE: Tree = { asked: { a: "1.5.0" }, packages: [{ name: "a", version: "1.5.0" }] };
const SETTINGS = `
policy:
  rules: { sections: off, linked-issue: off, documentation: off, touched: off }
dependencies: { ranges: { runtime: exact } }
`;

interface Asked {
  readonly settings?: string;
  readonly registry?: string;
  readonly ask?: AdvisorySource["ask"];
}

async function audited({ settings = SETTINGS, registry, ask }: Asked): Promise<Outcome> {
  await using repo = repository();
  repo.commit("chore: begin", {
    ".github/holdfast.yml": settings,
    "package.json": manifestOf(TREE),
    "package-lock.json": npmLock(TREE),
  });
  repo.git("checkout", "-qb", "feature/a");
  repo.commit("fix: a", { "src/a.ts": "1\n" });
  repo.write({ ".git/body.md": "What it does." });
  return await runPrPolicy(
    {
      local: true,
      judge: "all",
      token: undefined,
      audit: true,
      auditRegistry: registry ?? "https://registry.npmjs.org",
      base: "main",
      branch: undefined,
      title: undefined,
      titleFile: undefined,
      bodyFile: join(repo.path, ".git/body.md"),
      coverage: [],
      settings: ".github/holdfast.yml",
    },
    {
      ...testPorts(),
      sourceHistory: () => Promise.resolve(gitHistory({ env: process.env, folder: repo.path })),
      openAdvisories: () =>
        Promise.resolve({ described: "a registry", ask: ask ?? (() => Promise.resolve([])) }),
    },
  );
}

const told = ({ outputs }: Outcome): string[] =>
  (outputs["findings"] as unknown as Finding[])
    .filter(({ severity }) => severity !== "note")
    .map(({ severity, rule, file }) => `${severity} ${rule} ${file ?? "-"}`);

it("a known vulnerability refuses, by what the lock file holds", async () => {
  const asked: unknown[] = [];
  const outcome = await audited({
    ask: (packages) => {
      asked.push(Object.fromEntries(packages));
      const known = { id: "GHSA-1", package: "a", vulnerable: "<1.6.0", title: "t", url: "https://e.org/1" };
      return Promise.resolve([{ ...known, severity: "high" }]);
    },
  });
  expect(asked).toEqual([{ a: ["1.5.0"] }]);
  expect([outcome.exit, told(outcome)]).toEqual([3, ["error advisory package-lock.json"]]);
});

it("a registry that knows of nothing passes, and one that could not be asked does not", async () => {
  expect((await audited({})).exit).toBe(0);
  const outcome = await audited({
    ask: () => Promise.reject(new HoldfastError("advisories.untold", "a registry answered 503")),
  });
  expect([outcome.exit, told(outcome)]).toEqual([3, ["error audit-unknown -"]]);
});

it.each(["http://registry.example.org", "https://ada:secret@registry.example.org", "registry.npmjs.org"])(
  "nobody is asked by %s",
  async (registry) => {
    await expect(audited({ registry })).rejects.toMatchObject({ code: "input.malformed" });
  },
);

it("asking is no gate where nothing is judged by the answer", async () => {
  const settings = SETTINGS.replace(/dependencies.*\n/, "");
  await expect(audited({ settings })).rejects.toMatchObject({
    code: "input.conflict",
    hint: expect.stringContaining("dependencies: {}") as unknown,
  });
});
