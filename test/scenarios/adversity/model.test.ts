import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { runList } from "../../../src/backups/list/run.ts";
import { FaultyStore } from "../../fakes/faulty-store.ts";
import { MemoryStore } from "../../fakes/memory-store.ts";
import { createDatabase, type TestDatabase } from "../../support/postgres.ts";
import {
  backup,
  bytesOf,
  ended,
  newKeys,
  ONE_TABLE,
  paths,
  portsAround,
  requireLaws,
  restore,
  STORE,
  validate,
  type KeyPair,
} from "./support.ts";

const LOCK_AGE_MS = 5 * 60_000;

/** What can happen to a store. Indexes choose among what there is, modulo how much there is. */
type Happening =
  | { readonly does: "backup" }
  | { readonly does: "wait" }
  | { readonly does: "dying backup"; readonly at: number; readonly moment: "before" | "after" }
  | { readonly does: "validate" | "restore"; readonly which: number }
  | { readonly does: "damage"; readonly which: number; readonly bit: number }
  | { readonly does: "lose"; readonly which: number };

const index = fc.nat(1000);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Happening>({ does: "backup" }) },
  { weight: 1, arbitrary: fc.constant<Happening>({ does: "wait" }) },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant("dying backup" as const),
      at: fc.integer({ min: 3, max: 20 }),
      moment: fc.constantFrom("before" as const, "after" as const),
    }),
  },
  { weight: 4, arbitrary: fc.record({ does: fc.constant("validate" as const), which: index }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant("restore" as const), which: index }) },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant("damage" as const), which: index, bit: fc.nat(1_000_000) }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("lose" as const), which: index }) },
);

describe("a store, whatever happens to it in whatever order", () => {
  let source: TestDatabase;
  let target: TestDatabase;
  let keys: KeyPair;
  const tally: Record<string, number> = {};

  beforeAll(async () => {
    keys = await newKeys();
    source = await createDatabase({ sql: ONE_TABLE });
    target = await createDatabase();
  });
  afterAll(async () => {
    await source.drop();
    await target.drop();
  });

  /** The store and what is known about it: the model that every answer is held against. */
  class World {
    readonly store = new MemoryStore();
    /** Id → whether its artifact is damaged or lost, in the order they were made. */
    readonly backups = new Map<string, boolean>();
    readonly whole = new Map<string, Buffer>();
    /** Ids with a receipt that says they failed. */
    readonly failed = new Set<string>();
    aheadMs = 0;
    locked = false;

    pick(which: number): string | undefined {
      const ids = [...this.backups.keys()];
      return ids.length === 0 ? undefined : ids[which % ids.length];
    }

    /** Takes notice of backups that have come to exist, and keeps their bytes. */
    async notice(): Promise<void> {
      for (const path of await paths(this.store, "manifests/")) {
        const id = path.split("/")[3]!.replace(".json", "");
        if (this.backups.has(id)) continue;
        this.backups.set(id, false);
        for (const artifact of await paths(this.store, `database/shop/tier2/${id}/`)) {
          this.whole.set(artifact, await bytesOf(this.store, artifact));
        }
      }
      this.locked = (await paths(this.store, "locks/")).length > 0;
    }

    /** Laws that hold after everything that can happen. */
    async check(): Promise<void> {
      // With the damage that we did healed, every manifest must be of a whole backup: nothing else may
      // have harmed one.
      const healed = this.store.clone();
      for (const [path, bytes] of this.whole) healed.plant(path, bytes);
      expect(await requireLaws(healed)).toEqual([...this.backups.keys()].sort());
      const list = await runList(
        { store: STORE, storeSecret: undefined, source: undefined, tier: undefined },
        portsAround({ store: this.store }),
      );
      const states = Object.fromEntries(
        (list.outputs["backups"] as { id: string; state: string }[]).map(({ id, state }) => [id, state]),
      );
      expect(Object.keys(states).sort()).toEqual([...this.backups.keys()].sort());
      for (const [id, state] of Object.entries(states)) {
        expect([id, state]).toEqual([id, this.failed.has(id) ? "failed verification" : "unverified"]);
      }
      // "Verified" takes a restore for proof, which nobody did: so nothing may claim it.
      expect(list.outputs["latest-verified"]).toBe("");
    }
  }

  async function happen(world: World, what: Happening): Promise<string> {
    const { store } = world;
    switch (what.does) {
      case "wait":
        world.aheadMs += LOCK_AGE_MS;
        return "waited";
      case "backup":
      case "dying backup": {
        const before = world.backups.size;
        const lockedBefore = world.locked && world.aheadMs === 0;
        // A store that is gone for good from some event on is all that a store ever sees of a
        // process that died.
        const around =
          what.does === "backup"
            ? store
            : new FaultyStore(store, { failAt: what.at, forGood: true, moment: what.moment });
        const { exit } = await ended(
          backup(source.url, keys.recipient, { store: around, aheadMs: world.aheadMs }),
        );
        await world.notice();
        // A store that breaks before it has told who holds the lock is the first thing to go wrong.
        if (lockedBefore) expect(what.does === "backup" ? [6] : [4, 6]).toContain(exit);
        else if (what.does === "backup") {
          expect([exit, world.backups.size, world.locked]).toEqual([0, before + 1, false]);
        } else expect([0, 4]).toContain(exit);
        if (exit === 0) expect(world.backups.size).toBe(before + 1);
        // Locks left by somebody who died just now are fresh again.
        if (world.locked) world.aheadMs = 0;
        return `${what.does} ${exit}`;
      }
      case "validate": {
        const id = world.pick(what.which);
        if (id === undefined) return "nothing to validate";
        const { exit } = await ended(validate(keys.identity, { store }, { backup: id }));
        expect([id, exit]).toEqual([id, world.backups.get(id) === true ? 5 : 0]);
        if (exit === 5) world.failed.add(id);
        return `validate ${exit}`;
      }
      case "restore": {
        const id = world.pick(what.which);
        if (id === undefined) return "nothing to restore";
        await target.query("drop schema public cascade; create schema public; create table mine (x int)");
        const { exit } = await ended(
          restore(
            target.url,
            keys.identity,
            { store },
            { backup: id, confirm: target.name, mode: "in-place" },
          ),
        );
        expect([id, exit]).toEqual([id, world.backups.get(id) === true ? 5 : 0]);
        if (exit === 0) {
          expect(await target.query("select count(*)::int as count from t")).toEqual([{ count: 2 }]);
        }
        return `restore ${exit}`;
      }
      case "damage":
      case "lose": {
        const id = world.pick(what.which);
        const path = id === undefined ? undefined : `database/shop/tier2/${id}/full.dump.zst.age`;
        const bytes = path === undefined ? undefined : world.whole.get(path);
        if (id === undefined || path === undefined || bytes === undefined) return "nothing to harm";
        if (what.does === "lose") store.blobs.delete(path);
        else {
          const flipped = Buffer.from(bytes);
          const at = what.bit % (bytes.length * 8);
          flipped[at >> 3] = (flipped[at >> 3] ?? 0) ^ (1 << (at & 7));
          store.plant(path, flipped);
        }
        world.backups.set(id, true);
        return what.does;
      }
    }
  }

  it("holds exactly the backups that were made, damaged and whole ones called what they are", async () => {
    const property = fc.asyncProperty(
      fc.array(happening, { minLength: 6, maxLength: 9 }),
      async (happenings) => {
        const world = new World();
        for (const what of [{ does: "backup" } as const, ...happenings]) {
          const came = await happen(world, what);
          tally[came] = (tally[came] ?? 0) + 1;
          await world.check();
        }
      },
    );
    // The same walks on every change, so that a red run is about the change; HOLDFAST_TEST_SEED takes others.
    // Without shrinking: a failure prints seed and path, which repeat it.
    const seed = Number(process.env["HOLDFAST_TEST_SEED"] ?? 2_059_716_391);
    await fc.assert(property, { seed, numRuns: 5, endOnFailure: true });
    expect(Object.values(tally).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(35);
    expect(tally["backup 0"]).toBeGreaterThanOrEqual(5);
  }, 900_000);
});
