import { beforeEach, describe, expect, it } from "@jest/globals";
import { retrying } from "../../../src/adapters/store-decorators/retrying.ts";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import { acquireLock, type HeldLock, type LockRequest } from "../../../src/nouns/store/lock.ts";
import type { BlobStore } from "../../../src/ports/blob-store.ts";
import { MemoryStore } from "../../fakes/memory-store.ts";
import { forwarding } from "../../support/decorators.ts";
import { countingRandom, FakeClock } from "../catalog/fake-clock.ts";
import { RUN } from "../catalog/samples.ts";

/** Answers that come late: whoever guards something has ended before anybody else may begin. */

let clock: FakeClock;
let memory: MemoryStore;
let random: LockRequest["random"];
beforeEach(() => {
  clock = new FakeClock();
  memory = new MemoryStore("memory://store", undefined, clock);
  random = countingRandom();
});

function request(store: BlobStore): LockRequest {
  return { store, source: "shop", tier: "tier2", doing: "x", ifLost: "Run again.", run: RUN, clock, random };
}

/** The lock, by a store that needs time to answer. */
async function acquired(store: BlobStore): Promise<HeldLock> {
  const taking = acquireLock(request(store));
  await clock.advance(1_000);
  return await taking;
}

async function given(held: HeldLock): Promise<void> {
  const giving = held[Symbol.asyncDispose]();
  await clock.advance(200_000);
  await giving;
}

/** Another run takes the lock, or is told that it is held. */
async function byAnother(): Promise<boolean> {
  try {
    await acquireLock(request(memory));
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: "lock.held" });
    return false;
  }
}

/** Every second until the store would let another one in: by then the guard has ended. */
async function endsInTime(held: HeldLock): Promise<void> {
  for (let second = 0; !held.lost.aborted; second += 1) {
    expect(second).toBeLessThan(600);
    await clock.advance(1_000);
    if (!held.lost.aborted) expect(await byAnother()).toBe(false);
  }
  await clock.advance(60_000);
  expect(await byAnother()).toBe(true);
}

describe("a guard", () => {
  it("is counted from when it was written, not from the answer to the look afterwards", async () => {
    let looks = 0;
    // The first is of its taking; then one before and one after each renewal.
    const bad = forwarding(memory, {
      async *list(prefix) {
        looks += 1;
        if (looks === 3) await clock.sleep(170_000);
        if (looks > 3) await new Promise(() => undefined);
        yield* memory.list(prefix);
      },
    });
    await endsInTime(await acquireLock(request(bad)));
  });

  it.each([
    ["a try takes 7 s", 7_000],
    ["a try takes 30 s", 30_000],
    ["a try takes 55 s", 55_000],
  ])("ends in time, however long a renewal takes to fail: %s", async (_, tryMs) => {
    let isDown = false;
    const swallowed = forwarding(memory, {
      async *list(prefix) {
        if (isDown) {
          await clock.sleep(tryMs);
          throw new HoldfastError("store.unreachable", "listing: no answer", { hint: "x" });
        }
        yield* memory.list(prefix);
      },
    });
    const held = await acquireLock(request(retrying(swallowed, { clock, random, budgetMs: 5 * 60_000 })));
    isDown = true;
    await endsInTime(held);
  });

  /** A store answers after a moment, and not at once as one in memory does. */
  const real = (more: (inner: BlobStore) => Partial<BlobStore>): BlobStore => {
    const inner = forwarding(memory, {
      async *list(prefix) {
        await clock.sleep(5);
        yield* memory.list(prefix);
      },
      replace: (...given) => clock.sleep(5).then(() => memory.replace(...given)),
    });
    return forwarding(inner, more(inner));
  };

  it("is kept where the store is back before the end", async () => {
    let isDown = false;
    const lost = real((inner) => ({
      async *list(prefix) {
        if (isDown) {
          await clock.sleep(157_000);
          throw new HoldfastError("store.unreachable", "listing: no answer", { hint: "x" });
        }
        yield* inner.list(prefix);
      },
    }));
    const held = await acquired(lost);
    await clock.advance(10_000);
    isDown = true;
    await clock.advance(178_000);
    isDown = false;
    await clock.advance(600_000);
    expect([held.lost.reason, await byAnother()]).toEqual([undefined, false]);
    await given(held);
  });

  it("is kept where the store is slow", async () => {
    const slow = real((inner) => ({
      replace: (...asked) => clock.sleep(95_000).then(() => inner.replace(...asked)),
    }));
    const held = await acquired(slow);
    for (let minute = 0; minute < 20; minute += 1) {
      await clock.advance(60_000);
      expect([held.lost.reason, await byAnother()]).toEqual([undefined, false]);
    }
    await given(held);
  });

  it("ends for what the store said, not because the time was over", async () => {
    let isRefused = false;
    const refused = async (): Promise<void> => {
      await clock.sleep(5);
      if (isRefused) throw new HoldfastError("store.denied", "HTTP 403", { hint: "rights" });
    };
    const held = await acquired(
      real((inner) => ({
        replace: (...asked) => refused().then(() => inner.replace(...asked)),
        put: (...asked) => refused().then(() => inner.put(...asked)),
      })),
    );
    isRefused = true;
    await clock.advance(215_000);
    expect(held.lost.reason).toMatchObject({ code: "store.denied", message: expect.stringContaining("403") });
  });

  it("is not given to somebody who heard so late that he has it that another one took it over", async () => {
    memory.plant("locks/shop/tier2/000000001.json", Buffer.from("{"));
    clock.jump(5 * 60_000);
    let isWritten = false;
    const bad = forwarding(memory, {
      async put(...given) {
        const facts = await memory.put(...given);
        isWritten = true;
        return facts;
      },
      async stat(path) {
        if (isWritten) {
          isWritten = false;
          await clock.sleep(280_000);
        }
        return await memory.stat(path);
      },
    });
    const taking = acquireLock(request(bad)).catch((error: unknown) => error);
    await clock.advance(270_000);
    expect(await byAnother()).toBe(true);
    await clock.advance(11_000);
    expect(await taking).toMatchObject({ code: "lock.held" });
  });
});
