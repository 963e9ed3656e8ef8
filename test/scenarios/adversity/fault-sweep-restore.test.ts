import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import type { RestoreInputs } from "../../../src/backups/restore/request/request.ts";
import { FaultyDatabases, type DatabaseFault } from "../../fakes/faulty-database.ts";
import { FaultyStore } from "../../fakes/faulty-store.ts";
import { MemoryStore } from "../../fakes/memory-store.ts";
import { createDatabase, type TestDatabase } from "../../support/postgres.ts";
import { sampled } from "../../support/sampling.ts";
import { isOfKeeping, kindOfBlobCall, placesTried } from "./places.ts";
import {
  backup,
  ended,
  newKeys,
  ONE_TABLE,
  requireLaws,
  restore,
  type Around,
  type Ended,
  type KeyPair,
} from "./support.ts";
import { testInTurn } from "../../support/cases-in-turn.ts";

/** What the target holds beforehand, and must never lose without a word. */
const MINE = "create table mine (x int); insert into mine values (42)";

/** Where one fault can be put: into the store's events or the database's. */
type Put = (
  failAt: number,
  store: MemoryStore,
) => { around: Around; happened: () => number; place: () => string; log: readonly string[] };

const intoStore: Put = (failAt, memory) => {
  const store = new FaultyStore(memory, { failAt });
  return {
    around: { store },
    log: store.log,
    happened: () => store.failures,
    place: () => `${failAt} ${store.log[failAt - 1] ?? ""}`,
  };
};
const intoDatabase =
  (how: DatabaseFault["how"]): Put =>
  (failAt, store) => {
    const faults = new FaultyDatabases({ failAt, how });
    return {
      around: { store, database: (real) => faults.around(real) },
      log: faults.log,
      happened: () => faults.failures,
      place: () => `${failAt} ${faults.log[failAt - 1] ?? ""}`,
    };
  };

/** Told where the content is restored and something of the database itself is not. */
const NOT_BROUGHT =
  /what belongs to the source's database itself|could not be (?:set|given|brought)|not brought/;

const inTurn = testInTurn("restores with one fault", 2);

describe("a restore with exactly one fault, at every place in turn", () => {
  let source: TestDatabase;
  let keys: KeyPair;
  let store: MemoryStore;

  beforeAll(async () => {
    keys = await newKeys();
    source = await createDatabase({ sql: ONE_TABLE });
    store = new MemoryStore();
    await backup(source.url, keys.recipient, { store });
  });
  afterAll(() => source.drop());

  /** What the target holds: as before, as the backup has it, or something between. */
  async function holds(target: TestDatabase): Promise<"mine" | "restored" | "a part"> {
    const tables = (
      await target
        .query(
          `
            select relname as name
              from pg_class
             where relkind = 'r' and relnamespace = 'public'::regnamespace
             order by 1
          `,
        )
        .catch(() => [])
    ).map(({ name }) => name);
    if (tables.join() === "mine") {
      return (await target.query("select x from mine"))[0]?.["x"] === 42 ? "mine" : "a part";
    }
    if (tables.join() !== "t") return "a part";
    const rows = await target.query("select id, v from t order by id");
    return JSON.stringify(rows) ===
      JSON.stringify([
        { id: 1, v: "one" },
        { id: 2, v: "two" },
      ])
      ? "restored"
      : "a part";
  }

  interface Swept {
    readonly places: number;
    readonly loud: number;
    readonly states: Readonly<Record<string, number>>;
  }

  type Check = (place: string, run: Ended, target: TestDatabase) => Promise<void>;

  /** What a restore that fails nowhere asks, in its order. */
  async function logOf(put: Put, more: Partial<RestoreInputs>): Promise<readonly string[]> {
    const target = await fresh();
    const { around, log } = put(0, store.clone());
    await restore(target.url, keys.identity, around, { confirm: target.name, ...more });
    await clean(target);
    return log;
  }

  /** The store's places that are tried, and the one after the last. */
  async function storePlaces(sweep: string, more: Partial<RestoreInputs>): Promise<number[]> {
    const all = (await logOf(intoStore, more)).map((event, index) => ({
      at: index + 1,
      kind: kindOfBlobCall(event),
    }));
    expect(all.length).toBeGreaterThanOrEqual(8);
    return [
      ...sampled(`a restore ${sweep}`, all, { every: 12, kind: ({ kind }) => kind }).map(({ at }) => at),
      all.length + 1,
    ];
  }

  async function databasePlaces(sweep: string, way: 0 | 1, more: Partial<RestoreInputs>): Promise<number[]> {
    const log = await logOf(intoDatabase("error"), more);
    expect(log.length).toBeGreaterThanOrEqual(40);
    return placesTried(`a restore ${sweep}`, log, { way, ways: 2 });
  }

  async function sweep(
    put: Put,
    more: Partial<RestoreInputs>,
    check: Check,
    tried: readonly number[],
  ): Promise<Swept> {
    const states: Record<string, number> = {};
    let loud = 0;
    const target = await fresh();
    let places = 0;
    for (let index = 0; ; index += 1) {
      // What a fault before has left may make the clean run at the end a place or two longer.
      const failAt = tried[index] ?? tried.at(-1)! + index - tried.length + 1;
      const memory = store.clone();
      const { around, happened, place } = put(failAt, memory);
      const run = await ended(restore(target.url, keys.identity, around, { confirm: target.name, ...more }));
      expect([place(), await requireLaws(memory)]).toEqual([
        place(),
        expect.arrayContaining(await requireLaws(store)),
      ]);
      const state = await holds(target);
      if (happened() === 0) {
        // The clean run at the end, on whatever the faults before have left.
        expect([run.exit, state]).toEqual([0, "restored"]);
        await clean(target);
        return { places, loud, states };
      }
      if (!isOfKeeping(place())) places += 1;
      expect([place(), happened()]).toEqual([place(), 1]);
      states[state] = (states[state] ?? 0) + 1;
      if (run.exit === 0) {
        expect([place(), state]).toEqual([place(), "restored"]);
        // What belongs to the database itself is brought last, and its failure is told in a note.
        if (run.outcome?.report.notes.some((note) => NOT_BROUGHT.test(note)) === true) loud += 1;
      } else {
        loud += 1;
        expect([place(), run.exit, run.error?.code]).toEqual([
          place(),
          4,
          expect.stringMatching(/^(store|database)\./),
        ]);
      }
      await check(place(), run, target);
      if (state === "mine") continue;
      if (state === "a part") {
        // Restoring again, confirmed, makes it whole.
        const again = await ended(
          restore(target.url, keys.identity, { store: memory }, { confirm: target.name, ...more }),
        );
        expect([place(), again.exit, await holds(target)]).toEqual([place(), 0, "restored"]);
      }
      for (const name of await beside(target)) await source.admin(`drop database "${name}" with (force)`);
      await target.query(`drop schema public cascade; create schema public; ${MINE}`);
    }
  }
  const fresh = (): Promise<TestDatabase> => createDatabase({ sql: MINE });

  /** Databases that a restore made beside the target. */
  async function beside(target: TestDatabase): Promise<string[]> {
    return (
      await source.admin("select datname as name from pg_database where datname like $1 order by 1", [
        `${target.name}\\_%`,
      ])
    ).map(({ name }) => String(name));
  }
  async function clean(target: TestDatabase): Promise<void> {
    for (const name of await beside(target)) await source.admin(`drop database "${name}" with (force)`);
    await target.drop();
  }

  /**
   * Mode beside: the target is as it was, or it is the restored one; nothing in between is ever seen, and no
   * unfinished copy stays behind unnoticed.
   */
  async function wholeOrNothing(place: string, run: Ended, target: TestDatabase): Promise<void> {
    const state = await holds(target);
    expect([place, state]).toEqual([place, expect.stringMatching(/^(mine|restored)$/)]);
    const left = await beside(target);
    if (state === "mine" && left.length > 0) {
      // Only the finished copy whose name could not be exchanged stays, and the error names it: a line in a
      // log is read by nobody at night.
      expect([place, left.length, run.error?.hint]).toEqual([
        place,
        1,
        expect.stringContaining(left[0] ?? ""),
      ]);
      await source.admin(`drop database "${left[0]}" with (force)`);
    }
    // Whoever lost the answer to COMMIT asks again, and then knows.
    if (state === "restored") expect([place, run.exit]).toEqual([place, 0]);
  }

  /** Mode in-place: a target that is neither as it was nor whole is never left without a word about it. */
  async function hinted(place: string, run: Ended, target: TestDatabase): Promise<void> {
    if (run.error === undefined || (await holds(target)) === "mine") return;
    expect([place, run.error.hint]).toEqual([
      place,
      expect.stringMatching(/may be incomplete: run the restore again/),
    ]);
  }

  inTurn(
    "beside, the store fails",
    async () => {
      const { places, loud, states } = await sweep(
        intoStore,
        { mode: "beside" },
        wholeOrNothing,
        await storePlaces("beside whose store fails", { mode: "beside" }),
      );
      expect(places).toBeGreaterThanOrEqual(8);
      // Receipts that cannot be read, and one that cannot be written, are only warnings.
      expect([loud, states]).toEqual([places - 3, { mine: places - 3, restored: 3 }]);
    },
    900_000,
  );

  inTurn(
    "beside, the database refuses a statement or a connection",
    async () => {
      const { places, loud } = await sweep(
        intoDatabase("error"),
        { mode: "beside" },
        wholeOrNothing,
        await databasePlaces("beside, refused", 0, { mode: "beside" }),
      );
      expect(places).toBeGreaterThanOrEqual(12);
      expect(loud).toBeGreaterThanOrEqual(places - 8);
    },
    900_000,
  );

  inTurn(
    "beside, the database carries it out and the answer is lost",
    async () => {
      const { places, loud, states } = await sweep(
        intoDatabase("answer-lost"),
        { mode: "beside" },
        wholeOrNothing,
        await databasePlaces("beside, answer lost", 1, { mode: "beside" }),
      );
      expect(places).toBeGreaterThanOrEqual(8);
      expect(loud).toBeGreaterThanOrEqual(places - 6);
      expect(states["restored"]).toBeGreaterThanOrEqual(1);
    },
    900_000,
  );

  inTurn(
    "in place, with a safety backup first, the store fails",
    async () => {
      const { places, states } = await sweep(
        intoStore,
        { mode: "in-place", safetyBackup: true },
        hinted,
        await storePlaces("in place whose store fails", { mode: "in-place", safetyBackup: true }),
      );
      expect(places).toBeGreaterThanOrEqual(12);
      // The safety backup comes first.
      expect(states["mine"]).toBeGreaterThanOrEqual(places / 3);
    },
    900_000,
  );

  inTurn(
    "in place, the database's connection is cut after it did what it was told",
    async () => {
      const { places, loud, states } = await sweep(
        intoDatabase("answer-lost"),
        { mode: "in-place" },
        hinted,
        await databasePlaces("in place, answer lost", 0, { mode: "in-place" }),
      );
      expect(places).toBeGreaterThanOrEqual(10);
      expect(loud).toBeGreaterThanOrEqual(places - 5);
      expect(states["mine"]).toBeGreaterThanOrEqual(places / 5);
    },
    900_000,
  );
});
