import { expect, it } from "@jest/globals";
import { fileURLToPath } from "node:url";
import { FAST_FILES } from "../../fast-files.ts";
import { notFast } from "./not-fast.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

it.each([
  [[]],
  [["test/kernel/pace"]],
  [["test/kernel", "-t", "waits"]],
  [["-t", "test/backups/restore/tables"]],
  [["test/kernel", "test/backups/restore/tables"]],
  [["test/kernel/pace.test.ts", "--verbose"]],
  [[`${root}test/kernel/pace.test.ts`]],
  [["./test/kernel"]],
])("%j names fast tests and is left to Jest", (words: string[]) => {
  expect(notFast(words, FAST_FILES, root)).toEqual([]);
});

it("says of a test that needs more how it is run, and of a path that is none that it is none", () => {
  expect(notFast(["test/backups/restore/tables", "-t", "x"], FAST_FILES, root)).toEqual([
    "test/backups/restore/tables is not among the fast tests (test/fast-files.ts): " +
      "npm test -- test/backups/restore/tables",
  ]);
  for (const path of ["test/nowhere", "kernel/(pace"]) {
    expect(notFast([path], FAST_FILES, root)).toEqual([
      `${path} names no test file: paths are from the project's folder, such as test/kernel/pace`,
    ]);
  }
});
