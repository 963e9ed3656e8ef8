import { describe, expect, it } from "@jest/globals";
import { canonical } from "../../../src/nouns/content/read/canonical.ts";

const same = (a: string, b: string): void => expect(canonical(a)).toBe(canonical(b));
const different = (a: string, b: string): void => expect(canonical(a)).not.toBe(canonical(b));

describe("the canonical spelling of a printed definition", () => {
  it("moves a cast of an array to its elements, as the server does when it reads the text again", () => {
    same(
      "CHECK (((status)::text = ANY ((ARRAY['new'::character varying, 'it''s, (ok]'::character " +
        "varying])::text[])))",
      "CHECK (((status)::text = ANY (ARRAY[('new'::character varying)::text, ('it''s, (ok]'::character " +
        "varying)::text])))",
    );
    different("(ARRAY['a'::text])::text[]", "(ARRAY['b'::text])::text[]");
    different("(ARRAY['a'::text])::text[]", "(ARRAY['a'::text])::citext[]");
  });

  it("makes nested lists of one operator flat, and keeps those of the other nested", () => {
    same("(((a >= 1) AND (a <= 2)) AND (b = 3))", "((a >= 1) AND (a <= 2) AND (b = 3))");
    same("((b = 3) OR ((a = 1) OR (a = 2)))", "((b = 3) OR (a = 1) OR (a = 2))");
    different("((a) AND ((b) OR (c)))", "(((a) AND (b)) OR (c))");
    different("((a) AND (b))", "((a) OR (b))");
  });

  it("keeps everything else apart: literals, names, brackets, order", () => {
    different("(a + b) * c", "a + (b * c)");
    different("'a  b'", "'a b'");
    different('"A"', '"a"');
    different("$$a  b$$", "$$a b$$");
    different("a AND b", "b AND a");
    different("x BETWEEN 1 AND (2)", "x BETWEEN 1 AND (3)");
    same("SELECT a,\n    b\n   FROM t", "SELECT a, b FROM t");
    expect(canonical("")).toBe("");
  });
});
