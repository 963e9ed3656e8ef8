import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { LyingStore, type Lie } from "../../fakes/lying-store.ts";
import { MemoryStore } from "../../fakes/memory-store.ts";
import { createDatabase, type TestDatabase } from "../../support/postgres.ts";
import {
  backup,
  bytesOf,
  ended,
  newKeys,
  ONE_TABLE,
  paths,
  requireLaws,
  restore,
  validate,
  type Ended,
  type KeyPair,
} from "./support.ts";

const isArtifact = (path: string): boolean => path.startsWith("database/");
const isManifest = (path: string): boolean => path.startsWith("manifests/");

describe("a store that lies about a backup that is whole", () => {
  let database: TestDatabase;
  let keys: KeyPair;
  let whole: MemoryStore;

  beforeAll(async () => {
    keys = await newKeys();
    database = await createDatabase({ sql: ONE_TABLE });
    whole = new MemoryStore();
    await backup(database.url, keys.recipient, { store: whole });
  });
  afterAll(() => database.drop());

  const short = (run: Ended): unknown => [run.exit, run.error?.code];

  describe.each(["stored", "opened"] as const)("validated to depth %s", (depth) => {
    it.each<[string, Lie]>([
      ["the last byte wrong, once", { kind: "last-byte-wrong", once: true }],
      ["a byte missing, once", { kind: "short-read", missing: 1, once: true }],
      ["half of it missing, once", { kind: "short-read", missing: 400, once: true }],
      ["a byte missing, always: it announces what it does not give", { kind: "short-read", missing: 1 }],
      ["a length announced one too large, once", { kind: "wrong-length", by: 1, once: true }],
      ["a length announced one too small, once", { kind: "wrong-length", by: -1, once: true }],
      ["a length announced one too small, always", { kind: "wrong-length", by: -1 }],
    ])("is the store's fault (exit 4): %s", async (_, lie) => {
      const memory = whole.clone();
      const store = new LyingStore(memory, lie, isArtifact);
      const run = await ended(validate(keys.identity, { store }, { depth }));
      expect(store.lies).toBeGreaterThanOrEqual(1);
      expect(short(run)).toEqual([4, "store.lied"]);
      // No verdict is written about a backup that could not be read.
      expect(await paths(memory, "receipts/")).toEqual([]);
      expect((await validate(keys.identity, { store: memory }, { depth })).exit).toBe(0);
    });

    it("is the backup's damage (exit 5) when two reads give the same wrong bytes", async () => {
      const store = new LyingStore(whole.clone(), { kind: "last-byte-wrong" }, isArtifact);
      const run = await ended(validate(keys.identity, { store }, { depth }));
      expect([run.exit, run.outcome?.outputs["verdict"]]).toEqual([5, "failed"]);
      // The same as bytes that really are wrong.
      const memory = whole.clone();
      const [path = ""] = await paths(memory, "database/");
      const bytes = Buffer.from(await bytesOf(memory, path));
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      memory.plant(path, bytes);
      expect((await ended(validate(keys.identity, { store: memory }, { depth }))).exit).toBe(5);
    });

    it.each<[string, Lie, unknown]>([
      ["its last byte is wrong, once", { kind: "last-byte-wrong", once: true }, [4, "store.lied"]],
      ["it is cut short, once", { kind: "short-read", missing: 3, once: true }, [4, "store.lied"]],
      ["it is cut short, always", { kind: "short-read", missing: 3 }, [4, "store.lied"]],
      ["its last byte is wrong, always", { kind: "last-byte-wrong" }, [5, undefined]],
    ])("tells the same apart for the manifest: %s", async (_, lie, expected) => {
      const store = new LyingStore(whole.clone(), lie, isManifest);
      const run = await ended(validate(keys.identity, { store }, { depth }));
      expect(store.lies).toBeGreaterThanOrEqual(1);
      expect(short(run)).toEqual(expected);
    });
  });

  it.each<Lie>([
    { kind: "last-byte-wrong", once: true },
    { kind: "short-read", missing: 1 },
  ])("never lets a restore end as proved: %j", async (lie) => {
    await using target = await createDatabase({ sql: "create table mine (x int)" });
    const store = new LyingStore(whole.clone(), lie, isArtifact);
    const run = await ended(
      restore(target.url, keys.identity, { store }, { mode: "beside", confirm: target.name }),
    );
    expect(store.lies).toBeGreaterThanOrEqual(1);
    expect(short(run)).toEqual([4, "store.lied"]);
    expect(await target.query("select count(*)::int as count from mine")).toEqual([{ count: 0 }]);
  });

  it("makes no backup when the store says it kept another length than it was sent", async () => {
    for (const by of [-1, 1]) {
      const memory = new MemoryStore();
      const store = new LyingStore(memory, { kind: "wrong-length", by }, isArtifact);
      const run = await ended(backup(database.url, keys.recipient, { store }));
      expect(short(run)).toEqual([4, "store.lied"]);
      expect([await requireLaws(memory), await paths(memory, "locks/")]).toEqual([[], []]);
    }
  });

  it("makes a backup although the listing is late, and later joins the chain it could see", async () => {
    const memory = whole.clone();
    const store = new LyingStore(memory, { kind: "late-listing", newest: 1 });
    const outcome = await backup(database.url, keys.recipient, { store });
    expect([outcome.exit, (await requireLaws(memory)).length, store.lies > 0]).toEqual([0, 2, true]);
    // A backup the listing does not show yet is not there to be validated: said with a number, never taken
    // for a success.
    const fresh = new MemoryStore();
    await backup(database.url, keys.recipient, { store: fresh });
    const late = new LyingStore(fresh, { kind: "late-listing", newest: 1 }, isManifest);
    expect((await ended(validate(keys.identity, { store: late }))).exit).toBe(3);
    // And its artifacts are never called corrupt for it.
    expect(await paths(fresh, "receipts/")).toEqual([]);
  });
});
