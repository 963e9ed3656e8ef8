import { describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run, type Finished } from "../support/tools.ts";
import { jobsOf } from "./rules.ts";

const folder = fileURLToPath(new URL("../../.github/workflows", import.meta.url));
const firstStep = (name: string) => {
  const [first] = jobsOf(readFileSync(join(folder, `${name}.yml`), "utf8"))[name]!.steps!;
  return first!;
};
const runs = (name: string, env: Readonly<Record<string, string>>): Promise<Finished> =>
  run("bash", ["--norc", "--noprofile", "-e", "-c", firstStep(name).run!], {
    env: { PATH: process.env["PATH"], ...env },
  });

describe.each(["backup", "validate", "restore"])("the first step of %s.yml", (name) => {
  it.each([
    [{ STORE: "azure://a/b", SIGN_IN: "true" }, /^$/],
    [{ STORE: "file:///srv", SIGN_IN: "false" }, /^$/],
    [{ STORE: "azure://a/b", SIGN_IN: "false" }, /^::warning .*AZURE_CLIENT_ID.*STORE_SECRET/],
  ])("says what is missing to sign in to the store: %j", async (env, said) => {
    const { code, stdout, stderr } = await runs(name, { GIVEN: "true", ...env });
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.trim()).toMatch(said);
    expect(firstStep(name).if).toBeUndefined();
  });
});

it.each([
  ["backup", "DATABASE_URL"],
  ["restore", "TARGET_URL"],
])("%s.yml ends before anything else where %s is empty, and names it", async (name, secret) => {
  expect(firstStep(name).env!["GIVEN"]).toBe(`\${{ secrets.${secret} != '' }}`);
  const { code, stdout } = await runs(name, { GIVEN: "false", STORE: "file:///srv", SIGN_IN: "false" });
  expect(code).toBe(2);
  expect(stdout).toContain(`The secret ${secret} is empty here.`);
  expect(stdout).toContain("'secrets:'");
});
