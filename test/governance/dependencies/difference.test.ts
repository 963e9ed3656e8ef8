import { expect, it } from "@jest/globals";
import { changesBetween } from "../../../src/governance/dependencies/difference.ts";
import type { Lock, LockedPackage } from "../../../src/governance/dependencies/lock.ts";
import { readLock } from "../../../src/governance/dependencies/read-lock.ts";
import { berryLock, npmLock, SMALL } from "./locks.ts";

type Few = Partial<LockedPackage> & { readonly name: string };

function lockOf(packages: readonly Few[]): Lock {
  const { lock } = readLock("package-lock.json", npmLock(SMALL));
  const whole = packages.map((each): LockedPackage => ({
    ...(lock?.packages[0] as LockedPackage),
    resolved: null,
    integrity: null,
    ...each,
  }));
  return { ...(lock as Lock), packages: whole };
}

const told = (before: readonly Few[], after: readonly Few[]): string[] =>
  changesBetween(lockOf(before), lockOf(after)).map(
    ({ name, kind, from, to, major }) => `${name} ${kind} ${from} ${to}${major ? " major" : ""}`,
  );

const versions = (name: string, ...all: readonly string[]): Few[] =>
  all.map((version) => ({ name, version }));

it.each<[string, readonly Few[], readonly Few[], readonly string[]]>([
  ["nothing where nothing changed", versions("a", "1.0.0"), versions("a", "1.0.0"), []],
  ["what came", [], versions("a", "1.0.0"), ["a added null 1.0.0"]],
  ["what went", versions("a", "1.0.0"), [], ["a removed 1.0.0 null"]],
  ["what moved up", versions("a", "1.0.0"), versions("a", "1.2.0"), ["a upgraded 1.0.0 1.2.0"]],
  ["what moved down", versions("a", "1.2.0"), versions("a", "1.0.0"), ["a downgraded 1.2.0 1.0.0"]],
  [
    "a jump of the first number",
    versions("a", "1.9.0"),
    versions("a", "2.0.0"),
    ["a upgraded 1.9.0 2.0.0 major"],
  ],
  ["a jump behind 0", versions("a", "0.1.0"), versions("a", "0.2.0"), ["a upgraded 0.1.0 0.2.0 major"]],
  ["no jump within 0.1", versions("a", "0.1.0"), versions("a", "0.1.1"), ["a upgraded 0.1.0 0.1.1"]],
  ["a jump within 0.0", versions("a", "0.0.1"), versions("a", "0.0.2"), ["a upgraded 0.0.1 0.0.2 major"]],
  [
    "several versions, those of one first number together",
    versions("a", "1.0.0", "2.0.0"),
    versions("a", "2.1.0", "1.0.1", "3.0.0"),
    ["a upgraded 1.0.0 1.0.1", "a upgraded 2.0.0 2.1.0", "a added null 3.0.0"],
  ],
  [
    "one of several versions that went",
    versions("a", "1.0.0", "2.0.0"),
    versions("a", "2.0.0"),
    ["a removed 1.0.0 null"],
  ],
  ["the same at more places as nothing", versions("a", "1.0.0"), versions("a", "1.0.0", "1.0.0"), []],
  [
    "another commit as something that has no order",
    [{ name: "a", origin: "git", resolved: "git+ssh://h/a#1" }],
    [{ name: "a", origin: "git", resolved: "git+ssh://h/a#2" }],
    ["a changed git+ssh://h/a#1 git+ssh://h/a#2 major"],
  ],
  [
    "other bytes of the same version",
    [{ name: "a", version: "1.0.0", integrity: "sha512-x" }],
    [{ name: "a", version: "1.0.0", integrity: "sha512-y" }],
    ["a swapped 1.0.0 1.0.0"],
  ],
  [
    "a better checksum as nothing",
    [{ name: "a", version: "1.0.0", integrity: "sha1-x" }],
    [{ name: "a", version: "1.0.0", integrity: "sha1-x sha512-y" }],
    [],
  ],
  [
    "checksums that yarn makes in another way as nothing",
    [{ name: "a", version: "1.0.0", integrity: "10/aa" }],
    [{ name: "a", version: "1.0.0", integrity: "10c0/bb" }],
    [],
  ],
  [
    "another patch of the same version as nothing",
    [{ name: "a", version: "1.0.0", key: "a@patch:a@npm%3A1.0.0#x", integrity: "10c0/aa" }],
    [{ name: "a", version: "1.0.0", key: "a@patch:a@npm%3A1.0.0#y", integrity: "10c0/bb" }],
    [],
  ],
  ["folders of the repository as nothing", [], [{ name: "a", version: "1.0.0", origin: "local" }], []],
])("a difference tells %s", (_what, before, after, changes) => expect(told(before, after)).toEqual(changes));

it("a difference tells licences of both versions", () => {
  const before = lockOf([{ name: "a", version: "1.0.0", licence: "MIT" }]);
  const after = lockOf([{ name: "a", version: "1.0.1", licence: "GPL-3.0" }]);
  expect(changesBetween(before, after)).toMatchObject([{ licenceFrom: "MIT", licenceTo: "GPL-3.0" }]);
  expect(changesBetween(undefined, after)).toMatchObject([{ licenceFrom: null, licenceTo: "GPL-3.0" }]);
});

it("a difference tells nothing where yarn packs archives in another way since it was updated", () => {
  const text = berryLock(SMALL, 6);
  const read = (of: string): Lock => readLock("yarn.lock", of).lock as Lock;
  const repacked = text
    .replace("cacheKey: 10c0", "cacheKey: 9")
    .replace(/checksum: .{6}/g, "checksum: 000000");
  expect(changesBetween(read(text), read(repacked))).toEqual([]);
  expect(changesBetween(read(text), read(text.replace(/checksum: .{6}/, "checksum: 000000")))).toHaveLength(
    1,
  );
});
