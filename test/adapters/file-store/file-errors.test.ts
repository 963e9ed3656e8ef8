import { describe, expect, it } from "@jest/globals";
import { constants } from "node:os";
import { errnoOf, fileError, fileReadError } from "../../../src/adapters/file-store/file-errors.ts";

/** As Node gives it, of a number that libuv has a name for or not. */
function systemError(name: string, number: number): Error {
  return Object.assign(new Error(`${name}: read`), { code: name, errno: -number, syscall: "read" });
}
const unnamed = (number: number): Error => systemError(`Unknown system error -${number}`, number);

describe("an error of the file system", () => {
  it.each([
    ["ESTALE", constants.errno.ESTALE, "store.unreadable", "store.unreachable"],
    ["EDQUOT", constants.errno.EDQUOT, "store.full", "store.full"],
    ["EUCLEAN", 117, "store.unreadable", "store.unreachable"],
  ])("that Node has no name for is called %s", (name, number, reading, writing) => {
    expect(errnoOf(unnamed(number))).toBe(name);
    expect(fileReadError(unnamed(number), "manifests/a")).toMatchObject({
      code: reading,
      message: `reading manifests/a: ${name}`,
    });
    expect(fileError(unnamed(number), "writing a")).toMatchObject({
      code: writing,
      message: `writing a: ${name}`,
    });
  });

  it("that nobody knows keeps its number", () => {
    expect(fileReadError(unnamed(4242), "a")).toMatchObject({
      code: "store.unreachable",
      message: "reading a: Unknown system error -4242",
    });
  });

  it.each(["EIO", "ELOOP"])("says of one file that is read that it cannot be: %s", (name) => {
    expect(fileReadError(systemError(name, 5), "a")).toMatchObject({
      code: "store.unreadable",
      hint: expect.stringContaining("dmesg"),
    });
  });

  it.each(["EMFILE", "ENFILE"])("says how many files may be open: %s", (name) => {
    expect(fileReadError(systemError(name, 24), "a")).toMatchObject({
      code: "store.unreachable",
      hint: expect.stringContaining("ulimit -n"),
    });
  });

  it("is none of a bug's", () => {
    const bug = new TypeError("x is undefined");
    expect(fileReadError(bug, "a")).toBe(bug);
  });
});
