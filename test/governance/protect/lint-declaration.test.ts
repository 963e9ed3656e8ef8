import { describe, expect, it } from "@jest/globals";
import { lintDeclaration } from "../../../src/governance/protect/lint-declaration.ts";
import { fits } from "../../../src/governance/patterns/ref-pattern.ts";
import { protection } from "../../../src/governance/protect/settings.ts";

const rulesOf = (given: object, owner?: "User" | "Organization"): string[] =>
  lintDeclaration(protection.parse(given), owner).map(
    ({ rule, severity }) => `${severity} ${rule.replace("protect/", "")}`,
  );

describe("a declaration held against the release flow", () => {
  it("contradicts nothing when nothing is said", () => {
    expect(rulesOf({})).toEqual([]);
  });

  it("may want a linear history on main, and not where releases are merged back", () => {
    const main = { branches: ["main"], "linear-history": true, "merge-methods": ["squash"] };
    expect(rulesOf({ branches: [main, { branches: ["develop"] }] })).toEqual([]);
    const all = { branches: ["main", "dev*"], "linear-history": true };
    expect(rulesOf({ branches: [all] })).toEqual(["error linear-history-and-back-merges"]);
    expect(rulesOf({ branches: [all], "back-merges": [] })).toEqual([]);
    expect(rulesOf({ branches: [{ ...all, except: ["develop"] }] })).toEqual([]);
  });

  it("must leave a way to merge back, and any way to merge at all", () => {
    expect(rulesOf({ branches: [{ "merge-methods": ["squash"] }] })).toEqual([
      "error linear-history-and-back-merges",
    ]);
    const stuck = { branches: ["main"], "linear-history": true, "merge-methods": ["merge"] };
    expect(rulesOf({ branches: [stuck] })).toEqual(["error no-way-to-merge"]);
  });

  it("must not hold tags that move at every release, nor let nobody make tags", () => {
    expect(rulesOf({ tags: [{ tags: ["v*"] }] })).toEqual(["error tag-that-moves"]);
    expect(rulesOf({ tags: [{ tags: ["v*"], move: true }] })).toEqual([]);
    expect(rulesOf({ tags: [{ creation: false }] })).toEqual(["error tag-that-nobody-makes"]);
    expect(rulesOf({ tags: [{ creation: false, bypass: [{ type: "DeployKey" }] }] })).toEqual([]);
  });

  it("cannot let teams or apps pass on a personal repository", () => {
    const rules = { bypass: [{ type: "Integration", id: 15368 }] };
    expect(rulesOf({ branches: [rules] }, "Organization")).toEqual([]);
    expect(rulesOf({ branches: [rules] }, "User")).toEqual(["error bypass-on-a-personal-repository"]);
    const role = { bypass: [{ type: "RepositoryRole", id: 5 }] };
    expect(rulesOf({ branches: [role] }, "User")).toEqual([]);
  });

  it("says when the last push is to be approved by nobody", () => {
    expect(rulesOf({ branches: [{ approvals: 0 }] })).toEqual(["warning last-push-without-approvals"]);
  });
});

it.each([
  ["v*.*.*", "v1.2.3", true],
  ["v*.*.*", "v1", false],
  ["release/*", "release/1.0", true],
  ["release/*", "release/1.0/fix", false],
  ["**/fix", "a/b/fix", true],
  ["**/fix", "fix", true],
  ["v[0-9]", "v1", true],
  ["v[!0-9]", "v1", false],
  ["a?c", "abc", true],
  ["a.c", "abc", false],
  ["v[", "v[", true],
])("%s fits %s: %s", (pattern, name, expected) => {
  expect(fits(pattern, name)).toBe(expected);
});
