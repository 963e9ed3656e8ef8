import { describe, expect, it } from "@jest/globals";
import { lintMessage } from "../../../src/governance/commits/lint.ts";
import { readOwnRules, type OwnRules } from "../../../src/governance/commits/own-rules.ts";

const readFrom = async (files: Readonly<Record<string, string>>): Promise<OwnRules> =>
  await readOwnRules(Object.keys(files), (path) => {
    const text = files[path];
    return Promise.resolve(text === undefined ? undefined : Buffer.from(text));
  });

async function brokenBy(message: string, files: Readonly<Record<string, string>>): Promise<string[]> {
  const { rules } = await readFrom(files);
  return (await lintMessage(message, rules!)).map(({ rule }) => rule);
}

const TYPES = "extends: ['@commitlint/config-conventional']\nrules:\n  type-enum: [2, always, [shop, fix]]\n";

/** Each name means the one before it four times. */
const BOMB = Array.from("abcdefghijk")
  .map((name, at, all) => `${name}: &${name} [${at === 0 ? "x" : `*${all[at - 1]}, `.repeat(4)}]`)
  .join("\n");

describe("a repository's own configuration of commitlint", () => {
  it.each([
    [".commitlintrc", TYPES],
    [".commitlintrc.yaml", TYPES],
    [
      ".commitlintrc.json",
      '{ "extends": "@commitlint/config-conventional", ' +
        '"rules": { "type-enum": [2, "always", ["shop", "fix"]] } }',
    ],
    [
      "package.json",
      '{ "name": "a", "commitlint": { "extends": ["@commitlint/config-conventional"], ' +
        '"rules": { "type-enum": [2, "always", ["shop", "fix"]] } } }',
    ],
  ])("counts where it is data: %s", async (path, text) => {
    expect(await brokenBy("shop: sell", { [path]: text })).toEqual([]);
    expect(await brokenBy("feat: sell", { [path]: text })).toEqual(["type-enum"]);
    expect(await brokenBy("fix: Sell More", { [path]: text })).toEqual(["subject-case"]);
  });

  it("without a preset has its own rules alone", async () => {
    const files = { ".commitlintrc": "rules: { header-max-length: [2, always, 20], body-empty: 0 }" };
    expect(await brokenBy("Whatever it Is.", files)).toEqual([]);
    expect(await brokenBy("What is longer than that", files)).toEqual(["header-max-length"]);
  });

  it("is the first that commitlint finds, and a package's file without the key is none", async () => {
    const files = {
      "package.json": '{ "name": "a" }',
      ".commitlintrc.yml": "rules: { subject-empty: [2, never] }",
    };
    expect(await brokenBy("no type", files)).toEqual(["subject-empty"]);
    expect(await readFrom({ "package.json": "{ broken", "src/.commitlintrc": "x: [" })).toEqual({
      rules: undefined,
      notes: [],
    });
  });

  it.each(["commitlint.config.js", ".commitlintrc.cjs", "commitlint.config.ts"])(
    "is not run where it is code: %s",
    async (path) => {
      const found = await readFrom({ [path]: "process.exit(1)" });
      expect(found).toEqual({ rules: undefined, notes: [expect.stringContaining(`${path} is code`)] });
    },
  );

  it("says what of it is not read", async () => {
    const text = "extends: ['@acme/config', conventional]\nplugins: [local]\nparserPreset: x\n";
    expect((await readFrom({ ".commitlintrc": text })).notes).toEqual([
      expect.stringContaining('extends "@acme/config", which is not read'),
      expect.stringContaining("parserPreset in .commitlintrc is not read"),
      expect.stringContaining("plugins in .commitlintrc is not read"),
    ]);
  });

  it.each([
    ["no YAML", "rules: ["],
    ["a rule that is none", "rules: { no-such-rule: [2, always] }"],
    ["a level that is none", "rules: { type-case: [7, always, lower-case] }"],
    ["a rule without a level", "rules: { type-case: often }"],
    ["a bomb of aliases", BOMB],
  ])("is told where it is wrong: %s", async (_, text) => {
    await expect(readFrom({ ".commitlintrc": text })).rejects.toMatchObject({
      code: "input.malformed",
      message: expect.stringContaining(".commitlintrc"),
    });
  });
});
