import { expect, it } from "@jest/globals";
import { before, folderPath, withoutTrailing } from "../../src/kernel/cut.ts";

it("cuts characters off at the end, and nowhere else", () => {
  expect(withoutTrailing("//a//b//", "/")).toBe("//a//b");
  expect(withoutTrailing("a\\/\\", "/\\")).toBe("a");
  expect(withoutTrailing("a", "/")).toBe("a");
  expect(withoutTrailing("///", "/")).toBe("");
});

it("keeps what stands before the first of several characters", () => {
  expect(before("f(integer, (text))", "(")).toBe("f");
  expect(before("a.b:c", ":", ".")).toBe("a");
  expect(before("a:b.c", ":", ".")).toBe("a");
  expect(before("plain", "(")).toBe("plain");
  expect(before("(x", "(")).toBe("");
});

it("takes slashes from behind a folder, and leaves the root", () => {
  expect(["a", "a/", "a/b///", "/", "///", "", "./"].map(folderPath)).toEqual([
    "a",
    "a",
    "a/b",
    "/",
    "/",
    "",
    ".",
  ]);
});

it("takes no longer than a text is long", () => {
  expect(withoutTrailing(`${"/".repeat(1_000_000)}a`, "/")).toHaveLength(1_000_001);
  expect(before("/".repeat(1_000_000), "(")).toHaveLength(1_000_000);
});
