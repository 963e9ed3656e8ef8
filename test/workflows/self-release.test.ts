import { describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { jobsOf } from "./rules.ts";

const text = readFileSync(
  fileURLToPath(new URL("../../.github/workflows/self-release.yml", import.meta.url)),
  "utf8",
);
const { build, attest, publish, ...more } = jobsOf(text);

describe("self-release.yml", () => {
  it("starts by what reaches main, and nothing else can reach it", () => {
    const { on } = parse(text) as { readonly on: unknown };
    expect(on).toEqual({ push: { branches: ["main"] }, workflow_dispatch: null });
    expect(build!.if).toBe("github.ref == 'refs/heads/main'");
    expect(more).toEqual({});
  });

  it("gives each job the rights that it needs, none to the one that runs tests and installs packages", () => {
    expect(build!.permissions).toEqual({ contents: "read" });
    expect(attest!.permissions).toEqual({ "id-token": "write", attestations: "write" });
    expect(publish!.permissions).toEqual({ contents: "write", "pull-requests": "write" });
    expect(text.replace(/^ *#.*$/gm, "")).not.toContain("secrets.");
    for (const job of [attest!, publish!]) {
      expect(job.steps!.filter(({ run = "" }) => /\bnpm\b|\bnpx\b|\.ci\/run|scripts\//.test(run))).toEqual(
        [],
      );
    }
  });

  it("does nothing after the question where the commit is no release", () => {
    const asked = build!.steps!.findIndex(({ run }) => run === "node scripts/is-release.ts");
    expect(asked).toBeGreaterThan(0);
    const after = build!.steps!.slice(asked + 1);
    expect(after).toHaveLength(3);
    expect(after.map((step) => step.if)).toEqual(after.map(() => "steps.ask.outputs.release == 'true'"));
    for (const job of [attest!, publish!]) expect(job.if).toBe("needs.build.outputs.release == 'true'");
  });

  it("publishes, once somebody has approved it, what was checked, packed and attested before", () => {
    const runs = build!.steps!.map(({ run = "" }) => run).join("\n");
    expect(runs.indexOf(".ci/run")).toBeLessThan(runs.indexOf("npm pack"));
    expect(runs).toContain("npm run sbom");
    expect(attest!.needs).toBe("build");
    const attested = attest!.steps!.filter(({ uses }) => uses?.startsWith("actions/attest@") === true);
    expect(attested.map((step) => step.with?.["subject-path"])).toEqual(["release/*", "release/*.tgz"]);
    expect(publish!.needs).toEqual(["build", "attest"]);
    expect(publish!.environment).toBe("release");
    expect(publish!.steps!.at(-1)!.run).toBe(
      "node dist/cli.js release publish --branch main --assets 'release/*'",
    );
  });

  it("never lets a release wait behind what is none, nor cancels one that has begun", () => {
    expect((parse(text) as { readonly concurrency?: unknown }).concurrency).toBeUndefined();
    expect(publish!.concurrency).toEqual({ group: "self-release", "cancel-in-progress": false });
  });
});
