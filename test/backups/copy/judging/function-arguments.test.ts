import { describe, expect, it } from "@jest/globals";
import { argumentsOf, fitsArguments } from "../../../../src/backups/copy/judging/function-arguments.ts";

/** An archive names a function by the types that go in, a content record with modes and names. */

describe("the arguments of a function", () => {
  it.each([
    ["f(integer, text)", "f", "integer, text"],
    ["f()", "f", ""],
    ['a(b"(public."x)"[])', 'a(b"', 'public."x)"[]'],
    ["g(numeric(3))", "g", "numeric(3)"],
    ["no brackets", "no brackets", ""],
  ])("of %s are read from the end, as its name may hold brackets", (text, name, args) => {
    expect(argumentsOf(text)).toEqual({ name, args });
  });

  it.each([
    ["", ""],
    ["integer", "integer"],
    ["integer", "n integer"],
    ["integer, text[]", "n integer, VARIADIC others text[]"],
    ["double precision", '"a, b" double precision'],
    ["integer", "INOUT a integer"],
    ["integer", "OUT x text, a integer"],
    ["", "OUT x numeric"],
    ["integer", 'a integer, OUT "x, y" public."t, u"'],
    ['public."a.b"', 'n public."a.b"'],
  ])("%j fit those of the record %j", (archived, recorded) => {
    expect(fitsArguments(archived, recorded)).toBe(true);
  });

  it.each([
    ["integer", ""],
    ["", "n integer"],
    ["integer", "n text"],
    ["integer", "integer, text"],
    ["integer, integer", "integer"],
    ["text", "n text[]"],
    ["precision", "double, precision"],
  ])("%j do not fit those of the record %j", (archived, recorded) => {
    expect(fitsArguments(archived, recorded)).toBe(false);
  });
});
