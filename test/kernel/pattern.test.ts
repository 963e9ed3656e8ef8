import { describe, expect, it } from "@jest/globals";
import { anyOf, inSequence } from "../../src/kernel/pattern.ts";

describe("regular expressions of several parts", () => {
  it("fit where one of them does, an alternative's own bars included", () => {
    const pattern = anyOf(/^a|b$/, /^c(d)?$/);
    expect(["ax", "xb", "cd", "c"].map((text) => pattern.test(text))).toEqual([true, true, true, true]);
    expect(["xa", "bx", "cdd"].map((text) => pattern.test(text))).toEqual([false, false, false]);
  });

  it("fit where they fit one after another, and count their groups through", () => {
    const pattern = inSequence(/^(a)|^(b)/, /(?:-(\d))?/, /-(\w)$/);
    expect(pattern.exec("b-1-x")?.slice(1)).toEqual([undefined, "b", "1", "x"]);
    expect(pattern.test("a1-x")).toBe(false);
  });

  it("keep their flags, and refuse parts that differ in them", () => {
    expect([..."A\nb".matchAll(anyOf(/^a$/gim, /^b$/gim))].map(String)).toEqual(["A", "b"]);
    expect(() => inSequence(/a/i, /b/)).toThrow("/b/ has other flags than the first part, 'i'");
  });
});
