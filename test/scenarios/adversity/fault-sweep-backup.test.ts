import { beforeAll, afterAll, describe, expect, it } from "@jest/globals";
import { FaultyDatabases, type DatabaseFault } from "../../fakes/faulty-database.ts";
import { FaultyStore, type Fault } from "../../fakes/faulty-store.ts";
import { MemoryStore } from "../../fakes/memory-store.ts";
import { eventually } from "../../support/tools.ts";
import { createDatabase, type TestDatabase } from "../../support/postgres.ts";
import { casesInTurn, sampled } from "../../support/sampling.ts";
import { kindOfBlobCall, placesTried } from "./places.ts";
import {
  backup,
  ended,
  newKeys,
  ONE_TABLE,
  paths,
  requireLaws,
  validate,
  type Ended,
  type KeyPair,
} from "./support.ts";

const LOCK_AGE_MS = 5 * 60_000;

describe("a backup with exactly one fault, at one place after the other", () => {
  let database: TestDatabase;
  let keys: KeyPair;
  let seeded: MemoryStore;

  beforeAll(async () => {
    keys = await newKeys();
    database = await createDatabase({ sql: ONE_TABLE });
    // One older backup, so that the chain and the listing of manifests are places too.
    seeded = new MemoryStore();
    await backup(database.url, keys.recipient, { store: seeded });
  });
  afterAll(() => database.drop());

  /** After any one fault: loud or true, lawful, and a clean run afterwards succeeds. */
  async function requireSafe(
    place: string,
    store: MemoryStore,
    before: readonly string[],
    run: Ended,
  ): Promise<void> {
    const now = await requireLaws(store);
    const added = now.filter((id) => !before.includes(id));
    if (run.exit === 0) {
      expect([place, added]).toEqual([place, [run.outcome?.outputs["id"]]]);
      expect([place, (await validate(keys.identity, { store })).exit]).toEqual([place, 0]);
    } else {
      expect([place, run.exit, run.error?.code]).toEqual([
        place,
        4,
        expect.stringMatching(/^(store|database)\./),
      ]);
      // Failing late, when only the lock could not be given back, leaves a backup that is one.
      expect(added.length).toBeLessThanOrEqual(1);
    }
    // A store that is as it was needs no second look: the last run of every sweep is a clean one.
    if ([...store.blobs.keys()].join() === [...seeded.blobs.keys()].join()) return;
    // A lock may be left when giving it back was what failed; an old one stands in nobody's way.
    const locked = (await paths(store, "locks/")).length > 0;
    const again = await backup(database.url, keys.recipient, { store, aheadMs: locked ? LOCK_AGE_MS : 0 });
    expect([place, again.exit, await paths(store, "locks/")]).toEqual([place, 0, []]);
    expect(await requireLaws(store)).toContain(again.outputs["id"]);
  }

  /** The seven places of giving the lock back are the last ones. */
  const GIVING_BACK = 7;

  async function sweepStore(
    sweep: string,
    fault: Omit<Fault, "failAt">,
  ): Promise<{ tried: number[]; quiet: number[]; places: number; log: readonly string[] }> {
    const counting = new FaultyStore(seeded.clone(), { failAt: 0 });
    await backup(database.url, keys.recipient, { store: counting });
    const places = counting.events;
    const all = Array.from({ length: places }, (_, index) => index + 1);
    const tried = sampled(`a backup whose store fails (${sweep})`, all, {
      every: 8,
      kind: (at) => `${kindOfBlobCall(counting.log[at - 1] ?? "")} ${at > places - GIVING_BACK}`,
    });
    const quiet: number[] = [];
    // The place after the last one is where nothing fails any more.
    for (const failAt of [...tried, places + 1]) {
      const memory = seeded.clone();
      const store = new FaultyStore(memory, { failAt, ...fault });
      const before = await requireLaws(memory);
      const run = await ended(backup(database.url, keys.recipient, { store }));
      if (failAt > places) {
        expect([run.exit, store.failures, store.events]).toEqual([0, 0, places]);
        continue;
      }
      if (fault.forGood !== true) expect(store.failures).toBe(1);
      if (run.exit === 0) quiet.push(failAt);
      await requireSafe(`${failAt} ${store.log[failAt - 1] ?? ""}`, memory, before, run);
    }
    return { tried, quiet, places, log: counting.log };
  }

  const STORE: [string, Omit<Fault, "failAt">][] = [
    ["the store fails before it does anything", { moment: "before" }],
    ["the store does it and loses the answer", { moment: "after" }],
    ["the store is gone from there on", { forGood: true }],
  ];

  it.each(casesInTurn("ways in which the store of a backup fails", STORE, { every: 3 }))(
    "%s",
    async (sweep, fault) => {
      const { tried, quiet, places, log } = await sweepStore(sweep, fault);
      expect(places).toBeGreaterThanOrEqual(15);
      // Looking for the backup before costs no more than a link of the chain, where the store answers again.
      const looksBack = (at: number): boolean =>
        fault.forGood !== true && /^(?!put )\S+ manifests\//.test(log[at - 1] ?? "");
      // Giving the lock back comes after the backup exists, and is only warned about.
      expect(quiet).toEqual(tried.filter((at) => at > places - GIVING_BACK || looksBack(at)));
      expect(quiet.length).toBeGreaterThanOrEqual(1);
    },
    900_000,
  );

  async function sweepDatabase(
    sweep: string,
    how: DatabaseFault["how"],
    way: number,
  ): Promise<{ places: number; loud: number }> {
    let loud = 0;
    let places = 0;
    const counting = new FaultyDatabases({ failAt: 0, how });
    await backup(database.url, keys.recipient, {
      store: seeded.clone(),
      database: (real) => counting.around(real),
    });
    expect(counting.log.length).toBeGreaterThanOrEqual(40);
    for (const failAt of placesTried(`a backup: ${sweep}`, counting.log, { way, ways: 2 })) {
      const store = seeded.clone();
      const before = await requireLaws(store);
      const faults = new FaultyDatabases({ failAt, how });
      const run = await ended(
        backup(database.url, keys.recipient, { store, database: (real) => faults.around(real) }),
      );
      if (faults.failures === 0) {
        expect([faults.log[failAt - 1], run.exit]).toEqual([undefined, 0]);
        continue;
      }
      places += 1;
      if (run.exit !== 0) {
        loud += 1;
        // A failed run leaves nothing that looks like a backup, and gives its lock back.
        expect([faults.log[failAt - 1], await requireLaws(store), await paths(store, "locks/")]).toEqual([
          faults.log[failAt - 1],
          before,
          [],
        ]);
      }
      expect([faults.log[failAt - 1], faults.failures]).toEqual([faults.log[failAt - 1], 1]);
      await requireSafe(`${failAt} ${faults.log[failAt - 1] ?? ""}`, store, before, run);
    }
    return { places, loud };
  }

  const DATABASE: [string, DatabaseFault["how"], number][] = [
    ["the database refuses a statement or a connection", "error", 0],
    ["the database's connection is cut", "lost", 1],
  ];

  it.each(casesInTurn("ways in which the database of a backup fails", DATABASE, { every: 2 }))(
    "%s",
    async (sweep, how, way) => {
      const { places, loud } = await sweepDatabase(sweep, how, way);
      expect(places).toBeGreaterThanOrEqual(4);
      expect(loud).toBeGreaterThanOrEqual(places - 3);
      // Nothing is left open at the server: an abandoned snapshot would hold VACUUM back.
      const left =
        "select query from pg_stat_activity where datname = $1 and application_name like 'holdfast%'";
      await eventually(
        "sessions to be gone",
        async () => (await database.admin(left, [database.name])).length === 0,
        5000,
      );
    },
    900_000,
  );
});
