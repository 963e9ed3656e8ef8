import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { Redactor } from "../../src/kernel/redact.ts";

function redactor(...secrets: string[]): Redactor {
  const made = new Redactor();
  for (const secret of secrets) made.add(secret);
  return made;
}

describe("the redactor", () => {
  const secret = 'pa/ss "w\\ord"+ä€';

  it.each<[string, (value: string) => string]>([
    ["as it is", (value) => value],
    ["percent-encoded", (value) => encodeURIComponent(value)],
    ["percent-encoded as a whole address", (value) => encodeURI(value)],
    [
      "percent-encoded in lower case",
      (value) => encodeURIComponent(value).replace(/%../g, (code) => code.toLowerCase()),
    ],
    ["in JSON", (value) => JSON.stringify({ value })],
    ["in base64", (value) => Buffer.from(value).toString("base64")],
    ["in base64url", (value) => Buffer.from(value).toString("base64url")],
  ])("hides a secret %s", (_, form) => {
    const text = form(secret);
    const clean = redactor(secret).redact(`before ${text} and ${text} after`);
    expect(clean.startsWith("before ")).toBe(true);
    expect(clean.endsWith(" after")).toBe(true);
    expect(clean).toContain("***");
    for (const piece of [form(secret).slice(0, 12), 'ss "w', "ord"]) expect(clean).not.toContain(piece);
  });

  it("hides a secret in the base64 of something longer, such as user:password, at every alignment", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 7 }), fc.string({ maxLength: 7 }), (before, after) => {
        const value = "correct horse battery";
        for (const encoding of ["base64", "base64url"] as const) {
          const text = Buffer.from(`${before}${value}${after}`).toString(encoding);
          const left = Buffer.from(redactor(value).redact(text).replace("***", ""), encoding).toString(
            "latin1",
          );
          expect(left).not.toContain("horse");
          expect(redactor(value).redact(text)).toContain("***");
        }
      }),
    );
  });

  it("hides a secret in both alphabets of base64", () => {
    const value = "???>>>~~~???>>>~~~";
    for (const before of ["", "u", "us", "usr"]) {
      for (const encoding of ["base64", "base64url"] as const) {
        const text = Buffer.from(`${before}${value}!`).toString(encoding);
        expect(text).toMatch(encoding === "base64" ? /[+/]/ : /[-_]/);
        expect(redactor(value).redact(text).replace("***", "").length).toBeLessThan(10);
      }
    }
  });

  it("leaves no end of secrets that overlap", () => {
    expect(redactor("abcdef", "defghi").redact("x abcdefghi y")).toBe("x *** y");
    expect(redactor("defghi", "abcdef").redact("abcdefghi")).toBe("***");
    expect(redactor("secret", "secret-longer").redact("secret-longer secret")).toBe("*** ***");
    expect(redactor("abcdefghij", "cdefg").redact("xabcdefghijy")).toBe("x***y");
    expect(redactor("aXaXa").redact("aXaXaXa!")).toBe("***!");
  });

  it("never lets any part of a planted secret through, wherever secrets lie", () => {
    const word = fc.stringMatching(/^[abc]{4,8}$/);
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 1, maxLength: 4 }),
        fc.stringMatching(/^[abc ]{0,40}$/),
        (secrets, text) => {
          const clean = redactor(...secrets).redact(text);
          for (const value of secrets) expect(clean).not.toContain(value);
          // What no secret covers stays as it is.
          const covered = new Set<number>();
          for (const value of secrets) {
            for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1)) {
              for (let index = 0; index < value.length; index += 1) covered.add(at + index);
            }
          }
          expect(clean.replaceAll("***", "")).toBe(
            Array.from(text)
              .filter((_, index) => !covered.has(index))
              .join(""),
          );
        },
      ),
    );
  });

  it("hides every line of a secret of several lines", () => {
    const clean = redactor("# made by keygen\r\nAGE-SECRET-KEY-1ABC\nsecond").redact(
      "x AGE-SECRET-KEY-1ABC second y",
    );
    expect(clean).toBe("x *** *** y");
  });

  it("leaves values shorter than four characters alone, and text without secrets as it is", () => {
    expect(redactor("abc", "", "  ", "\n").redact("abc and nothing")).toBe("abc and nothing");
    expect(redactor().redact("text")).toBe("text");
  });

  it("takes text that is not well-formed", () => {
    expect(redactor("lone\ud800surrogate").redact("a lone\ud800surrogate b")).toBe("a *** b");
  });
});
