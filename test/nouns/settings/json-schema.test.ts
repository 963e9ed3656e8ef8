import { describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import * as z from "zod";
import { SETTINGS_SECTIONS } from "../../../src/commands/configuration/sections.ts";
import { SCHEMA_COMMENT, SCHEMA_URL, settingsSchema } from "../../../src/nouns/settings/json-schema.ts";
import { secretSetting } from "../../../src/nouns/settings/secret-setting.ts";
import { SECTIONS } from "../../../src/nouns/settings/section.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const SCHEMA = readFileSync(join(root, "schemas/holdfast.schema.json"), "utf8");
const EXAMPLE = readFileSync(join(root, "examples/truststream/.github/holdfast.yml"), "utf8");

/** The validator that ESLint brings; nothing of ours depends on one. */
interface Validator {
  validate(schema: unknown, data: unknown): boolean;
  readonly errors: readonly { readonly dataPath: string; readonly message: string }[] | null;
}
const viaEslint = createRequire(createRequire(import.meta.url).resolve("eslint/package.json"));
const Ajv = viaEslint("ajv") as new (options: object) => Validator;

function judged(text: string): string[] {
  const ajv = new Ajv({ allErrors: true, jsonPointers: true });
  ajv.validate(JSON.parse(SCHEMA), parse(text));
  return (ajv.errors ?? []).map(({ dataPath, message }) => `${dataPath} ${message}`);
}

describe("the JSON Schema of the settings", () => {
  it("has every section that the file may have, and says where it is", () => {
    const { properties, $id } = JSON.parse(SCHEMA) as { properties: object; $id: string };
    expect(Object.keys(properties).sort()).toEqual([...SECTIONS].sort());
    expect(SETTINGS_SECTIONS.map(({ name }) => name).sort()).toEqual([...SECTIONS].sort());
    expect($id).toBe(SCHEMA_URL);
  });

  it("takes the reference deployment's file, which names it in its first line", () => {
    expect(EXAMPLE.split("\n")[0]).toBe(SCHEMA_COMMENT);
    expect(judged(EXAMPLE)).toEqual([]);
    for (const section of SECTIONS) {
      for (const empty of [" {}", ""]) expect(judged(`${section}:${empty}\n`)).toEqual([]);
    }
    expect(judged("# nothing yet\n")).toEqual([]);
  });

  it.each([
    ["approvals: 2", "aprovals: 2", "/protection/branches/0 should NOT have additional properties"],
    ["approvals: 2", "approvals: 7", "/protection/branches/0/approvals should be <= 6"],
    ["coverage:\n", "coverages:\n", " should NOT have additional properties"],
    ["base: main", "bas: main", "/policy/branches/twins/0 should have required property 'base'"],
    ["level: high", "level: hihg", "/dependencies/audit/level should be equal to one of the allowed values"],
  ])("refuses what is mistyped: %j as %j", (right, typed, told) => {
    expect(EXAMPLE).toContain(right);
    expect(judged(EXAMPLE.replace(right, typed))).toContain(told);
  });

  it("lets an editor mark a secret that is written out", () => {
    const schema = z.strictObject({ password: secretSetting });
    const made = JSON.stringify(settingsSchema([{ name: "policy", schema, absent: "nothing" }]));
    const { properties } = JSON.parse(made) as { properties: { policy: object } };
    expect(properties.policy).toMatchObject({
      properties: { password: { type: "string", pattern: expect.stringContaining("A-Za-z_") as unknown } },
      required: ["password"],
    });
  });

  it("knows the rules that may be switched", () => {
    expect(judged("policy: { rules: { title: off } }")).toEqual([]);
    expect(judged("policy: { rules: { titel: off } }")).not.toEqual([]);
  });
});
