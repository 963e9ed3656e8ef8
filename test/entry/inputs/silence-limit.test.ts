import { describe, expect, it } from "@jest/globals";
import { silenceLimit } from "../../../src/entry/inputs/silence-limit.ts";

const limit = (given: string): number => silenceLimit({ HOLDFAST_SILENCE_LIMIT: given });

describe("the limit of silence", () => {
  it("is two minutes where nobody sets it", () => {
    expect([silenceLimit({}), limit(" ")]).toEqual([120_000, 120_000]);
  });

  it.each([
    ["1s", 1_000],
    ["5m", 300_000],
    ["7d", 604_800_000],
  ])("is %s as given", (given, ms) => {
    expect(limit(given)).toBe(ms);
  });

  it.each([
    ["999ms", "less than a second"],
    // Node ends a timer of more than 24 days at once: every upload would count as stalled.
    ["8d", "more than a week"],
    ["100000d", "more than a week"],
  ])("is never %s", (given, why) => {
    expect(() => limit(given)).toThrow(
      expect.objectContaining({ code: "input.malformed", message: expect.stringContaining(why) }),
    );
  });
});
