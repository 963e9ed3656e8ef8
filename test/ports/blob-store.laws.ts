import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { HoldfastError, isHoldfastError } from "../../src/kernel/errors.ts";
import { collect, Meter, once, type ByteStream } from "../../src/kernel/streams.ts";
import { compareBlobPaths } from "../../src/ports/blob-path.ts";
import type { BlobFacts, BlobStore } from "../../src/ports/blob-store.ts";

/** A store under test, empty at first, and how to end it. */
export interface StoreUnderTest {
  readonly store: BlobStore;
  /** Opens a second client of the same place, as another process would. */
  again(): Promise<BlobStore>;
  /** A store whose folder or container does not exist; absent where that cannot be. */
  readonly missing?: BlobStore;
  close(): Promise<void>;
}

const MB = 1_000_000;

const NOISE = Buffer.concat(
  Array.from({ length: 8192 }, (_, index) => createHash("md5").update(`${index}`).digest()),
);

/**
 * Bytes that tell their position, in chunks of odd sizes, all in one buffer that is used again: what a
 * careless producer does.
 */
export async function* pattern(size: number, chunkSize = 65_521): ByteStream {
  const buffer = Buffer.alloc(chunkSize);
  for (let start = 0; start < size; start += chunkSize) {
    NOISE.copy(buffer);
    buffer.writeDoubleLE(start);
    yield buffer.subarray(0, Math.min(chunkSize, size - start));
    buffer.fill(0);
  }
}

/** Size and SHA-256 of a stream. */
export async function measure(content: ByteStream): Promise<{ size: number; sha256: string }> {
  const meter = new Meter();
  for await (const chunk of content) meter.update(chunk);
  return { size: meter.size, sha256: meter.sha256 };
}

export async function listed(store: BlobStore, prefix: string): Promise<BlobFacts[]> {
  const all: BlobFacts[] = [];
  for await (const facts of store.list(prefix)) all.push(facts);
  return all;
}

export async function text(
  store: BlobStore,
  path: string,
  range?: { start: number; end?: number },
): Promise<string> {
  return (await collect((await store.get(path, range)).content, 10 * MB)).toString();
}

export function bytes(content: string): ByteStream {
  return once(Buffer.from(content));
}

/** The code a promise fails with; fails the test when it does not fail, or not with a HoldfastError. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof HoldfastError) return error.code;
    throw error;
  }
  return "no error";
}

/**
 * The port's laws (src/ports/blob-store.ts), for every adapter and for the fake. `makeStore` is called once.
 */
export function describeBlobStoreLaws(name: string, makeStore: () => Promise<StoreUnderTest>): void {
  describe(`${name} keeps the laws of a blob store`, () => {
    let under: StoreUnderTest;
    let store: BlobStore;
    beforeAll(async () => {
      under = await makeStore();
      store = under.store;
    });
    afterAll(() => under.close());

    creating(
      () => store,
      () => under.again(),
    );
    reading(() => store);
    listing(() => store);
    replacing(
      () => store,
      () => under.again(),
    );
    removing(() => store);
    refusing(() => store);

    it("says store.missing about everything when the store itself is missing", async () => {
      const { missing } = under;
      if (missing === undefined) {
        expect(name).toContain("memory");
        return;
      }
      expect(await codeOf(missing.check(false))).toBe("store.missing");
      expect(await codeOf(missing.stat("a"))).toBe("store.missing");
      expect(await codeOf(missing.get("a"))).toBe("store.missing");
      expect(await codeOf(listed(missing, ""))).toBe("store.missing");
      expect(await codeOf(missing.put("a", bytes("x")))).toBe("store.missing");
      expect(await codeOf(missing.remove("a"))).toBe("store.missing");
    });
  });
}

function creating(store: () => BlobStore, again: () => Promise<BlobStore>): void {
  it("checks for writing without leaving anything behind", async () => {
    await store().check(false);
    await store().check(true);
    expect(await listed(store(), "")).toEqual([]);
  });

  it("returns the facts of what it put, and stat and list say the same", async () => {
    const put = await store().put("facts/one", bytes("twelve bytes"));
    expect(put).toMatchObject({ path: "facts/one", size: 12 });
    expect(put.etag).not.toBe("");
    expect(await store().stat("facts/one")).toMatchObject({
      path: "facts/one",
      size: 12,
      etag: put.etag,
      modifiedAt: put.modifiedAt,
    });
    expect(await listed(store(), "facts/")).toMatchObject([{ path: "facts/one", size: 12, etag: put.etag }]);
  });

  it("keeps an empty blob", async () => {
    expect(await store().put("empty", (async function* () {})())).toMatchObject({ size: 0 });
    const { size, content } = await store().get("empty");
    expect([size, (await measure(content)).size]).toEqual([0, 0]);
  });

  it("never overwrites: the second put is store.exists and the first bytes stay", async () => {
    await store().put("once", bytes("first"));
    expect(await codeOf(store().put("once", bytes("second, and longer")))).toBe("store.exists");
    expect(await text(store(), "once")).toBe("first");
  });

  it("lets exactly one of twelve simultaneous writers win, and keeps that one's bytes", async () => {
    const stores = await Promise.all(Array.from({ length: 12 }, () => again()));
    const ends = await Promise.allSettled(
      stores.map((writer, index) => writer.put("race", bytes(`writer ${index}`))),
    );
    const winners = ends.flatMap((end, index) => (end.status === "fulfilled" ? [index] : []));
    expect(winners).toHaveLength(1);
    for (const end of ends) {
      if (end.status === "rejected") expect(isHoldfastError(end.reason, "store.exists")).toBe(true);
    }
    expect(await text(store(), "race")).toBe(`writer ${winners[0]}`);
  });

  it("rethrows the content's own error, at once, in the middle or at the end; shows nothing", async () => {
    const own = new Error("the dump failed");
    for (const size of [0, 3, 20 * MB]) {
      const content = (async function* () {
        yield* pattern(size);
        throw own;
      })();
      await expect(store().put(`atomic/${size}`, content)).rejects.toBe(own);
      expect(await store().stat(`atomic/${size}`)).toBeNull();
    }
    expect(await listed(store(), "atomic/")).toEqual([]);
    expect(await store().put("atomic/3", bytes("now"))).toMatchObject({ size: 3 });
  });

  it("shows nothing while a put is going on", async () => {
    let seen: unknown = "not asked";
    await store().put(
      "slow",
      (async function* () {
        yield* pattern(9 * MB);
        seen = [await store().stat("slow"), await listed(store(), "slow")];
        yield Buffer.from("end");
      })(),
    );
    expect(seen).toEqual([null, []]);
    expect(await store().stat("slow")).toMatchObject({ size: 9 * MB + 3 });
  });

  it("gives a large stream back bit by bit, although the producer uses its buffer again", async () => {
    const size = 41 * MB + 7;
    await store().put("large", pattern(size), { sizeHint: size });
    const there = await store().get("large");
    expect(there.size).toBe(size);
    expect(await measure(there.content)).toEqual(await measure(pattern(size)));
  });
}

function reading(store: () => BlobStore): void {
  it("reads ranges, cut to what is there", async () => {
    await store().put("range", bytes("0123456789"));
    expect(await text(store(), "range", { start: 3, end: 6 })).toBe("345");
    expect(await text(store(), "range", { start: 7 })).toBe("789");
    expect(await text(store(), "range", { start: 8, end: 100 })).toBe("89");
    expect(await text(store(), "range", { start: 0, end: 1 })).toBe("0");
    for (const range of [{ start: 10 }, { start: 50, end: 60 }, { start: 4, end: 4 }]) {
      const { size, content } = await store().get("range", range);
      expect([size, (await measure(content)).size]).toEqual([0, 0]);
    }
    expect((await store().get("range", { start: 3, end: 6 })).size).toBe(3);
  });

  it("lets a reader leave early, and serves the next one", async () => {
    await store().put("leave", pattern(3 * MB));
    for (let round = 0; round < 20; round += 1) {
      for await (const chunk of (await store().get("leave")).content) {
        expect(chunk.byteLength).toBeGreaterThan(0);
        break;
      }
    }
    expect((await measure((await store().get("leave")).content)).size).toBe(3 * MB);
  });

  it("answers absence: stat with null, get with store.not-found", async () => {
    expect(await store().stat("never/was")).toBeNull();
    expect(await codeOf(store().get("never/was"))).toBe("store.not-found");
    expect(await codeOf(store().get("never/was", { start: 2, end: 2 }))).toBe("store.not-found");
    expect(await listed(store(), "never/")).toEqual([]);
  });
}

function listing(store: () => BlobStore): void {
  it("lists every path with the prefix and no other, in lexicographic order of the whole path", async () => {
    const names = [
      "a",
      "a-b",
      "a/x",
      "a/x-1",
      "a/x/y",
      "a.b",
      "ab",
      "b/z",
      "b0",
      "B",
      "ä",
      "a b",
      "a%20b",
      "a+b",
      "a#b",
      "a?b",
      "日本/語",
      "\u00e9",
      "e\u0301",
      "\u{1f600}",
    ];
    for (const name of names) {
      if (name !== "a" && name !== "a/x") await store().put(`order/${name}`, bytes(name));
    }
    const expected = names
      .filter((name) => name !== "a" && name !== "a/x")
      .map((name) => `order/${name}`)
      .sort(compareBlobPaths);
    expect((await listed(store(), "order/")).map(({ path }) => path)).toEqual(expected);
    expect((await listed(store(), "order/a/")).map(({ path }) => path)).toEqual([
      "order/a/x-1",
      "order/a/x/y",
    ]);
    expect((await listed(store(), "order/a")).map(({ path }) => path)).toEqual(
      expected.filter((path) => path.startsWith("order/a")),
    );
    expect((await listed(store(), "order/a/x/")).map(({ path }) => path)).toEqual(["order/a/x/y"]);
    for (const path of expected) expect(await text(store(), path)).toBe(path.slice("order/".length));
  });

  it("lets a reader of a listing stop early", async () => {
    for await (const { path } of store().list("order/")) {
      expect(path.startsWith("order/")).toBe(true);
      break;
    }
  });
}

function replacing(store: () => BlobStore, again: () => Promise<BlobStore>): void {
  it("replaces only the version it was told, and the etag changes", async () => {
    const first = await store().put("lock", bytes("one"));
    const second = await store().replace("lock", Buffer.from("two"), first.etag);
    expect(second).toMatchObject({ path: "lock", size: 3 });
    expect(second.etag).not.toBe(first.etag);
    expect((await store().stat("lock"))?.etag).toBe(second.etag);
    expect(await codeOf(store().replace("lock", Buffer.from("late"), first.etag))).toBe("store.changed");
    expect(await text(store(), "lock")).toBe("two");
    expect(await store().replace("lock", Buffer.from("three"), second.etag)).toMatchObject({ size: 5 });
  });

  it("accepts the etag a listing gave", async () => {
    await store().put("lock-listed", bytes("one"));
    const [facts] = await listed(store(), "lock-listed");
    expect(await store().replace("lock-listed", Buffer.from("two"), facts?.etag ?? "")).toMatchObject({
      size: 3,
    });
  });

  it("does not bring back what was removed", async () => {
    const { etag } = await store().put("lock-gone", bytes("one"));
    await store().remove("lock-gone");
    expect(await codeOf(store().replace("lock-gone", Buffer.from("two"), etag))).toBe("store.changed");
    expect(await store().stat("lock-gone")).toBeNull();
  });

  it("lets exactly one of eight simultaneous replacers of one version win, round after round", async () => {
    let { etag } = await store().put("lock-race", bytes("start"));
    const stores = await Promise.all(Array.from({ length: 8 }, () => again()));
    for (let round = 0; round < 5; round += 1) {
      const ends = await Promise.allSettled(
        stores.map((replacer, index) =>
          replacer.replace("lock-race", Buffer.from(`${round}/${index}`), etag),
        ),
      );
      const winners = ends.flatMap((end, index) =>
        end.status === "fulfilled" ? [{ index, facts: end.value }] : [],
      );
      expect(winners).toHaveLength(1);
      for (const end of ends) {
        if (end.status === "rejected") expect(isHoldfastError(end.reason, "store.changed")).toBe(true);
      }
      expect(await text(store(), "lock-race")).toBe(`${round}/${winners[0]?.index}`);
      etag = winners[0]?.facts.etag ?? "";
    }
  });

  it("never gives a lock to two when taken over, released and taken anew at the same time", async () => {
    const [taker, owner, newcomer] = [await again(), await again(), await again()];
    for (let round = 0; round < 10; round += 1) {
      const { etag } = await store().put("lock-three", bytes("owner"));
      const [taken, , made] = await Promise.allSettled([
        taker.replace("lock-three", Buffer.from("taker"), etag),
        owner.remove("lock-three"),
        newcomer.put("lock-three", bytes("newcomer")),
      ]);
      const now = await store().stat("lock-three");
      // Taking over first and being removed then is fine; what must not be is a newcomer's lock overwritten
      // by the taker.
      if (made.status === "fulfilled") expect(await text(store(), "lock-three")).toBe("newcomer");
      else if (now !== null) {
        expect([taken.status, await text(store(), "lock-three")]).toEqual(["fulfilled", "taker"]);
      }
      await store().remove("lock-three");
    }
  });
}

function removing(store: () => BlobStore): void {
  it("removes, also what is not there, and nothing else", async () => {
    await store().put("bin/a", bytes("a"));
    await store().put("bin/ab", bytes("ab"));
    await store().remove("bin/a");
    await store().remove("bin/a");
    await store().remove("bin/never");
    expect((await listed(store(), "bin/")).map(({ path }) => path)).toEqual(["bin/ab"]);
    expect(await store().put("bin/a", bytes("new"))).toMatchObject({ size: 3 });
  });
}

function refusing(store: () => BlobStore): void {
  const hostile = [
    "",
    "/etc/passwd",
    "../outside",
    "a/../../b",
    "a/./b",
    "a//b",
    "a/",
    ".",
    "..",
    "a\0b",
    "a\nb",
    "a\\..\\b",
    "\ud800",
    "x".repeat(1025),
  ];
  it.each(
    hostile.map((path) => [path.length > 99 ? "of 1,025 characters" : JSON.stringify(path), path] as const),
  )("refuses the path %s in every method", async (_name, path) => {
    expect(await codeOf(store().put(path, bytes("x")))).toBe("input.malformed");
    expect(await codeOf(store().get(path))).toBe("input.malformed");
    expect(await codeOf(store().stat(path))).toBe("input.malformed");
    expect(await codeOf(store().replace(path, Buffer.from("x"), "etag"))).toBe("input.malformed");
    expect(await codeOf(store().remove(path))).toBe("input.malformed");
  });

  it("refuses a prefix that leads outside", async () => {
    for (const prefix of ["../", "/", "a/../b", "a//"]) {
      expect(await codeOf(listed(store(), prefix))).toBe("input.malformed");
    }
  });
}
