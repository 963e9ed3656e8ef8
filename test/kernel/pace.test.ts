import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { Pace } from "../../src/kernel/pace.ts";
import { printable, printableLine } from "../../src/kernel/printable.ts";
import { cutToWidth, foldToWidth, padToWidth, textWidth } from "../../src/kernel/text-width.ts";
import { anyCharacter } from "../support/any-text.ts";

describe("the pace of long work", () => {
  it("is judged by the last ten seconds, so that a slow start is forgotten", () => {
    const pace = new Pace("bytes", 2_000_000_000, 0);
    for (let at = 1000; at <= 60_000; at += 1000) pace.add(1000, at);
    for (let at = 61_000; at <= 80_000; at += 1000) pace.add(50_000_000, at);
    expect(pace.rate(80_000)).toBeCloseTo(50_000_000, -6);
    expect(pace.remainingMs(80_000)).toBeGreaterThan(19_000);
    expect(pace.remainingMs(80_000)).toBeLessThan(22_000);
  });

  it("falls towards zero while nothing moves", () => {
    const pace = new Pace("bytes", undefined, 0);
    pace.add(1_000_000, 1000);
    expect(pace.rate(1000)).toBe(1_000_000);
    expect(pace.rate(100_000)).toBe(10_000);
  });

  it("promises nothing without a total, beyond it, or before anything moved", () => {
    expect(new Pace("bytes", undefined, 0).remainingMs(1)).toBeUndefined();
    expect(new Pace("bytes", 0, 0).fraction()).toBeUndefined();
    const pace = new Pace("tables", 10, 0);
    expect(pace.remainingMs(1000)).toBeUndefined();
    pace.add(11, 1000);
    expect(pace.remainingMs(1000)).toBeUndefined();
    expect(pace.fraction()).toBe(0.99);
    expect(pace.describe(1000)).toBe("11 of about 10 tables");
    expect(pace.summary(2000)).toBe("11 tables in 2.0 s");
  });

  it("says how long it took where nothing was counted, and nothing where that was not long", () => {
    const pace = new Pace("bytes", 2_000_000, 0);
    expect([pace.describe(0), pace.describe(7000), pace.fraction()]).toEqual([
      "0.0 s so far",
      "7.0 s so far",
      undefined,
    ]);
    expect([pace.summary(999), pace.summary(1000), pace.summary(720_000)]).toEqual([
      undefined,
      "took 1.0 s",
      "took 12 min 00 s",
    ]);
    pace.add(1_000_000, 720_000);
    expect([pace.fraction(), pace.summary(1_000_000)]).toEqual([0.5, "1.00 MB in 16 min 40 s, 1.00 kB/s"]);
  });

  it("never says anything that is not a number", () => {
    fc.assert(
      fc.property(
        fc.option(fc.integer({ min: 0 }), { nil: undefined }),
        fc.array(fc.tuple(fc.nat(), fc.nat(20_000))),
        (total, steps) => {
          const pace = new Pace("bytes", total, 0);
          let now = 0;
          for (const [count, ms] of steps) pace.add(count, (now += ms));
          expect(`${pace.describe(now)} ${pace.summary(now) ?? ""}`).not.toMatch(/NaN|Infinity|-\d/);
        },
      ),
    );
  });
});

describe("text for screens", () => {
  it("keeps names readable and makes control characters visible", () => {
    expect(printable("größe 表 😀\ttab\nnext")).toBe("größe 表 😀  tab\nnext");
    expect(printable("\u001B[2J\u0000\u009B\u202E")).toBe("\\u001b[2J\\u0000\\u009b\\u202e");
    expect(printableLine("a\r\nb\rc")).toBe("a b c");
  });

  it("leaves nothing a terminal would obey in any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), (text) =>
        expect(printableLine(text)).not.toMatch(/[\u0000-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/),
      ),
    );
  });

  it("folds at spaces, breaks what is too wide alone, and loses nothing", () => {
    expect(foldToWidth("one two three", 7)).toEqual(["one two", "three"]);
    expect(foldToWidth("abcdefgh ij", 3)).toEqual(["abc", "def", "gh", "ij"]);
    expect(foldToWidth("", 3)).toEqual([""]);
    const words = fc.array(
      fc.string({ unit: "grapheme", minLength: 1 }).map((word) => word.replaceAll(/\s/gu, "x")),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(words, fc.integer({ min: 2, max: 30 }), (some, columns) => {
        const lines = foldToWidth(some.join(" "), columns);
        expect(lines.join("").replaceAll(" ", "")).toBe(some.join(""));
        for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(columns);
      }),
    );
  });

  it("counts columns and never cuts wider than asked", () => {
    expect(textWidth("表e\u0301😀")).toBe(5);
    expect(cutToWidth("orders", 6)).toBe("orders");
    expect(cutToWidth("表表表", 4)).toBe("表…");
    expect(padToWidth("表", 4)).toBe("表  ");
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 40 }), (text, columns) =>
        expect(textWidth(cutToWidth(text, columns))).toBeLessThanOrEqual(columns),
      ),
    );
  });
});
