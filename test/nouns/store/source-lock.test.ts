import { beforeEach, describe, expect, it } from "@jest/globals";
import { lockEnvironment } from "../../../src/nouns/store/environment-lock.ts";
import { acquireLock } from "../../../src/nouns/store/lock.ts";
import { lockSource } from "../../../src/nouns/store/source-lock.ts";
import type { Ports } from "../../../src/ports/ports.ts";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import { FakeClock } from "../catalog/fake-clock.ts";
import { MemoryStore } from "../../fakes/memory-store.ts";
import { testPorts } from "../../support/test-ports.ts";

const KEY = { source: "environment", tier: "tier1" };
const BACKUP = { doing: "backup 20261127T020000Z-1a2b3c", ifLost: "" };

let store: MemoryStore;
let ports: Ports;
beforeEach(() => {
  store = new MemoryStore();
  ports = testPorts();
});

/** As versions did that had no place beside. */
const older = (doing: string): ReturnType<typeof acquireLock> =>
  acquireLock({ ...KEY, store, doing, ifLost: "", ...ports });

describe("a source that is called as the folder of environments' locks", () => {
  it("is backed up while an environment called as its tier has its turn, and the reverse", async () => {
    {
      await using _turn = await lockEnvironment("tier1", { doing: "backup", ifLost: "" }, store, ports);
      await using lock = await lockSource(KEY, BACKUP, store, ports);
      expect(lock.path).toBe("locks/environment~source/tier1/000000001.json");
    }
    await using _lock = await lockSource(KEY, BACKUP, store, ports);
    await using turn = await lockEnvironment("tier1", { doing: "migrate", ifLost: "" }, store, ports);
    expect(turn.path).toBe("locks/environment/tier1/000000001.json");
  });

  it("has one lock for each tier, told by its own name", async () => {
    await using _lock = await lockSource(KEY, BACKUP, store, ports);
    await expect(lockSource(KEY, BACKUP, store, ports)).rejects.toMatchObject({
      code: "lock.held",
      message: expect.stringMatching(/^environment\/tier1 is locked by tester.*doing backup 2026/),
    });
    await using _other = await lockSource({ ...KEY, tier: "tier2" }, BACKUP, store, ports);
  });

  it("minds a backup of an older version, and not that version's turn of an environment", async () => {
    {
      await using _old = await older("backup 20261127T010000Z-1a2b3c");
      await expect(lockSource(KEY, BACKUP, store, ports)).rejects.toMatchObject({ code: "lock.held" });
    }
    await using _turn = await older("deploy");
    await using _lock = await lockSource(KEY, BACKUP, store, ports);
  });
});

it("a store that lets nothing be changed ends neither a backup nor the turn of an environment", async () => {
  const clock = new FakeClock();
  const worm = new WormStore("memory://worm", undefined, clock);
  ports = { ...ports, clock };
  await using lock = await lockSource({ source: "shop", tier: "tier2" }, BACKUP, worm, ports);
  await using turn = await lockEnvironment("production", { doing: "deploy", ifLost: "" }, worm, ports);
  await clock.advance(10 * 60_000);
  expect([lock.lost.aborted, turn.lost.aborted]).toEqual([false, false]);
  await expect(
    lockEnvironment("production", { doing: "deploy", ifLost: "" }, worm, ports),
  ).rejects.toMatchObject({ code: "lock.held" });
});

/** As a container with an immutability policy. */
class WormStore extends MemoryStore {
  override replace(): Promise<never> {
    return this.remove();
  }

  override remove(): Promise<never> {
    return Promise.reject(new HoldfastError("store.denied", "HTTP 409 BlobImmutableDueToPolicy"));
  }
}

it("any other source has its lock where it always was", async () => {
  await using lock = await lockSource({ source: "shop", tier: "tier2" }, BACKUP, store, ports);
  expect(lock.path).toBe("locks/shop/tier2/000000001.json");
});
