import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { formatBytes } from "../../src/kernel/bytes.ts";
import { formatDuration, parseDuration } from "../../src/kernel/duration.ts";

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
type Unit = keyof typeof UNITS;

describe("a duration", () => {
  it.each([
    ["45s", 45_000],
    ["30m", 1_800_000],
    ["1h30m", 5_400_000],
    ["7d", 604_800_000],
    ["2w", 1_209_600_000],
    ["250ms", 250],
    ["1.5h", 5_400_000],
    [" 9s ", 9000],
    ["0s", 0],
    ["0.07s", 70],
  ])("%s is read as %i ms", (text, ms) => expect(parseDuration(text, "age")).toBe(ms));

  it("is the sum of its parts, whatever they are", () => {
    const part = fc.tuple(
      fc.integer({ min: 0, max: 500 }),
      fc.constantFrom<Unit>("ms", "s", "m", "h", "d", "w"),
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
        const text = parts.map(([count, unit]) => `${count}${unit}`).join("");
        expect(parseDuration(text, "x")).toBe(
          parts.reduce((sum, [count, unit]) => sum + count * UNITS[unit], 0),
        );
      }),
    );
  });

  it.each([
    "",
    " ",
    "7",
    "d",
    "7 d",
    "1h 30m",
    "-7d",
    "+7d",
    "7D",
    "7days",
    "7d!",
    "1e3s",
    "0x10s",
    ".5h",
    "1.h",
    "1..5h",
    "7d7",
    "h7",
    "٣d",
    "7d\n7",
    "NaNs",
    "Infinityd",
    "100001d",
    `${"9".repeat(400)}s`,
  ])("spelled %j is refused, naming the input and the accepted form", (text) => {
    expect(() => parseDuration(text, "max-age")).toThrow(
      expect.objectContaining({
        code: "input.malformed",
        exitCode: 2,
        message: expect.stringContaining(`max-age is '${text}'`),
        hint: expect.stringContaining("1h30m"),
      }),
    );
  });

  it("is never NaN, negative or unsafe, whatever text comes", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9.smhdw ]{0,12}$/), (text) => {
        let ms = 0;
        try {
          ms = parseDuration(text, "x");
        } catch (error) {
          expect(error).toMatchObject({ code: "input.malformed" });
        }
        expect(Number.isSafeInteger(ms) && ms >= 0).toBe(true);
      }),
    );
  });

  it.each([
    [0, "0.0 s"],
    [400, "0.4 s"],
    [9949, "9.9 s"],
    [9950, "10 s"],
    [12_400, "12 s"],
    [59_499, "59 s"],
    [59_500, "1 min 00 s"],
    [200_000, "3 min 20 s"],
    [3_599_600, "1 h 00 min"],
    [18_120_000, "5 h 02 min"],
    [86_399_600, "1 d 0 h"],
    [273_600_000, "3 d 4 h"],
  ])("of %i ms is shown as %s", (ms, text) => expect(formatDuration(ms)).toBe(text));
});

describe("a byte count", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.00 kB"],
    [1200, "1.20 kB"],
    [9995, "10.0 kB"],
    [99_950, "100 kB"],
    [999_499, "999 kB"],
    [999_500, "1.00 MB"],
    [345_000_000, "345 MB"],
    [1.02e9, "1.02 GB"],
    [190e12, "190 TB"],
    [5e18, "5000 PB"],
  ])("of %i is shown as %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it("never shows four digits before a larger unit is used", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (bytes) =>
        expect(formatBytes(bytes)).toMatch(/^(\d{1,3}|\d\d\.\d|\d\.\d\d) (B|kB|MB|GB|TB|PB)$/),
      ),
    );
  });
});
