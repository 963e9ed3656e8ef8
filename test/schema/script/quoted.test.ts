import { describe, expect, test } from "@jest/globals";
import { comments, withoutQuoted, withoutTexts } from "../../../src/schema/script/quoted.ts";

describe("what is quoted", () => {
  test.each([
    ["a 'b' c", "a     c"],
    ["a 'it''s' c", "a         c"],
    [String.raw`a E'it\'s' c`, "a          c"],
    [String.raw`a e'\\' c`, "a       c"],
    [String.raw`a E'''\'' c`, "a         c"],
    [String.raw`a 'b\' c`, "a      c"],
    ['a "b""c" d', "a        d"],
    ["a $$b'$$ c", "a        c"],
    ["a $x$ $y$ $$ $x$ c", "a                c"],
    ["a -- b'\nc", "a      \nc"],
    ["a /* b /* c */ d' */ e", "a                    e"],
    // What is never closed is no quote, and what stands behind is read.
    ["a 'b -- c", "a 'b     "],
    ["a $x$ 'b' $y$", "a $x$     $y$"],
    [String.raw`a E'b\' -- c`, String.raw`a E'b\'     `],
    // A `$` within a name, and a name before a literal, begin no quote of their own.
    ["a$b$ 'c' $b$", "a$b$     $b$"],
    [String.raw`type'b\' c`, "type     c"],
  ])("of %j leaves %j", (text, left) => {
    expect(withoutQuoted(text)).toBe(left);
    expect(left).toHaveLength(text.length);
  });

  test("quoted names stay where only texts are blanked", () => {
    expect(withoutTexts(`"a" 'b'`)).toBe(`"a"    `);
  });

  test("comments are those outside of quotes", () => {
    const found = [...comments("-- a\n'-- b' $$ /* c */ $$ /* d */")].map(({ text }) => text);
    expect(found).toEqual(["-- a", "/* d */"]);
  });

  // A script comes from whoever opens a pull request; each of these once took hours.
  test.each([
    ["a literal that is never closed", `SELECT E'${"a".repeat(2_000_000)}`],
    ["escapes that are never closed", `SELECT E'${"\\'".repeat(1_000_000)}`],
    ["tags that are never closed", Array.from({ length: 200_000 }, (_, n) => `$a${n}$`).join(" ")],
    ["one tag, often", "$a$ x ".repeat(400_001)],
    ["dollars", "$".repeat(2_000_000)],
    ["comments that are never closed", "/*".repeat(1_000_000)],
    ["quotes", "'".repeat(2_000_001)],
  ])("%s are read to their end", (_, text) => {
    expect(withoutQuoted(text)).toHaveLength(text.length);
  });
});
