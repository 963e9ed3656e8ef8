import { expect, it } from "@jest/globals";
import * as z from "zod";
import { EXCEPTION_RULES, RULES } from "../../../src/governance/dependencies/rules/all.ts";
import { FIXED_RULE_NAMES, RULE_NAMES } from "../../../src/governance/dependencies/rules/names.ts";
import { DEPENDENCIES } from "../../../src/governance/dependencies/settings.ts";

it("settings may say nothing, and then everything has its default", () => {
  expect(DEPENDENCIES.parse({})).toEqual({
    ignore: [],
    ranges: {
      runtime: "caret",
      dev: "caret",
      optional: "caret",
      peer: "any",
      names: [],
      allow: ["workspace", "catalog"],
    },
    hosts: ["registry.npmjs.org", "registry.yarnpkg.com"],
    "install-scripts": { allow: [] },
    audit: { level: "high" },
    rules: {},
    exceptions: [],
  });
});

const exception = { rule: "registry-host", package: "a", reason: "why", until: "2026-12-31" };

it.each<[string, unknown, string]>([
  ["an unknown key", { range: {} }, "range"],
  ["an unknown key deeper down", { ranges: { runtimes: "exact" } }, "runtimes"],
  ["an unknown rule", { rules: { "no-such-rule": "off" } }, "no-such-rule"],
  ["a rule that is always on", { rules: { "lockfile-unreadable": "off" } }, "lockfile-unreadable"],
  ["an unknown reach", { ranges: { dev: "wide" } }, "exact"],
  ["a host with a scheme", { hosts: ["https://registry.npmjs.org"] }, "must be a host"],
  ["a path to ignore from the root of the machine", { ignore: ["/web/package.json"] }, "matches nothing"],
  ["a folder to ignore", { ignore: ["fixtures/"] }, "matches nothing"],
  ["patterns to ignore in braces", { ignore: ["{a,b}/package.json"] }, "matches nothing"],
  [
    "a name with a version",
    { ranges: { names: [{ name: "a@1", range: "exact" }] } },
    "is no name of a package",
  ],
  ["two names in one", { ranges: { names: [{ name: "a b", range: "exact" }] } }, "is no name of a package"],
  ["a pattern of scripts", { "install-scripts": { allow: ["@s/*"] } }, "is no package"],
  ["a range of scripts", { "install-scripts": { allow: ["esbuild@^0.28.0"] } }, "is no package"],
  ["an exception with another pattern", { exceptions: [{ ...exception, package: "a?" }] }, "matches nothing"],
  [
    "a day that does not exist",
    { exceptions: [{ ...exception, until: "2026-02-30" }] },
    "must be a day that exists",
  ],
  [
    "a day in another form",
    { exceptions: [{ ...exception, until: "31.12.2026" }] },
    "must be a day that exists",
  ],
  ["an exception without a day", { exceptions: [{ ...exception, until: undefined }] }, "until"],
  ["an exception without a reason", { exceptions: [{ ...exception, reason: "  " }] }, "reason"],
  [
    "an advisory for another rule",
    { exceptions: [{ ...exception, advisory: "GHSA-1" }] },
    "`advisory` must be",
  ],
  [
    "an exception from every advisory",
    { exceptions: [{ ...exception, rule: "advisory" }] },
    "`advisory` must be",
  ],
])("settings are refused with %s", (_what, settings, message) => {
  const { success, error } = DEPENDENCIES.safeParse(settings);
  expect(success).toBe(false);
  expect(JSON.stringify(error?.issues)).toContain(message);
});

it("settings may name packages and files in every form that is matched", () => {
  const given = {
    ignore: ["test/fixtures/**", "./web/[id]/package.json", "**/yarn.lock"],
    ranges: {
      names: ["*", "@s/*", "@s/a", "left-pad", "JSONStream"].map((name) => ({ name, range: "any" })),
    },
    "install-scripts": { allow: ["a", "@s/a", "a@1.0.0-rc.1", "@s/a@git+ssh://git@host/a.git#0123"] },
    exceptions: ["@s/*", "packages/x/package.json"].map((name) => ({ ...exception, package: name })),
  };
  expect(DEPENDENCIES.parse(given)).toMatchObject(given);
});

it("settings become a JSON Schema in which every key is described", () => {
  const schema = z.toJSONSchema(DEPENDENCIES, { io: "input" });
  const undescribed: string[] = [];
  const walk = (node: Record<string, unknown>, path: string): void => {
    for (const [key, each] of Object.entries(
      (node["properties"] ?? {}) as Record<string, Record<string, unknown>>,
    )) {
      if (typeof each["description"] !== "string") undescribed.push(`${path}${key}`);
      walk(each, `${path}${key}.`);
      if (each["items"] !== undefined) walk(each["items"] as Record<string, unknown>, `${path}${key}[].`);
    }
  };
  walk(schema, "");
  expect(undescribed).toEqual([]);
  expect(schema["additionalProperties"]).toBe(false);
});

it("every rule has a name of its own and texts in full sentences", () => {
  const rules = [...RULES, ...EXCEPTION_RULES];
  expect(rules.map(({ name }) => name).sort()).toEqual([...RULE_NAMES, ...FIXED_RULE_NAMES].sort());
  for (const { problem, solution } of rules) {
    expect(problem).toMatch(/^[A-Z`].*\.$/s);
    expect(solution).toMatch(/^[A-Z`].*\.$/s);
  }
});
