import { describe, expect, it } from "@jest/globals";
import { fits } from "../../../src/governance/patterns/ref-pattern.ts";
import { fitsFilter } from "../../../src/governance/patterns/workflow-filter.ts";

describe("a pattern of a ruleset", () => {
  it.each([
    ["main", "main", true],
    ["release/*", "release/1.0", true],
    ["release/*", "release/1.0/x", false],
    ["release/**/*", "release/1.0", true],
    ["release/**/*", "release/a/b/c", true],
    ["**/x", "x", true],
    ["**/x", "a/b/x", true],
    ["**/x", "/x", false],
    ["v?", "v1", true],
    ["v?", "v/", false],
    ["v[0-9]", "v7", true],
    ["v[!0-9]", "v7", false],
    ["v[^0-9]", "vx", true],
    ["v[0-9", "v[0-9", true],
    ["v[a/b]", "v[a/b]", true],
    ["v[]", "v[]", true],
    ["v*.*.*", "v1.2.3", true],
    ["v*.*.*", "v1.2", false],
    ["a.c", "abc", false],
  ])("%s and %s: %s", (pattern, name, is) => {
    expect(fits(pattern, name)).toBe(is);
  });

  it("is held against a name at once, however many of its signs take all", () => {
    expect(fits(`${"*a".repeat(200)}b`, "a".repeat(2_000))).toBe(false);
    expect(fits(`${"**/".repeat(200)}b`, "a/".repeat(1_000))).toBe(false);
    expect(fits("[".repeat(100_000), "main")).toBe(false);
  });
});

describe("a filter of a workflow", () => {
  it.each([
    ["main", "main", true],
    ["feature/*", "feature/my", true],
    ["feature/*", "feature/my/other", false],
    ["feature/**", "feature/my/other", true],
    ["**-x", "a/b-x", true],
    ["v2*", "v2.9", true],
    ["v[12].[0-9]+.[0-9]+", "v1.10.1", true],
    ["v[12].[0-9]+.[0-9]+", "v3.10.1", false],
    ["*.jsx?", "page.js", true],
    ["*.jsx?", "page.jsx", true],
    ["*.jsx?", "page.jsxx", false],
    ["+a", "a", false],
    ["a++", "aa", false],
    ["[z-a]", "b", false],
    ["a[", "a[", true],
    ["a[", "ab", false],
    ["a.c", "abc", false],
    ["a(b)", "a(b)", true],
  ])("%s and %s: %s", (pattern, branch, is) => {
    expect(fitsFilter(pattern, branch)).toBe(is);
  });

  it("is held against a branch at once, however many of its signs take all", () => {
    expect(fitsFilter(`${"**a".repeat(200)}b`, "a".repeat(2_000))).toBe(false);
    expect(fitsFilter(`${"a?".repeat(500)}${"a".repeat(500)}b`, "a".repeat(500))).toBe(false);
  });
});
