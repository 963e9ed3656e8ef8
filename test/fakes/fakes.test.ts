import { describe, expect, it } from "@jest/globals";
import { bytes, codeOf, listed, measure, pattern, text } from "../ports/blob-store.laws.ts";
import { FaultyStore } from "./faulty-store.ts";
import { LyingStore, type Lie } from "./lying-store.ts";
import { MemoryStore } from "./memory-store.ts";

describe("FaultyStore", () => {
  it("fails at every event of a sequence in turn, and at none beyond", async () => {
    const sequence = async (store: FaultyStore): Promise<void> => {
      await store.check(true);
      const { etag } = await store.put("a", bytes("x"));
      await text(store, "a");
      await listed(store, "");
      await store.replace("a", Buffer.from("y"), etag);
      await store.stat("a");
      await store.remove("a");
    };
    const counting = new FaultyStore(new MemoryStore(), { failAt: 0 });
    await sequence(counting);
    expect(counting.log).toEqual([
      "check",
      "put a",
      "put a, in its stream",
      "get a",
      "get a, in its stream",
      "list ",
      "list , in its middle",
      "replace a",
      "stat a",
      "remove a",
    ]);
    for (let failAt = 1; failAt <= counting.events + 1; failAt += 1) {
      const store = new FaultyStore(new MemoryStore(), { failAt });
      expect(await codeOf(sequence(store))).toBe(
        failAt <= counting.events ? "store.unreachable" : "no error",
      );
      expect(store.failures).toBe(failAt <= counting.events ? 1 : 0);
    }
  });

  it("can lose only the answer", async () => {
    const memory = new MemoryStore();
    expect(await codeOf(new FaultyStore(memory, { failAt: 1, moment: "after" }).put("a", bytes("x")))).toBe(
      "store.unreachable",
    );
    expect(await text(memory, "a")).toBe("x");
  });
});

describe("LyingStore", () => {
  const lying = async (lie: Lie): Promise<LyingStore> => {
    const memory = new MemoryStore();
    for (const name of ["a", "b", "c"]) await memory.put(name, pattern(200_000));
    return new LyingStore(memory, lie);
  };

  it("ends a read early while announcing the whole size", async () => {
    const store = await lying({ kind: "short-read", missing: 5, once: true });
    const { size, content } = await store.get("a");
    expect([size, (await measure(content)).size]).toEqual([200_000, 199_995]);
    expect((await measure((await store.get("a")).content)).size).toBe(200_000);
  });

  it("flips the last byte, once or always", async () => {
    const right = await measure(pattern(200_000));
    for (const once of [true, false]) {
      const store = await lying({ kind: "last-byte-wrong", once });
      const [first, second] = [
        await measure((await store.get("a")).content),
        await measure((await store.get("a")).content),
      ];
      expect([first.size, first.sha256 === right.sha256, second.sha256 === right.sha256]).toEqual([
        200_000,
        false,
        once,
      ]);
    }
  });

  it("announces another length than there is", async () => {
    const store = await lying({ kind: "wrong-length", by: -1 });
    const { size, content } = await store.get("a");
    expect([size, (await store.stat("a"))?.size, (await measure(content)).size]).toEqual([
      199_999, 199_999, 200_000,
    ]);
  });

  it("lists late", async () => {
    const store = await lying({ kind: "late-listing", newest: 2 });
    expect((await listed(store, "")).map(({ path }) => path)).toEqual(["a"]);
  });
});
