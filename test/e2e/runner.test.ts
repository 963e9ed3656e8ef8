import { describe, expect, it } from "@jest/globals";
import { parseCommands, parseKeyValues } from "./runner.ts";

describe("the stand-in for GitHub's runner", () => {
  it("reads command files as the runner does, values of several lines included", () => {
    expect(parseKeyValues("a=1\nb<<X\nline 1\nc=not an output\nX\nd=x=y\n\ne<<E\nE\n")).toEqual({
      a: "1",
      b: "line 1\nc=not an output",
      d: "x=y",
      e: "",
    });
  });

  it("refuses what the runner would refuse", () => {
    expect(() => parseKeyValues("no equals sign")).toThrow("would refuse");
    expect(() => parseKeyValues("a<<X\nnever ends\n")).toThrow("would not find the delimiter");
  });

  it("finds workflow commands, also indented ones and those in the old form", () => {
    expect(
      parseCommands("text\n::error title=a%2Cb,line=3::one%0Atwo 100%25\n  ::add-mask::x\nnot ::debug::this"),
    ).toEqual([
      { name: "error", properties: { title: "a,b", line: "3" }, message: "one\ntwo 100%" },
      { name: "add-mask", properties: {}, message: "x" },
    ]);
    expect(parseCommands("some text ##[error]x")).toHaveLength(1);
  });
});
