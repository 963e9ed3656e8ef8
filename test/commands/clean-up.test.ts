import { describe, expect, it } from "@jest/globals";
import { cleanUp } from "../../src/commands/backups/clean-up.ts";
import { inTurn } from "../../src/commands/environment-turn.ts";
import { lockSource } from "../../src/nouns/store/source-lock.ts";
import type { BlobStore } from "../../src/ports/blob-store.ts";
import type { Ports } from "../../src/ports/ports.ts";
import { lockApp } from "../../src/rollout/app/environment-lock.ts";
import { locked } from "../../src/rollout/functions/carry/roll-out.ts";
import { FaultyStore } from "../fakes/faulty-store.ts";
import { MemoryStore } from "../fakes/memory-store.ts";
import { testPorts, type TestPorts } from "../support/test-ports.ts";

const TARGET = {
  address: { subscription: "00000000-0000-0000-0000-000000000001", group: "shop-rg", site: "shop" },
  slot: "staging",
  environment: "Production",
};
const TURN = "locks/environment/production/000000001.json";
const APP = "locks/app/00000000-0000-0000-0000-000000000001/shop-rg/shop/000000001.json";
const BACKUP = "locks/shop/tier2/000000001.json";
const FUNCTIONS = "locks/abcdefghijklmnopqrst/functions/000000001.json";

/** A job whose main step is killed wherever it waits, and its post step. */
class Job {
  readonly store = new MemoryStore();
  readonly state = new Map<string, string>();
  readonly ports: TestPorts;

  constructor() {
    const ports = testPorts();
    // Nobody renews a lock any more, nor gives it back.
    const clock = { ...ports.clock, sleep: () => new Promise<void>(() => undefined) };
    const remember = (key: string, value: string): void => void this.state.set(key, value);
    this.ports = { ...ports, clock, remember, openStore: () => Promise.resolve(this.store) };
  }

  get locks(): string[] {
    return [...this.store.blobs.keys()].sort();
  }

  async post(store: BlobStore = this.store): Promise<void> {
    await cleanUp(
      (key) => this.state.get(key) ?? "",
      () => Promise.resolve(store),
      this.ports.log,
    );
  }

  /** Until `work` holds all that it takes. */
  async killed(work: (ports: Ports) => Promise<unknown>): Promise<void> {
    await new Promise<void>((holds, fails) => {
      void work(this.ports).then(() => holds(), fails);
    });
  }
}

async function lockBackup(ports: Ports, store: BlobStore): Promise<void> {
  await lockSource({ source: "shop", tier: "tier2" }, { doing: "backup x", ifLost: "" }, store, ports);
}

describe("the post step", () => {
  it("gives back the turn and the backup's own lock after a backup that was killed", async () => {
    const job = new Job();
    const inputs = { takesTurnsIn: "Production", store: "memory://", storeSecret: undefined, dryRun: false };
    const stuck = new Promise<never>(() => undefined);
    await job.killed(async (ports) => {
      await new Promise<void>((holds) => {
        void inTurn(inputs, { doing: "backup", ifLost: "" }, ports, async (held) => {
          await lockBackup(held, job.store);
          holds();
          return await stuck;
        });
      });
    });
    expect(job.locks).toEqual([TURN, BACKUP]);
    await job.post();
    expect(job.locks).toEqual([]);
    expect(job.ports.lines.filter((line) => line.includes("released"))).toHaveLength(2);
  });

  it("gives back all that a killed rollback holds: environment, app, functions, safety backup", async () => {
    const job = new Job();
    await job.killed(async (ports) => {
      await lockApp(TARGET, "rollback", job.store, ports);
      await locked({ kind: "rollback", project: "abcdefghijklmnopqrst" }, job.store, ports);
      await lockBackup(ports, job.store);
    });
    expect(job.locks).toEqual([FUNCTIONS, APP, TURN, BACKUP].sort());
    await job.post();
    expect(job.locks).toEqual([]);
  });

  it("keeps none of the others where one cannot be released, wherever the store fails", async () => {
    const kept: string[][] = [];
    for (let failAt = 1; ; failAt += 1) {
      const job = new Job();
      await job.killed((ports) => lockApp(TARGET, "deploy", job.store, ports));
      const faulty = new FaultyStore(job.store, { failAt, error: new Error("the store has gone") });
      const failure = await job.post(faulty).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (faulty.failures === 0) break;
      expect(failure).toMatchObject({ message: "the store has gone" });
      const [path, ...more] = job.locks;
      expect([more, job.ports.lines]).toEqual([
        [],
        expect.arrayContaining([`info: the lock ${path} could not be released`]),
      ]);
      kept.push(job.locks);
    }
    expect([...new Set(kept.flat())]).toEqual([APP, TURN]);
  });

  it("leaves alone what is another's, or gone, and asks no store where nothing was taken", async () => {
    const job = new Job();
    await job.killed((ports) => lockApp(TARGET, "deploy", job.store, ports));
    job.store.blobs.clear();
    await job.post();
    const [next, ports] = [new Job(), job.ports];
    await job.killed(() => lockApp(TARGET, "rollback", job.store, { ...ports, remember: () => undefined }));
    await job.post();
    expect(job.locks).toEqual([APP, TURN].sort());
    const asked = cleanUp(
      (key) => next.state.get(key) ?? "",
      () => Promise.reject(new Error("was asked")),
      next.ports.log,
    );
    await expect(asked).resolves.toBeUndefined();
  });
});
