import { describe, expect, test } from "@jest/globals";
import {
  lastKnownGood,
  recordOfVersion,
  wentBackUnrecorded,
  type RolloutRecord,
} from "../../../src/rollout/app/records.ts";

/** @param mark version and what stands for its package: `1.2.0 a` */
function record(
  kind: "deploy" | "rollback",
  mark: string,
  before: string | null,
  build?: string,
): RolloutRecord {
  return { kind, mark, before, version: mark.split(" ")[0]!, build: build ?? null } as RolloutRecord;
}

const [ONE, TWO, THREE] = ["1.1.0 a", "1.2.0 b", "1.3.0 c"] as const;

describe("the last known good release", () => {
  test("is the one before what production is now", () => {
    const records = [record("deploy", ONE, null), record("deploy", TWO, ONE)];
    expect(lastKnownGood(records, TWO)?.mark).toBe(ONE);
  });

  test("is the newest where production is something else, such as a build that nobody verified", () => {
    const records = [record("deploy", ONE, null), record("deploy", TWO, ONE)];
    expect(lastKnownGood(records, THREE)?.mark).toBe(TWO);
    expect(lastKnownGood(records, undefined)?.mark).toBe(TWO);
  });

  test("is none that somebody went back from", () => {
    const records = [
      record("deploy", ONE, null),
      record("deploy", TWO, ONE),
      record("deploy", THREE, TWO),
      record("rollback", TWO, THREE),
    ];
    // Whoever leaves it by other means is not sent back to what was bad.
    expect(lastKnownGood(records, undefined)?.mark).toBe(TWO);
    expect(lastKnownGood([...records, record("deploy", ONE, TWO)], ONE)?.mark).toBe(TWO);
  });

  test("is what production was taken back to: pressed twice is as pressed once", () => {
    const records = [
      record("deploy", ONE, null),
      record("deploy", TWO, ONE),
      record("deploy", THREE, TWO),
      record("rollback", TWO, THREE),
    ];
    expect(lastKnownGood(records, TWO)?.mark).toBe(TWO);
  });

  test("is one again that was deployed anew after somebody went back from it", () => {
    const records = [
      record("deploy", ONE, null),
      record("deploy", TWO, ONE),
      record("rollback", ONE, TWO),
      record("deploy", TWO, ONE),
      record("deploy", THREE, TWO),
    ];
    expect(lastKnownGood(records, THREE)?.mark).toBe(TWO);
  });

  test("is nothing where there is nothing", () => {
    expect(lastKnownGood([], TWO)).toBeUndefined();
    expect(lastKnownGood([record("deploy", TWO, null)], TWO)).toBeUndefined();
  });
});

test("a release from before the newest record was gone back to by other means", () => {
  const records = [record("deploy", ONE, null), record("deploy", TWO, ONE)];
  expect(wentBackUnrecorded(records, ONE)).toBe(true);
  expect(wentBackUnrecorded(records, TWO)).toBe(false);
  expect(wentBackUnrecorded(records, THREE)).toBe(false);
  expect(wentBackUnrecorded([...records, record("rollback", ONE, TWO)], ONE)).toBe(false);
  expect(wentBackUnrecorded([], undefined)).toBe(false);
});

describe("the record of a version", () => {
  const records = [
    record("deploy", ONE, null, "7"),
    record("deploy", TWO, ONE),
    record("rollback", ONE, TWO, "7"),
  ];
  test.each(["v1.1.0", "1.1.0", "1.1.0+7"])("is found as %s, the newest", (version) => {
    expect(recordOfVersion(records, version)).toBe(records[2]);
  });

  test("is none of another build", () => {
    expect(recordOfVersion(records, "1.1.0+8")).toBeUndefined();
    expect(recordOfVersion(records, "1.4.0")).toBeUndefined();
  });
});
