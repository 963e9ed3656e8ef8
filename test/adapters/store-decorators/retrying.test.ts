import { describe, expect, it } from "@jest/globals";
import { retrying } from "../../../src/adapters/store-decorators/retrying.ts";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import type { BlobStore } from "../../../src/ports/blob-store.ts";
import { FaultyStore, type Fault } from "../../fakes/faulty-store.ts";
import { MemoryStore } from "../../fakes/memory-store.ts";
import { forwarding } from "../../support/decorators.ts";
import {
  codeOf,
  describeBlobStoreLaws,
  listed,
  measure,
  pattern,
  text,
} from "../../ports/blob-store.laws.ts";

/** A store that fails as told behind the retrying one, and the pauses that were made. */
function faulty(fault: Fault, attempts = 4) {
  const memory = new MemoryStore("memory://store", 1000);
  const broken = new FaultyStore(memory, fault);
  const pauses: number[] = [];
  const clock = { sleep: async (ms: number) => void pauses.push(ms), elapsed: () => 0 };
  const store = retrying(broken, { clock, random: { fraction: () => 0.5 }, attempts, firstDelayMs: 100 });
  return { memory, broken, store, pauses };
}

describeBlobStoreLaws("a memory store with retrying around it", async () => {
  const { store } = faulty({ failAt: 0 });
  return { store, again: async () => store, close: async () => undefined };
});

describe("the retrying store", () => {
  it("tries every call again that is safe to repeat, with growing pauses", async () => {
    const calls: ((store: BlobStore) => Promise<unknown>)[] = [
      (store) => store.check(false),
      (store) => store.stat("a"),
      (store) => text(store, "a"),
      (store) => listed(store, ""),
      (store) => store.remove("b"),
    ];
    for (const call of calls) {
      const { memory, store, broken, pauses } = faulty({ failAt: 1 });
      memory.plant("a", Buffer.from("x"));
      await call(store);
      expect([broken.failures, pauses]).toEqual([1, [75]]);
    }
  });

  it("gives up after the agreed number of tries and throws the last error", async () => {
    const { store, broken, pauses } = faulty({ failAt: 1, forGood: true });
    expect(await codeOf(store.stat("a"))).toBe("store.unreachable");
    expect([broken.failures, pauses]).toEqual([4, [75, 150, 300]]);
  });

  it("tries nothing again that is final", async () => {
    for (const code of ["store.denied", "store.missing", "store.archived", "store.changed"] as const) {
      const { store, broken } = faulty({ failAt: 1, error: new HoldfastError(code, "no") });
      expect(await codeOf(store.stat("a"))).toBe(code);
      expect(broken.failures).toBe(1);
    }
  });

  it("never repeats a put, whose stream can be read only once", async () => {
    for (const failAt of [1, 2]) {
      const { memory, store, broken } = faulty({ failAt });
      expect(await codeOf(store.put("a", pattern(100_000)))).toBe("store.unreachable");
      expect([broken.failures, memory.blobs.size]).toEqual([1, 0]);
    }
  });

  it("goes on with a download from the missing byte, also within a range", async () => {
    for (const range of [undefined, { start: 500, end: 70_500 }]) {
      const { memory, store, broken } = faulty({ failAt: 2 });
      await memory.put("a", pattern(100_000));
      const { content } = await store.get("a", range);
      expect(await measure(content)).toEqual(await measure((await memory.get("a", range)).content));
      expect(broken.log).toHaveLength(4);
    }
  });

  it("says store.changed when the rest of a broken download has another length", async () => {
    const { memory, store } = faulty({ failAt: 2 });
    await memory.put("a", pattern(100_000));
    const { content } = await store.get("a");
    memory.plant("a", Buffer.from("short"));
    expect(await codeOf(measure(content))).toBe("store.changed");
  });

  it("knows its own replace when the answer was lost", async () => {
    const { memory, store } = faulty({ failAt: 1, moment: "after" });
    const { etag } = memory.plant("lock", Buffer.from("one"));
    const facts = await store.replace("lock", Buffer.from("two"), etag);
    expect([facts.etag, await text(memory, "lock")]).toEqual([(await memory.stat("lock"))?.etag, "two"]);
  });

  it("does not take another's replace for its own", async () => {
    const { memory, store } = faulty({ failAt: 1 });
    const { etag } = memory.plant("lock", Buffer.from("one"));
    memory.plant("lock", Buffer.from("two"));
    expect(await codeOf(store.replace("lock", Buffer.from("our"), etag))).toBe("store.changed");
  });

  it("throws when a listing breaks in the middle; it never ends early", async () => {
    const { memory, store } = faulty({ failAt: 2 });
    for (const name of ["a", "b", "c"]) memory.plant(name, Buffer.from(name));
    expect(await codeOf(listed(store, ""))).toBe("store.unreachable");
  });

  it("tells, counts and waits for the tries of a download that brings nothing", async () => {
    const memory = new MemoryStore();
    memory.plant("a", Buffer.from("abc"));
    const broken = forwarding(memory, {
      get: (_path, range) =>
        Promise.resolve({
          size: 3 - (range?.start ?? 0),
          content: (async function* () {
            yield Buffer.alloc(0);
            throw new HoldfastError("store.unreadable", "reading a: EIO", { hint: "x" });
          })(),
        }),
    });
    const lines: string[] = [];
    const pauses: number[] = [];
    const clock = { sleep: async (ms: number) => void pauses.push(ms), elapsed: () => 0 };
    const log = { info: (line: string) => void lines.push(line) };
    const store = retrying(broken, {
      clock,
      random: { fraction: () => 0.5 },
      log,
      attempts: 4,
      firstDelayMs: 100,
    });
    await expect(text(store, "a")).rejects.toThrow("reading a: EIO; tried 4 times");
    expect([lines.length, pauses]).toEqual([3, [75, 150, 300]]);
  });
});
