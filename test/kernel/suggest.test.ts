import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { editDistance, nearest } from "../../src/kernel/suggest.ts";

describe("suggestions for mistyped words", () => {
  it.each([
    ["backup", "bakcup", 1],
    ["list", "lsit", 1],
    ["", "abc", 3],
    ["restore", "restore", 0],
    ["validate", "valdate", 1],
    ["kitten", "sitting", 3],
  ])("distance of %s and %s is %i", (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });

  it("are symmetric, zero only for equal words, and never above the longer length", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });

  it("are made only when one word is clearly meant", () => {
    const names = ["backup", "list", "validate", "restore", "keygen"];
    expect(nearest("bakup", names)).toBe("backup");
    expect(nearest("vali", names)).toBe("validate");
    expect(nearest("destroy", names)).toBeUndefined();
    expect(nearest("tier9", ["tier1", "tier2"])).toBeUndefined();
  });
});
