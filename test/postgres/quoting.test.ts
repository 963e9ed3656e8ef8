import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { qualifiedName, quoteIdentifier, quoteLiteral, startupOptions } from "../../src/postgres/quoting.ts";
import { createDatabase } from "../support/postgres.ts";

describe("SQL quoting", () => {
  it("is read back by the server as the same text, for names and literals alike", async () => {
    await using database = await createDatabase();
    const text = fc.string({
      unit: fc.constantFrom("a", "'", '"', "\\", " ", "ü", "表", "$", ";", "\n", "E"),
      minLength: 1,
      maxLength: 15,
    });
    await fc.assert(
      fc.asyncProperty(text, text, async (name, value) => {
        const [row] = await database.query(`SELECT ${quoteLiteral(value)} AS ${quoteIdentifier(name)}`);
        expect(row).toEqual({ [name]: value });
      }),
      { numRuns: 30 },
    );
  });

  it("writes schema and name apart", () => {
    expect(qualifiedName("a.b", 'c"d')).toBe('"a.b"."c""d"');
  });

  it("refuses a NUL, at which the server would stop reading", () => {
    expect(() => quoteIdentifier("a\0b")).toThrow(RangeError);
    expect(() => quoteLiteral("\0")).toThrow(RangeError);
  });

  it("escapes blanks and backslashes in start-up options", () => {
    expect(startupOptions({ search_path: "a, b", x: "c\\d" })).toBe("-c search_path=a,\\ b -c x=c\\\\d");
  });
});
