import { describe, expect, test } from "@jest/globals";
import { textMatching } from "../../../../src/schema/proof/canary/pattern-text.ts";

describe("a text for a regular expression", () => {
  test.each([
    ["^{255}a", "a"],
    ["(){255}a", "a"],
    ["x{3}", "xxx"],
  ])("of %s is %s", (expression, text) => {
    expect(textMatching(expression, 1)).toBe(text);
  });

  // The server takes a CHECK without looking into its expression; these once had no end, or no memory.
  test.each([
    ["an anchor", "^{99999999999999}a"],
    ["an empty group", "(){99999999999999}a"],
    ["an empty branch", "(|b){99999999999999}a"],
    ["more than any number", `^{${"9".repeat(400)}}a`],
    ["a letter", "a{99999999999999}"],
    ["counts of counts", "((((a{250}){250}){250}){250})"],
  ])("is none where there would be too many of %s", (_, expression) => {
    expect(textMatching(expression, 1)).toBeUndefined();
  });

  test("is none where groups are nested deeper than the stack", () => {
    expect(textMatching(`${"(".repeat(9000)}a${")".repeat(9000)}`, 1)).toBeUndefined();
    expect(textMatching(`${"(".repeat(4000)}a${")".repeat(4000)}`, 1)).toBeUndefined();
  });
});
