import { describe, expect, test } from "@jest/globals";
import { HoldfastError, type ErrorCode } from "../../../src/kernel/errors.ts";
import { once } from "../../../src/kernel/streams.ts";
import {
  lastKnownGood,
  newestOf,
  recordOfVersion,
  RolloutRecords,
  unreadLines,
  wentBackUnrecorded,
  type RolloutRecord,
} from "../../../src/rollout/app/records.ts";
import { MemoryStore } from "../../fakes/memory-store.ts";
import { forwarding } from "../../support/decorators.ts";

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

describe("a record that cannot be read", () => {
  const target = {
    address: { subscription: "s", group: "g", site: "w" },
    slot: "staging",
    environment: "production",
  };
  const FOLDER = "rollouts/s/g/w/";
  const [OLD, NEW] = ["20260101T000000Z-aaaaaa", "20261101T000000Z-bbbbbb"] as const;

  async function two(): Promise<MemoryStore> {
    const store = new MemoryStore();
    const records = new RolloutRecords(store, target);
    await records.write(whole(OLD, "1.0.0"));
    await records.write(whole(NEW, "2.0.0"));
    return store;
  }

  test.each<ErrorCode>([
    "store.archived",
    "store.denied",
    "store.lied",
    "store.not-found",
    "store.unreadable",
  ])("because of %s is one line, and the others are read", async (code) => {
    const store = await two();
    const path = `${FOLDER}${OLD}.json`;
    const get: MemoryStore["get"] = (asked, range) =>
      asked === path
        ? Promise.reject(new HoldfastError(code, "the store's words", { hint: "x" }))
        : store.get(asked, range);
    const read = await new RolloutRecords(forwarding(store, { get }), target).all();
    expect(read.records.map(({ version }) => version)).toEqual(["2.0.0"]);
    expect(unreadLines(read)).toEqual([`${path} could not be read, and does not count: the store's words`]);
    expect([newestOf(read)?.id, read.newestId]).toEqual([NEW, NEW]);
  });

  test.each([
    ["no JSON", "{", "catalog.damaged"],
    ["JSON, and no record", "{}", "catalog.damaged"],
    ["of a newer format", '{ "format": "holdfast.rollout/2" }', "catalog.unknown-format"],
    ["larger than any", " ".repeat(2 ** 20 + 1), "catalog.damaged"],
  ])("because it is %s is told with its place, and the newest is then not known", async (_, text, code) => {
    const store = await two();
    await store.remove(`${FOLDER}${NEW}.json`);
    await store.put(`${FOLDER}${NEW}.json`, once(Buffer.from(text)));
    const read = await new RolloutRecords(store, target).all();
    expect(read.records.map(({ version }) => version)).toEqual(["1.0.0"]);
    expect(read.unread).toEqual([
      { path: `${FOLDER}${NEW}.json`, after: 1, error: expect.objectContaining({ code }) },
    ]);
    expect([newestOf(read), read.newestId]).toEqual([undefined, NEW]);
  });

  test.each([
    { of: OLD, after: 0, newest: { id: NEW, read: NEW } },
    { of: NEW, after: 1, newest: { id: NEW, read: undefined } },
  ])("is placed by its run where its date cannot be read either: $of", async ({ of, after, newest }) => {
    const store = await two();
    const path = `${FOLDER}${of}.json`;
    const undated = forwarding(store, {
      get: (asked, range) =>
        asked === path
          ? Promise.reject(new HoldfastError("store.unreadable", "EBADMSG", { hint: "x" }))
          : store.get(asked, range),
      async *list(prefix) {
        for await (const blob of store.list(prefix)) {
          yield blob.path === path ? { ...blob, size: 0, etag: "", modifiedAt: new Date(0) } : blob;
        }
      },
    });
    const read = await new RolloutRecords(undated, target).all();
    expect(read.unread).toMatchObject([{ path, after }]);
    expect([read.newestId, newestOf(read)?.id]).toEqual([newest.id, newest.read]);
  });

  test("is none that is called after no run", async () => {
    const store = await two();
    await store.put(`${FOLDER}notes.json`, once(Buffer.from("{")));
    expect((await new RolloutRecords(store, target).all()).unread).toEqual([]);
  });

  test("ends it all where the store does not answer", async () => {
    const store = await two();
    const get: MemoryStore["get"] = () =>
      Promise.reject(new HoldfastError("store.unreachable", "503", { hint: "again" }));
    const records = new RolloutRecords(forwarding(store, { get }), target);
    await expect(records.all()).rejects.toMatchObject({ code: "store.unreachable" });
  });

  test("is named with the newest of many", async () => {
    const store = new MemoryStore();
    for (let day = 10; day < 22; day += 1) {
      await store.put(`${FOLDER}202601${day}T000000Z-aaaaaa.json`, once(Buffer.from("{")));
    }
    const lines = unreadLines(await new RolloutRecords(store, target).all());
    expect([lines.length, lines[0], lines.at(-1)]).toEqual([
      6,
      expect.stringContaining("20260121T000000Z"),
      "7 older records could not be read either",
    ]);
  });
});

function whole(id: string, version: string): RolloutRecord {
  return {
    format: "holdfast.rollout/1",
    id,
    kind: "deploy",
    app: { subscription: "s", group: "g", site: "w", slot: "staging" },
    environment: "production",
    version,
    build: null,
    digest: "a".repeat(64),
    mark: `${version} a`,
    before: null,
    reason: "deploy",
    seen: {},
    address: "https://x.test",
    began: "2026-01-01T00:00:00Z",
    ended: "2026-01-01T00:00:00Z",
    run: { kind: "cli", id: "host:42", url: null, commit: null, actor: "tester" },
  };
}
