import { readFileSync } from "node:fs";
import { expect, it } from "@jest/globals";
import { judgeDependencies } from "../../../src/governance/dependencies/judge.ts";
import { DEPENDENCIES } from "../../../src/governance/dependencies/settings.ts";

const textOf = (file: string): string => readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8");

it("this repository's own dependencies are exact, locked, in step and from npm's registry", () => {
  const files = {
    manifests: [{ file: "package.json", text: textOf("package.json") }],
    locks: [{ file: "package-lock.json", text: textOf("package-lock.json") }],
  };
  const { findings } = judgeDependencies({
    before: files,
    after: files,
    settings: DEPENDENCIES.parse({
      ranges: { runtime: "exact", dev: "exact", optional: "exact" },
      hosts: ["registry.npmjs.org"],
    }),
    today: "2026-11-27",
    audit: null,
  });
  expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
});
