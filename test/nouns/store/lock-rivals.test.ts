import { beforeEach, describe, expect, it } from "@jest/globals";
import { acquireLock, releaseLock, type HeldLock, type LockRequest } from "../../../src/nouns/store/lock.ts";
import { retrying } from "../../../src/adapters/store-decorators/retrying.ts";
import { HoldfastError, type ErrorCode } from "../../../src/kernel/errors.ts";
import type { BlobStore } from "../../../src/ports/blob-store.ts";
import { forwarding } from "../../support/decorators.ts";
import { MemoryStore } from "../../fakes/memory-store.ts";
import { countingRandom, FakeClock, settle } from "../catalog/fake-clock.ts";
import { RUN } from "../catalog/samples.ts";

const MINUTE = 60_000;
let store: MemoryStore;
let clock: FakeClock;
let random: LockRequest["random"];
beforeEach(() => {
  clock = new FakeClock();
  store = new MemoryStore("memory://store", undefined, clock);
  random = countingRandom();
});
const paths = (): string[] => [...store.blobs.keys()].sort();

function request(changes: Partial<LockRequest> = {}): LockRequest {
  return {
    store,
    source: "environment",
    tier: "production",
    doing: "deploy x",
    ifLost: "Run again.",
    run: RUN,
    clock,
    random,
    ...changes,
  };
}

/** Blobs may be created, read and removed, and not changed (an Azure SAS with r, c, d and l). */
const kept = (): BlobStore =>
  forwarding(store, { replace: () => Promise.reject(new HoldfastError("store.denied", "HTTP 403")) });

const IMMUTABLE = new HoldfastError("store.denied", "HTTP 409 BlobImmutableDueToPolicy", { hint: "policy" });

describe("a lock", () => {
  it.each(["store.archived", "store.denied", "store.unreadable"] as ErrorCode[])(
    "of a run that ended long ago, whose document is %s, keeps nobody out",
    async (code) => {
      const refuse = (): Promise<never> => Promise.reject(IMMUTABLE);
      const worm = forwarding(store, { replace: refuse, remove: refuse });
      const lock = await acquireLock(request({ store: worm }));
      await clock.advance(2 * MINUTE);
      await lock[Symbol.asyncDispose]();
      clock.jump(90 * 24 * 60 * MINUTE);
      const unread = forwarding(worm, {
        get: (path) => Promise.reject(new HoldfastError(code, `${path} is ${code}`, { hint: "x" })),
      });
      await using next = await acquireLock(request({ store: unread }));
      expect(next.lost.aborted).toBe(false);
    },
  );

  it("is not called refused, nor kept by another generation, because Ctrl-C ended a retry", async () => {
    const warnings: string[] = [];
    const cancel = new AbortController();
    let replaces = 0;
    const inner = forwarding(store, {
      replace: (...given) =>
        (replaces += 1) === 1
          ? Promise.reject(new HoldfastError("store.unreachable", "no answer", { hint: "wait" }))
          : store.replace(...given),
    });
    const patient = retrying(inner, { clock, random, cancelled: cancel.signal });
    await using lock = await acquireLock(request({ store: patient, warn: (text) => warnings.push(text) }));
    await clock.advance(30_100);
    cancel.abort(new HoldfastError("run.cancelled", "the run was cancelled by SIGINT", { hint: "x" }));
    await settle();
    await settle();
    expect({ paths: paths(), warnings, path: lock.path }).toEqual({
      paths: ["locks/environment/production/000000001.json"],
      warnings: [],
      path: "locks/environment/production/000000001.json",
    });
  });

  it("of a courtesy is not called refused because Ctrl-C ended a retry", async () => {
    const warnings: string[] = [];
    const cancel = new AbortController();
    const inner = forwarding(store, {
      replace: () => Promise.reject(new HoldfastError("store.unreachable", "no answer", { hint: "wait" })),
    });
    const patient = retrying(inner, { clock, random, cancelled: cancel.signal });
    await using _lock = await acquireLock(
      request({ store: patient, purpose: "courtesy", warn: (text) => warnings.push(text) }),
    );
    await clock.advance(30_100);
    cancel.abort(new HoldfastError("run.cancelled", "the run was cancelled by SIGINT", { hint: "x" }));
    await settle();
    expect(warnings).toEqual([]);
  });

  it("that was given up does not come back behind the next holder's, and take his away", async () => {
    // Blobs may be created and removed, and not changed (an Azure SAS with r, c, d and l).
    const refuse = (): Promise<never> => Promise.reject(IMMUTABLE);
    const line: { hangs?: PromiseWithResolvers<void> } = {};
    const base = forwarding(store, { replace: refuse });
    const slow: BlobStore = forwarding(base, {
      put: async (...given) => {
        // Sent, and on its way for minutes.
        await line.hangs?.promise;
        return await base.put(...given);
      },
    });
    const first = await acquireLock(request({ store: slow }));
    await clock.advance(MINUTE);
    line.hangs = Promise.withResolvers();
    await clock.advance(5 * MINUTE);
    expect(first.lost.aborted).toBe(true);
    await first[Symbol.asyncDispose]();
    await using second = await acquireLock(request({ store: base }));
    line.hangs.resolve();
    await settle();
    await clock.advance(MINUTE);
    expect([paths(), second.path, second.lost.reason]).toEqual([
      expect.anything(),
      expect.anything(),
      undefined,
    ]);
  });

  it("whose owner was suspended within a renewal is not his any more: others had it", async () => {
    const refuse = (): Promise<never> => Promise.reject(IMMUTABLE);
    const base = forwarding(store, { replace: refuse });
    const machine: { sleeps?: PromiseWithResolvers<void> } = {};
    const sleepy: BlobStore = forwarding(base, {
      put: async (...given) => {
        await machine.sleeps?.promise;
        return await base.put(...given);
      },
    });
    const own = new FakeClock();
    const first = await acquireLock(request({ store: sleepy, clock: own }));
    await own.advance(MINUTE);
    expect(first.path).toBe("locks/environment/production/000000003.json");
    // The first is suspended when its next renewal is about to be sent; its clock stands still.
    machine.sleeps = Promise.withResolvers();
    await own.advance(30_000);
    clock.jump(10 * MINUTE);
    {
      await using _second = await acquireLock(request({ store: base, doing: "the second's deployment" }));
    }
    const third = await acquireLock(request({ store: base, doing: "the third's deployment" }));
    machine.sleeps.resolve();
    await settle();
    await own.advance(1);
    const both = [first.lost.aborted, third.lost.aborted];
    await clock.advance(31_000);
    await own.advance(MINUTE);
    expect({ both, first: first.lost.reason, third: third.lost.reason }).toEqual({
      both: [true, false],
      first: expect.objectContaining({ code: "lock.lost" }),
      third: undefined,
    });
  });

  it("that was removed is lost, also where another run has come to the same generation", async () => {
    // The first run is at generation 3 when its machine is suspended for an hour.
    let asleep = false;
    const sleeping: (() => void)[] = [];
    const suspended = {
      now: () => clock.now(),
      elapsed: () => clock.elapsed(),
      sleep: async (ms: number, signal?: AbortSignal) => {
        await clock.sleep(ms, signal);
        if (asleep) await new Promise<void>((resolve) => sleeping.push(resolve));
      },
    };
    const first = await acquireLock(request({ store: kept(), clock: suspended }));
    await clock.advance(61_000);
    expect(first.path).toContain("000000003");
    asleep = true;
    await clock.advance(10 * MINUTE);
    // A second run takes it over, as it may, ends well and leaves nothing.
    const second = await acquireLock(request({ store: kept() }));
    await second[Symbol.asyncDispose]();
    expect([...store.blobs.keys()]).toEqual([]);
    // A third one begins, and is at work for a minute.
    const third = await acquireLock(request({ store: kept() }));
    await clock.advance(61_000);
    expect([third.path, third.lost.aborted]).toEqual([expect.stringContaining("000000003"), false]);
    // The machine of the first wakes up.
    asleep = false;
    for (const wake of sleeping) wake();
    await clock.advance(1);
    await clock.advance(45_000);
    const standing = {
      first: first.lost.aborted ? "lost" : "holds",
      third: third.lost.aborted ? String(third.lost.reason) : "holds",
    };
    await first[Symbol.asyncDispose]();
    await third[Symbol.asyncDispose]();
    expect(standing).toEqual({ first: "lost", third: "holds" });
  });

  it("is not taken behind an abandoned one that is gone meanwhile, with all that came after it", async () => {
    const base = kept();
    const killed = await acquireLock(request({ store: base }));
    const { path, token } = killed;
    await clock.advance(MINUTE);
    clock.jump(10 * MINUTE);
    // It looks, and is suspended before it takes the lock over.
    let third: HeldLock | undefined;
    const sleepy = forwarding(base, {
      put: async (...given) => {
        if (third === undefined) {
          await releaseLock(base, path, token);
          third = await acquireLock(request({ store: base, doing: "the third's deployment" }));
        }
        return await base.put(...given);
      },
    });
    await expect(acquireLock(request({ store: sleepy }))).rejects.toMatchObject({
      code: "lock.held",
      message: expect.stringContaining("the third's deployment"),
    });
    await clock.advance(31_000);
    expect(third!.lost.aborted).toBe(false);
    await third![Symbol.asyncDispose]();
    expect(killed.lost.aborted).toBe(true);
  });

  it("that cannot be read for a moment is not lost by its owner, nor left in silence", async () => {
    const warnings: string[] = [];
    let reads: "well" | "badly" = "well";
    let answers: "kept" | "lost" = "kept";
    const flaky = forwarding(store, {
      get: (path, range) =>
        reads === "well"
          ? store.get(path, range)
          : Promise.reject(new HoldfastError("store.unreadable", "EIO", { hint: "x" })),
      async replace(...given) {
        const facts = await store.replace(...given);
        if (answers === "kept") return facts;
        throw new HoldfastError("store.unreachable", "the answer was lost", { hint: "x" });
      },
    });
    const lock = await acquireLock(request({ store: flaky, warn: (text) => warnings.push(text) }));
    answers = "lost";
    await clock.advance(30_000);
    [answers, reads] = ["kept", "badly"];
    await clock.advance(30_000);
    expect(lock.lost.aborted).toBe(false);
    reads = "well";
    await clock.advance(30_000);
    expect(lock.lost.aborted).toBe(false);
    reads = "badly";
    await lock[Symbol.asyncDispose]();
    expect(warnings.join()).toContain("could not be released: EIO");
  });

  it("is lost, though it could be renewed, where another run took it over in the midst", async () => {
    const sleeps: { now?: () => Promise<void> } = {};
    const sleepy = forwarding(store, {
      async replace(...given) {
        await sleeps.now?.();
        return await store.replace(...given);
      },
    });
    const first = await acquireLock(request({ store: sleepy }));
    let second: HeldLock | undefined;
    sleeps.now = async () => {
      delete sleeps.now;
      clock.jump(10 * MINUTE);
      second = await acquireLock(request({ doing: "the second's deployment" }));
    };
    await clock.advance(30_000);
    expect([first.lost.aborted, second!.lost.aborted]).toEqual([true, false]);
    await second![Symbol.asyncDispose]();
  });
});
