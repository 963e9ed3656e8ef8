import { describe, expect, it } from "@jest/globals";
import * as z from "zod";
import { protection, rulesetName } from "../../../src/governance/protect/settings.ts";

const problemsOf = (value: unknown): string[] =>
  (protection.safeParse(value).error?.issues ?? []).map(
    ({ path, message }) => `${path.join(".")} ${message}`,
  );

/** Every key of a JSON Schema that nothing is said of. */
function unsaid(schema: unknown, path = ""): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const { properties, items } = schema as { properties?: Record<string, object>; items?: object };
  return [
    ...Object.entries(properties ?? {}).flatMap(([key, each]) => [
      ...("description" in each ? [] : [`${path}.${key}`]),
      ...unsaid(each, `${path}.${key}`),
    ]),
    ...(items === undefined ? [] : unsaid(items, `${path}[]`)),
  ];
}

describe("the section 'protection'", () => {
  it("is a whole declaration when nothing is said: the long-lived branches, two approvals, no bypass", () => {
    const { mechanism, branches, tags } = protection.parse({});
    expect(mechanism).toBe("rulesets");
    expect(branches).toMatchObject([
      {
        branches: ["main", "production", "staging", "develop"],
        approvals: 2,
        "force-push": false,
        deletion: false,
        bypass: [],
        "enforce-admins": true,
      },
    ]);
    expect(tags).toMatchObject([{ tags: ["v*.*.*"], move: false, deletion: false }]);
  });

  it("says of every key what it means", () => {
    expect(unsaid(z.toJSONSchema(protection, { io: "input" }))).toEqual([]);
  });

  it("refuses a key that it does not know, instead of protecting less than was meant", () => {
    expect(problemsOf({ branches: [{ aprovals: 2 }] })).toEqual(['branches.0 Unrecognized key: "aprovals"']);
  });

  it("takes from 0 to 6 approvals, as GitHub does", () => {
    expect(problemsOf({ branches: [{ approvals: 6 }] })).toEqual([]);
    expect(problemsOf({ branches: [{ approvals: 7 }, { name: "b", approvals: -1 }] })).toHaveLength(2);
  });

  it("refuses what the chosen mechanism cannot do, each at its place", () => {
    const team = { type: "Team", id: 7 };
    expect(
      problemsOf({
        mechanism: "classic",
        branches: [
          { branches: ["release/*"], except: ["release/old"], bypass: [team, { type: "DeployKey" }] },
          { branches: ["main"], "merge-methods": ["squash"] },
          { name: "again", branches: ["main"] },
        ],
      }),
    ).toEqual([
      "branches.0.branches.0 is a pattern, and classic protection takes names only",
      "branches.0.except is nothing that classic protection knows",
      "branches.0.bypass.0.name is needed by classic protection",
      "branches.0.bypass.1.type is DeployKey, which classic protection cannot let pass",
      "branches.1.merge-methods is nothing that classic protection knows",
      "branches.2.branches names 'main' a second time",
    ]);
    expect(problemsOf({ branches: [{ bypass: [{ type: "Team", name: "admins" }] }] })).toEqual([
      "branches.0.bypass.0.id is needed for a Team",
    ]);
  });

  it("refuses two sets under one name, because each would overwrite the other", () => {
    expect(problemsOf({ branches: [{}, {}] })).toEqual([
      "branches.1 has the name 'holdfast: main, production, staging, develop', which another set has already",
    ]);
  });

  it("refuses a check that is required twice, of which one would say less than the other", () => {
    expect(problemsOf({ branches: [{ checks: [{ name: "ci" }, { name: "ci", app: "any" }] }] })).toEqual([
      "branches.0.checks.1.name is 'ci', which is required already",
    ]);
  });

  it("refuses a name with refs/ in front, which would match nothing", () => {
    expect(problemsOf({ branches: [{ branches: ["refs/heads/main"] }] })).toEqual([
      "branches.0.branches.0 is given without refs/heads/ or refs/tags/",
    ]);
  });

  it("names a ruleset after what it keeps, or as it is told", () => {
    const { branches, tags } = protection.parse({ branches: [{ name: "long-lived" }] });
    expect([...branches, ...tags].map(rulesetName)).toEqual(["long-lived", "holdfast: tags v*.*.*"]);
  });
});
