import { beforeEach, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { acquireLock, releaseLock, type HeldLock, type LockRequest } from "../../../src/nouns/store/lock.ts";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import { once } from "../../../src/kernel/streams.ts";
import type { BlobFacts, BlobStore } from "../../../src/ports/blob-store.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import { FaultyStore } from "../../fakes/faulty-store.ts";
import { LyingStore } from "../../fakes/lying-store.ts";
import { MemoryStore } from "../../fakes/memory-store.ts";
import { countingRandom, FakeClock } from "../catalog/fake-clock.ts";
import { RUN } from "../catalog/samples.ts";

const MINUTE = 60_000;
const FIRST = "locks/shop/tier2/000000001.json";
const SECOND = "locks/shop/tier2/000000002.json";

let store: MemoryStore;
let clock: FakeClock;
let random: LockRequest["random"];
beforeEach(() => {
  clock = new FakeClock();
  store = new MemoryStore("memory://store", undefined, clock);
  random = countingRandom();
});

function request(changes: Partial<LockRequest> = {}): LockRequest {
  return {
    store,
    source: "shop",
    tier: "tier2",
    doing: "backup x",
    ifLost: "Run again.",
    run: RUN,
    clock,
    random,
    ...changes,
  };
}

/** A lock whose owner was killed: nobody renews it any more. */
async function abandoned(changes: Partial<LockRequest> = {}): Promise<HeldLock> {
  const lock = await acquireLock(
    request({
      ...changes,
      clock: {
        now: () => clock.now(),
        elapsed: () => clock.elapsed(),
        sleep: () => new Promise(() => undefined),
      },
    }),
  );
  clock.jump(5 * MINUTE);
  return lock;
}

const paths = (): string[] => [...store.blobs.keys()].sort();

describe("a lock", () => {
  it("keeps a second run out, naming who holds it, what for and since when", async () => {
    await using _lock = await acquireLock(
      request({ run: { ...RUN, actor: "maria", url: "https://ci.example/run/7" } }),
    );
    await clock.advance(90_000);
    await expect(acquireLock(request())).rejects.toMatchObject({
      code: "lock.held",
      exitCode: 6,
      message:
        "shop/tier2 is locked by maria, https://ci.example/run/7, doing backup x since " +
        "2026-11-22T04:00:00.000Z (1 min 30 s ago)",
    });
  });

  it("does not keep out another source or tier", async () => {
    await using _one = await acquireLock(request());
    await using _two = await acquireLock(request({ tier: "tier1" }));
    await using _three = await acquireLock(request({ source: "shop2" }));
    expect(paths()).toHaveLength(3);
  });

  it("is free again after its release, and nothing is left behind", async () => {
    for (let turn = 0; turn < 3; turn += 1) {
      await using lock = await acquireLock(request());
      expect([lock.path, lock.lost.aborted]).toEqual([FIRST, false]);
    }
    expect(paths()).toEqual([]);
  });

  it("goes to exactly one of two that come at once", async () => {
    const results = await Promise.allSettled([acquireLock(request()), acquireLock(request())]);
    expect(results.map((result) => result.status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(results.find((result) => result.status === "rejected")).toMatchObject({
      reason: { code: "lock.held" },
    });
    for (const result of results) {
      if (result.status === "fulfilled") await result.value[Symbol.asyncDispose]();
    }
  });

  it("is kept for hours by renewing, and its blob says when that was last done", async () => {
    await using lock = await acquireLock(request());
    await clock.advance(3 * 60 * MINUTE);
    expect(lock.lost.aborted).toBe(false);
    expect(JSON.parse(store.blobs.get(FIRST)!.bytes.toString())).toMatchObject({
      since: "2026-11-22T04:00:00.000Z",
      renewedAt: "2026-11-22T07:00:00.000Z",
    });
    await expect(acquireLock(request())).rejects.toMatchObject({ code: "lock.held" });
  });

  it("whose blob cannot be read still keeps others out while it is young, by the store's clock", async () => {
    store.blobs.set(FIRST, {
      bytes: Buffer.from("{"),
      facts: { path: FIRST, size: 1, etag: "1", modifiedAt: clock.now() },
    });
    await expect(acquireLock(request())).rejects.toMatchObject({
      code: "lock.held",
      message: "shop/tier2 is locked by somebody, cli run unknown, doing an unknown command",
    });
    clock.jump(5 * MINUTE);
    await using lock = await acquireLock(request());
    expect(lock.path).toBe(SECOND);
  });
});

describe("an abandoned lock", () => {
  it("is taken over after four minutes and not before", async () => {
    await abandoned();
    clock.jump(-1 * MINUTE);
    await expect(acquireLock(request())).rejects.toMatchObject({ code: "lock.held" });
    clock.jump(1);
    {
      await using lock = await acquireLock(request());
      expect(lock.path).toBe(SECOND);
    }
    expect(paths()).toEqual([]);
  });

  it("is not taken over while the store says that it is young, whatever its owner's clock said", async () => {
    await abandoned();
    const held = store.blobs.get(FIRST)!;
    store.blobs.set(FIRST, {
      ...held,
      facts: { ...held.facts, modifiedAt: new Date(clock.now().getTime() - MINUTE) },
    });
    await expect(acquireLock(request())).rejects.toMatchObject({ code: "lock.held" });
  });

  it("goes to exactly one of several takers, in whatever order their calls reach the store", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 5, maxLength: 40 }),
        fc.integer({ min: 2, max: 5 }),
        async (delays, takers) => {
          store = new MemoryStore("memory://store", undefined, clock);
          await abandoned();
          const slow = jittery(store, delays);
          const results = await Promise.allSettled(
            Array.from({ length: takers }, () => acquireLock(request({ store: slow }))),
          );
          const winners = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
          expect(winners).toHaveLength(1);
          for (const result of results) {
            if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "lock.held" });
          }
          for (const winner of winners) await winner[Symbol.asyncDispose]();
          expect(paths()).toEqual([]);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("whose owner wakes up again is lost to it, and it stops", async () => {
    const old = await acquireLock(request());
    clock.jump(5 * MINUTE);
    await using taker = await acquireLock(request());
    expect(old.lost.aborted).toBe(false);
    await clock.advance(MINUTE);
    expect(old.lost.reason).toMatchObject({
      code: "lock.lost",
      exitCode: 6,
      message: expect.stringContaining("another run took it over"),
    });
    expect(taker.lost.aborted).toBe(false);
    await old[Symbol.asyncDispose]();
    expect(paths()).toContain(taker.path);
    await expect(acquireLock(request())).rejects.toMatchObject({ code: "lock.held" });
  });

  it("that somebody removed by hand is lost at the next renewal", async () => {
    await using lock = await acquireLock(request());
    await clock.advance(MINUTE);
    await store.remove(lock.path);
    await clock.advance(31_000);
    expect(lock.lost.reason).toMatchObject({
      code: "lock.lost",
      message: "the lock of shop/tier2 was lost: somebody removed its blob",
    });
  });

  it("whose blob somebody wrote anew is lost to whom it names, and left to him", async () => {
    const lock = await acquireLock(request());
    const theirs = {
      ...JSON.parse(store.blobs.get(FIRST)!.bytes.toString()),
      token: "theirs",
      doing: "deploy",
    };
    store.plant(FIRST, Buffer.from(JSON.stringify({ ...theirs, run: { ...RUN, actor: "maria" } })));
    await clock.advance(31_000);
    expect(lock.lost.reason).toMatchObject({
      code: "lock.lost",
      exitCode: 6,
      message: "the lock of shop/tier2 was lost: its blob was changed by maria, doing deploy",
    });
    await lock[Symbol.asyncDispose]();
    expect(paths()).toEqual([FIRST]);
  });

  it("whose blob was written anew with the owner's own words stays his", async () => {
    await using lock = await acquireLock(request());
    store.plant(FIRST, store.blobs.get(FIRST)!.bytes);
    await clock.advance(31_000);
    expect(lock.lost.aborted).toBe(false);
    expect(JSON.parse(store.blobs.get(FIRST)!.bytes.toString())).toMatchObject({
      renewedAt: "2026-11-22T04:00:30.000Z",
    });
  });

  it("whose taker is long gone is lost to the owner that wakes up, too", async () => {
    const old = await acquireLock(request());
    clock.jump(5 * MINUTE);
    {
      await using _taker = await acquireLock(request());
    }
    await clock.advance(MINUTE);
    expect(old.lost.reason).toMatchObject({
      code: "lock.lost",
      message: expect.stringContaining("somebody removed its blob"),
    });
    await old[Symbol.asyncDispose]();
  });
});

describe("a clock that is wrong", () => {
  const HOUR = 60 * MINUTE;
  const off = (ms: number): Clock => ({
    now: () => new Date(clock.now().getTime() + ms),
    elapsed: () => clock.elapsed(),
    sleep: (pause, signal) => clock.sleep(pause, signal),
  });
  const dead = (ms: number): Clock => ({ ...off(ms), sleep: () => new Promise(() => undefined) });
  /** What the store's clock was set back by after the lock was written. */
  const setBack = (ms: number): void => {
    const { bytes, facts } = store.blobs.get(FIRST)!;
    const modifiedAt = new Date(facts.modifiedAt.getTime() + ms);
    store.blobs.set(FIRST, { bytes, facts: { ...facts, modifiedAt } });
  };

  it.each([25 * HOUR, -25 * HOUR])("of a dead owner, by %d ms, makes its lock live no longer", async (ms) => {
    await acquireLock(request({ clock: dead(ms) }));
    clock.jump(3 * MINUTE);
    await expect(acquireLock(request())).rejects.toMatchObject({
      code: "lock.held",
      message: expect.stringMatching(/ since 2026-11-22T04:00:00.000Z \(3 min 00 s ago\)$/),
      hint: expect.stringMatching(/abandoned 4 min 00 s after its last sign of life, in 1 min 00 s\.$/),
    });
    clock.jump(MINUTE + 1);
    {
      await using lock = await acquireLock(request());
      expect(lock.path).toBe(SECOND);
    }
    expect(paths()).toEqual([]);
  });

  it.each([25 * HOUR, -25 * HOUR])("of a living owner, by %d ms, does not lose it", async (ms) => {
    await using lock = await acquireLock(request({ clock: off(ms) }));
    await clock.advance(10 * MINUTE);
    await expect(acquireLock(request())).rejects.toMatchObject({
      message: expect.stringMatching(/ since 2026-11-22T04:00:00.000Z \(10 min 00 s ago\)$/),
    });
    await clock.advance(MINUTE);
    expect(lock.lost.aborted).toBe(false);
  });

  it.each([20 * MINUTE, -20 * MINUTE])("of a taker, by %d ms, takes no living lock", async (ms) => {
    await using lock = await acquireLock(request());
    await clock.advance(10 * MINUTE);
    await expect(acquireLock(request({ clock: off(ms) }))).rejects.toMatchObject({ code: "lock.held" });
    await clock.advance(MINUTE);
    expect([lock.lost.aborted, paths()]).toEqual([false, [FIRST]]);
  });

  it.each([20 * MINUTE, -20 * MINUTE])("of a taker, by %d ms, leaves no dead lock behind", async (ms) => {
    await abandoned();
    {
      await using lock = await acquireLock(request({ clock: off(ms) }));
      expect(lock.path).toBe(SECOND);
    }
    expect(paths()).toEqual([]);
  });

  it("of the store, set back: whoever is not seen to be renewed is taken over, by one alone", async () => {
    await abandoned();
    setBack(25 * HOUR);
    const warnings: string[] = [];
    const warn = (text: string): void => void warnings.push(text);
    const taking = Promise.allSettled([
      acquireLock(request({ warn })),
      acquireLock(request({ clock: off(20 * MINUTE) })),
    ]);
    await clock.advance(4 * MINUTE);
    expect([paths(), warnings]).toEqual([
      [FIRST],
      [expect.stringMatching(/000000001\.json is dated 1 d 0 h ahead of the store's clock; it is watched/)],
    ]);
    await clock.advance(MINUTE);
    const taken = await taking;
    expect(taken.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    for (const take of taken) {
      if (take.status === "rejected") expect(take.reason).toMatchObject({ code: "lock.held" });
      else await take.value[Symbol.asyncDispose]();
    }
    expect(paths()).toEqual([]);
  });

  it("of the store, set back: whoever is seen to be renewed keeps his lock", async () => {
    await using lock = await acquireLock(request());
    await clock.advance(5 * MINUTE);
    setBack(25 * HOUR);
    const taking = acquireLock(request());
    const refused = expect(taking).rejects.toMatchObject({
      code: "lock.held",
      message: expect.stringMatching(/doing backup x for at least 5 min 00 s$/),
    });
    await clock.advance(MINUTE + 1_000);
    await refused;
    expect([lock.lost.aborted, paths()]).toEqual([false, [FIRST]]);
  });

  it("of the store, which gives no date: whoever is seen to be renewed keeps his lock", async () => {
    await using lock = await acquireLock(request());
    const undated = intercepted(store, async () => undefined);
    const stat = async (path: string): Promise<BlobFacts | null> => {
      const facts = await undated.stat(path);
      return facts && { ...facts, modifiedAt: new Date(0) };
    };
    const warnings: string[] = [];
    const warn = (text: string): void => void warnings.push(text);
    const refused = expect(acquireLock(request({ store: { ...undated, stat }, warn }))).rejects.toMatchObject(
      {
        code: "lock.held",
      },
    );
    await clock.advance(MINUTE + 1_000);
    await refused;
    expect([lock.lost.aborted, warnings]).toEqual([false, [expect.stringContaining("is not dated; it is")]]);
  });

  it("of the store, set back: the watching ends when the run is cancelled", async () => {
    await abandoned();
    setBack(25 * HOUR);
    const cancel = new AbortController();
    const taking = acquireLock(request({ cancelled: cancel.signal }));
    const ended = expect(taking).rejects.toThrow("Ctrl-C");
    await clock.advance(MINUTE);
    cancel.abort(new Error("Ctrl-C"));
    await ended;
    expect(paths()).toEqual([FIRST]);
  });
});

describe("a store that lets nobody remove", () => {
  const DENIED = new HoldfastError("store.denied", "HTTP 403 AuthorizationPermissionMismatch");
  const refuse = (): Promise<never> => Promise.reject(DENIED);
  const read = (path: string): unknown => JSON.parse(store.blobs.get(path)!.bytes.toString());

  it("has the lock of a run that ended marked, and the next one takes it at once", async () => {
    const warnings: string[] = [];
    const kept: BlobStore = { ...intercepted(store, async () => undefined), remove: refuse };
    const mine = request({ store: kept, warn: (text) => warnings.push(text) });
    const first = await acquireLock(mine);
    await first[Symbol.asyncDispose]();
    expect(read(FIRST)).toMatchObject({ format: "holdfast.lock/1", token: first.token, released: true });
    expect(await releaseLock(kept, first.path, first.token)).toBe(false);
    const second = await acquireLock(mine);
    expect(second.path).toBe(SECOND);
    await expect(acquireLock(mine)).rejects.toMatchObject({ code: "lock.held" });
    expect(await releaseLock(kept, second.path, second.token)).toBe(true);
    expect(warnings).toEqual([]);
    {
      await using third = await acquireLock(request());
      expect(third.path).toBe("locks/shop/tier2/000000003.json");
    }
    expect(paths().filter((path) => path.endsWith(".json"))).toEqual([]);
  });

  it("nor change or create says that the run may have ended, and when its lock lapses", async () => {
    const warnings: string[] = [];
    let isRefused = true;
    const put: BlobStore["put"] = (...given) =>
      isRefused && given[0] === SECOND ? refuse() : store.put(...given);
    const kept: BlobStore = { ...withoutChanges(store, DENIED), put };
    const first = await acquireLock(request({ store: kept, warn: (text) => warnings.push(text) }));
    await first[Symbol.asyncDispose]();
    expect(warnings).toEqual([
      "the lock locks/shop/tier2/000000001.json could not be released: HTTP 403 " +
        "AuthorizationPermissionMismatch; it counts as abandoned in at most 4 min 00 s",
    ]);
    clock.jump(MINUTE);
    await expect(acquireLock(request({ store: kept }))).rejects.toMatchObject({
      code: "lock.held",
      hint: expect.stringMatching(/It may have ended: .*may not remove its lock.*, in 3 min 00 s\.$/),
    });
    clock.jump(3 * MINUTE + 1);
    isRefused = false;
    const next = await acquireLock(request({ store: kept }));
    expect(next.path).toBe(SECOND);
    await next[Symbol.asyncDispose]();
  });
});

it("a lock that is listed and gone is looked for again, from the first generation on", async () => {
  const gone = await abandoned();
  let listed = false;
  const late = intercepted(store, async () => undefined);
  const list = async function* (prefix: string): AsyncIterable<BlobFacts> {
    yield* late.list(prefix);
    if (!listed) await store.remove(gone.path);
    listed = true;
  };
  await using lock = await acquireLock(request({ store: { ...late, list } }));
  expect(lock.path).toBe(FIRST);
});

describe("releasing", () => {
  it("leaves a later owner's lock alone, also one that lies where an abandoned one was", async () => {
    await abandoned();
    const sleeping = await acquireLock(request());
    expect(sleeping.path).toBe(SECOND);
    clock.jump(5 * MINUTE);
    {
      await using third = await acquireLock(request());
      expect(third.path).toBe("locks/shop/tier2/000000003.json");
    }
    await using fresh = await acquireLock(request());
    expect(fresh.path).toBe(FIRST);
    await sleeping[Symbol.asyncDispose]();
    expect(paths()).toEqual([FIRST]);
    await clock.advance(MINUTE);
    expect(fresh.lost.aborted).toBe(false);
  });

  it("by path removes only a lock with that token", async () => {
    const lock = await abandoned();
    expect(await releaseLock(store, lock.path, "somebody-else")).toBe(false);
    expect(paths()).toEqual([FIRST]);
    expect(await releaseLock(store, lock.path, lock.token)).toBe(true);
    expect(await releaseLock(store, lock.path, lock.token)).toBe(false);
    expect(paths()).toEqual([]);
  });

  it.each(["guard", "courtesy"] as const)("that is not answered is given up, of a %s", async (purpose) => {
    const warnings: string[] = [];
    const broken = switchable(store);
    const warn = (text: string): void => void warnings.push(text);
    const lock = await acquireLock(request({ store: broken.store, purpose, warn }));
    broken.hang();
    // A renewal is under way, too.
    await clock.advance(31_000);
    const released = lock[Symbol.asyncDispose]();
    await clock.advance(59_000);
    expect(warnings).toEqual([]);
    await clock.advance(2_000);
    await released;
    expect(warnings).toEqual([expect.stringContaining("could not be released: the store has not answered;")]);
    broken.fail(false);
  });

  it("that fails is warned of and does not hide how the run ended", async () => {
    const warnings: string[] = [];
    const own = new Error("the run's own failure");
    const faulty = new FaultyStore(store, { failAt: 4, forGood: true });
    const run = async (): Promise<void> => {
      await using _lock = await acquireLock(request({ store: faulty, warn: (text) => warnings.push(text) }));
      throw own;
    };
    await expect(run()).rejects.toBe(own);
    expect(faulty.failures).toBeGreaterThan(0);
    expect(warnings).toEqual([expect.stringContaining("could not be released")]);
  });
});

describe("a store that fails or lies", () => {
  it("is never taken for a free lock", async () => {
    await using _lock = await acquireLock(request());
    for (let failAt = 1; failAt <= 4; failAt += 1) {
      await expect(acquireLock(request({ store: new FaultyStore(store, { failAt }) }))).rejects.toMatchObject(
        { code: "store.unreachable" },
      );
    }
    expect(paths()).toEqual([FIRST]);
  });

  it("may fail a while: the lock is lost only after three and a half minutes unrenewed", async () => {
    const broken = switchable(store);
    await using lock = await acquireLock(request({ store: broken.store }));
    broken.fail(true);
    await clock.advance(3 * MINUTE);
    expect(lock.lost.aborted).toBe(false);
    broken.fail(false);
    await clock.advance(MINUTE);
    broken.fail(true);
    await clock.advance(3 * MINUTE);
    expect(lock.lost.aborted).toBe(false);
    await clock.advance(MINUTE);
    expect(lock.lost.reason).toMatchObject({
      code: "store.unreachable",
      exitCode: 4,
      message: "the lock of shop/tier2 could not be renewed for 3 min 30 s: switched off",
      hint: "Run again. See the network.",
    });
    broken.fail(false);
  });

  it.each(["guard", "courtesy"] as const)("is told with its own reason, for a %s too", async (purpose) => {
    const warnings: string[] = [];
    const broken = switchable(store);
    await using lock = await acquireLock(
      request({ store: broken.store, purpose, warn: (text) => warnings.push(text) }),
    );
    broken.fail(true);
    await clock.advance(3 * MINUTE + 31_000);
    expect(lock.lost.reason).toMatchObject({ code: "store.unreachable", exitCode: 4 });
    expect(warnings).toEqual([]);
    broken.fail(false);
  });

  it("gives an error where its mount is stale, which is no refusal: nothing is created anew", async () => {
    const stale = new HoldfastError("store.unreadable", "reading the lock: ESTALE", { hint: "Mount it." });
    const broken = switchable(store, stale);
    const warnings: string[] = [];
    await using lock = await acquireLock(
      request({ store: broken.store, warn: (text) => warnings.push(text) }),
    );
    broken.fail(true);
    await clock.advance(3 * MINUTE);
    broken.fail(false);
    await clock.advance(MINUTE);
    expect([lock.lost.aborted, lock.path, warnings]).toEqual([false, FIRST, []]);
  });

  it("does not answer at all: a guard is lost in time all the same", async () => {
    const broken = switchable(store);
    const lock = await acquireLock(request({ store: broken.store }));
    await clock.advance(MINUTE);
    broken.hang();
    await clock.advance(3 * MINUTE + 29_000);
    expect(lock.lost.aborted).toBe(false);
    await clock.advance(2_000);
    expect(lock.lost.reason).toMatchObject({
      code: "store.unreachable",
      exitCode: 4,
      message: "the lock of shop/tier2 could not be renewed for 3 min 30 s: the store has not answered",
    });
    broken.fail(false);
    await lock[Symbol.asyncDispose]();
  });

  it("may list late: the lock goes to nobody else", async () => {
    await using lock = await acquireLock(request());
    const late = new LyingStore(store, { kind: "late-listing", newest: 1 });
    await expect(acquireLock(request({ store: late }))).rejects.toMatchObject({
      code: "lock.held",
      message: expect.stringContaining("tester"),
    });
    expect(lock.lost.aborted).toBe(false);
  });

  it("may list late after a take-over: the lock goes to nobody else", async () => {
    await abandoned();
    await using taker = await acquireLock(request());
    const late = new LyingStore(store, { kind: "late-listing", newest: 1 });
    await expect(acquireLock(request({ store: late }))).rejects.toMatchObject({ code: "lock.held" });
    expect([taker.lost.aborted, paths()]).toEqual([false, [FIRST, SECOND]]);
  });
});

describe("a store that lets nothing be changed", () => {
  const IMMUTABLE = new HoldfastError("store.denied", "HTTP 409 BlobImmutableDueToPolicy", {
    hint: "A policy protects this blob.",
  });

  it("keeps a guard by the next generation, for hours, and the next run has the lock at once", async () => {
    const warnings: string[] = [];
    const kept = withoutChanges(store, IMMUTABLE);
    const mine = request({ store: kept, warn: (text) => warnings.push(text) });
    const lock = await acquireLock(mine);
    await clock.advance(2 * 60 * MINUTE);
    expect([lock.lost.aborted, lock.path]).toEqual([false, generationOf(241)]);
    await expect(acquireLock(request({ store: kept }))).rejects.toMatchObject({
      code: "lock.held",
      message: expect.stringContaining("since 2026-11-22T04:00:00.000Z (2 h"),
    });
    await lock[Symbol.asyncDispose]();
    const second = await acquireLock(mine);
    expect([second.path, warnings]).toEqual([generationOf(243), []]);
    await second[Symbol.asyncDispose]();
  });

  it("and its lock is released by the path under which it was taken", async () => {
    const kept = withoutChanges(store, IMMUTABLE);
    const killed = await abandoned({ store: kept });
    await store.put(SECOND, once(store.blobs.get(FIRST)!.bytes));
    expect(await releaseLock(kept, FIRST, "somebody-else")).toBe(false);
    expect(await releaseLock(kept, FIRST, killed.token)).toBe(true);
    expect(await releaseLock(kept, FIRST, killed.token)).toBe(false);
    await using next = await acquireLock(request({ store: kept }));
    expect(next.path).toBe(generationOf(4));
  });

  it("of a lock with several generations each is removed where that may be done", async () => {
    const refuse = (): Promise<never> => Promise.reject(IMMUTABLE);
    const kept: BlobStore = { ...intercepted(store, async () => undefined), replace: refuse };
    {
      await using lock = await acquireLock(request({ store: kept }));
      await clock.advance(2 * MINUTE);
      expect(lock.path).toBe(generationOf(5));
    }
    expect(paths()).toEqual([]);
    const killed = await acquireLock(request({ store: kept }));
    await clock.advance(MINUTE);
    expect(await releaseLock(store, FIRST, killed.token)).toBe(true);
    expect(paths()).toEqual([]);
    await clock.advance(MINUTE);
    expect(killed.lost.reason).toMatchObject({ code: "lock.lost" });
  });

  it("takes a generation for its own of whose creation only the answer was lost", async () => {
    let isLost = true;
    const kept = withoutChanges(store, IMMUTABLE);
    const put: BlobStore["put"] = async (...given) => {
      const facts = await store.put(...given);
      isLost = !isLost && given[0].endsWith(".json");
      if (isLost) throw new HoldfastError("store.unreachable", "the answer was lost", { hint: "wait" });
      return facts;
    };
    await using lock = await acquireLock(request({ store: { ...kept, put } }));
    await clock.advance(10 * MINUTE);
    expect(lock.lost.aborted).toBe(false);
  });

  it("loses a guard to whoever took it over, and to whoever removed it", async () => {
    const kept = withoutChanges(store, IMMUTABLE);
    const lock = await acquireLock(request({ store: kept }));
    await clock.advance(MINUTE);
    await store.put(generationOf(4), once(Buffer.from(JSON.stringify({ token: "another" }))));
    await clock.advance(MINUTE);
    expect(lock.lost.reason).toMatchObject({
      code: "lock.lost",
      message: expect.stringContaining("another run took it over"),
    });
    store.blobs.clear();
    await using second = await acquireLock(request({ store: kept }));
    await clock.advance(MINUTE);
    store.blobs.clear();
    await clock.advance(MINUTE);
    expect(second.lost.reason).toMatchObject({
      code: "lock.lost",
      message: expect.stringContaining("somebody removed"),
    });
  });

  it("nor created ends what a guard guards after three and a half minutes, and says so at once", async () => {
    const warnings: string[] = [];
    let isFull = false;
    const kept = withoutChanges(store, IMMUTABLE);
    const put: BlobStore["put"] = (...given) =>
      isFull ? Promise.reject(new HoldfastError("store.full", "no room")) : store.put(...given);
    await using lock = await acquireLock(
      request({ store: { ...kept, put }, warn: (text) => warnings.push(text) }),
    );
    isFull = true;
    await clock.advance(31_000);
    expect(warnings).toEqual([
      "the lock of shop/tier2 cannot be renewed: HTTP 409 BlobImmutableDueToPolicy; the work goes on for " +
        "3 min 00 s, and ends then unless the lock could be renewed, because a second run could change the " +
        "same target",
    ]);
    await clock.advance(2 * MINUTE + 58_000);
    expect(lock.lost.aborted).toBe(false);
    await clock.advance(2_000);
    expect(lock.lost.reason).toMatchObject({
      code: "store.denied",
      exitCode: 4,
      message:
        "the lock of shop/tier2 could not be renewed for 3 min 30 s: HTTP 409 BlobImmutableDueToPolicy",
      hint: expect.stringMatching(/^Run again\. .*right to overwrite.* A policy protects this blob\.$/),
    });
    expect(warnings).toHaveLength(1);
  });

  it("does not end what is right without a lock, which it says once", async () => {
    const warnings: string[] = [];
    await using lock = await acquireLock(
      request({
        store: withoutChanges(store, IMMUTABLE),
        purpose: "courtesy",
        warn: (text) => warnings.push(text),
      }),
    );
    await clock.advance(30 * MINUTE);
    expect(lock.lost.aborted).toBe(false);
    expect(warnings).toEqual([
      expect.stringMatching(/cannot be renewed: HTTP 409 BlobImmutable.*; it lapses in 3 min 30 s and keeps/),
    ]);
    await using second = await acquireLock(request({ purpose: "courtesy" }));
    await clock.advance(5 * MINUTE);
    expect([second.path, second.lost.aborted, lock.lost.aborted]).toEqual([SECOND, false, false]);
  });

  it("and lets it be changed again takes the lock back into care", async () => {
    const broken = switchable(store, IMMUTABLE);
    await using lock = await acquireLock(request({ store: broken.store, purpose: "courtesy" }));
    broken.fail(true);
    await clock.advance(10 * MINUTE);
    broken.fail(false);
    await clock.advance(MINUTE);
    await expect(acquireLock(request())).rejects.toMatchObject({ code: "lock.held" });
    await store.remove(lock.path);
    await clock.advance(MINUTE);
    expect(lock.lost.reason).toMatchObject({ code: "lock.lost" });
  });
});

function generationOf(number: number): string {
  return `locks/shop/tier2/${String(number).padStart(9, "0")}.json`;
}

/** Creates and reads; what is there stays as it is. */
function withoutChanges(inner: BlobStore, error: HoldfastError): BlobStore {
  const refuse = (): Promise<never> => Promise.reject(error);
  return { ...intercepted(inner, async () => undefined), replace: refuse, remove: refuse };
}

/** A store whose calls take turns of the event loop, as given. */
function jittery(inner: BlobStore, delays: readonly number[]): BlobStore {
  let call = 0;
  const wait = async (): Promise<void> => {
    const turns = delays[(call += 1) % delays.length] ?? 0;
    for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  return intercepted(inner, wait);
}

/** A store that can be told to fail, or to hang until it is told otherwise. */
function switchable(
  inner: BlobStore,
  error = new HoldfastError("store.unreachable", "switched off", { hint: "See the network." }),
): { readonly store: BlobStore; fail(value: boolean): void; hang(): void } {
  let fails = false;
  let hanging: PromiseWithResolvers<void> | undefined;
  const check = async (): Promise<void> => {
    await hanging?.promise;
    if (fails) throw error;
  };
  return {
    store: intercepted(inner, check),
    fail: (value) => {
      fails = value;
      hanging?.resolve();
      hanging = undefined;
    },
    hang: () => void (hanging = Promise.withResolvers()),
  };
}

function intercepted(inner: BlobStore, before: () => Promise<void>): BlobStore {
  return {
    url: inner.url,
    check: (forWriting) => before().then(() => inner.check(forWriting)),
    put: (path, content, options) => before().then(() => inner.put(path, content, options)),
    get: (path, range) => before().then(() => inner.get(path, range)),
    stat: (path) => before().then(() => inner.stat(path)),
    list: async function* (prefix) {
      await before();
      yield* inner.list(prefix);
    },
    replace: (path, content, etag) => before().then(() => inner.replace(path, content, etag)),
    now: () => before().then(() => inner.now()),
    remove: (path) => before().then(() => inner.remove(path)),
  };
}
