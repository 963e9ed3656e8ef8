import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { ValidateInputs } from "../../../src/backups/validate/request.ts";
import type { Depth } from "../../../src/nouns/catalog/manifest.ts";
import { FaultyDatabases, type DatabaseFault } from "../../fakes/faulty-database.ts";
import { FaultyStore, type Fault } from "../../fakes/faulty-store.ts";
import { MemoryStore } from "../../fakes/memory-store.ts";
import { createDatabase, type TestDatabase } from "../../support/postgres.ts";
import { secret } from "../../support/test-ports.ts";
import { sampled } from "../../support/sampling.ts";
import { isOfKeeping, kindOfBlobCall, placesTried } from "./places.ts";
import {
  backup,
  bytesOf,
  ended,
  newKeys,
  ONE_TABLE,
  paths,
  requireLaws,
  validate,
  type Ended,
  type KeyPair,
} from "./support.ts";

describe("a validation with exactly one fault, at every place in turn", () => {
  let source: TestDatabase;
  let keys: KeyPair;
  let store: MemoryStore;
  let id: string;

  beforeAll(async () => {
    keys = await newKeys();
    source = await createDatabase({ sql: ONE_TABLE });
    store = new MemoryStore();
    // Two, so that the chain of manifests is looked at as well.
    await backup(source.url, keys.recipient, { store });
    id = String((await backup(source.url, keys.recipient, { store })).outputs["id"]);
  });
  afterAll(() => source.drop());

  function inputs(depth: Depth): Partial<ValidateInputs> {
    // By id: of two backups begun in the same second either may be the latest.
    return { depth, backup: id, ...(depth === "restored" ? { scratch: secret(source.url) } : {}) };
  }

  /** Throw-away databases of this backup on the server. */
  async function scratchDatabases(): Promise<string[]> {
    return (
      await source.admin("select datname as name from pg_database where datname like $1", [
        `holdfast\\_scratch\\_${id.slice(-6)}\\_%`,
      ])
    ).map(({ name }) => String(name));
  }

  /**
   * A fault outside is no verdict: loud with exit 4 and no receipt of a failure; or everything was proved
   * and says so.
   */
  async function requireHonest(place: string, memory: MemoryStore, run: Ended): Promise<void> {
    expect([place, await requireLaws(memory)]).toEqual([place, await requireLaws(store)]);
    for (const path of await paths(memory, "receipts/")) {
      const { verdict, findings } = JSON.parse((await bytesOf(memory, path)).toString()) as {
        verdict: string;
        findings: unknown[];
      };
      expect([place, verdict, findings]).toEqual([place, "proved", []]);
    }
    if (run.exit === 0) {
      expect([place, run.outcome?.outputs["verdict"], (await paths(memory, "receipts/")).length]).toEqual([
        place,
        "proved",
        1,
      ]);
    } else if (run.outcome !== undefined) {
      // Only its receipt could not be written: the verdict is told, and that nobody else will hear of it.
      expect([place, run.exit, run.outcome.outputs["verdict"]]).toEqual([
        expect.stringMatching(/ put receipts\//),
        4,
        "proved",
      ]);
    } else {
      expect([place, run.exit, run.error?.code]).toEqual([
        place,
        4,
        expect.stringMatching(/^(store|database)\./),
      ]);
    }
  }

  it.each<[Depth, string, Omit<Fault, "failAt">, number]>([
    ["stored", "before anything is done", { moment: "before" }, 12],
    ["opened", "before anything is done", { moment: "before" }, 12],
    ["opened", "and loses only the answer", { moment: "after" }, 12],
    ["restored", "before anything is done", { moment: "before" }, 16],
  ])(
    "to depth %s, the store fails %s",
    async (depth, how, fault, floor) => {
      const counting = new FaultyStore(store.clone(), { failAt: 0 });
      await validate(keys.identity, { store: counting }, inputs(depth));
      expect(counting.events).toBeGreaterThanOrEqual(floor);
      const all = counting.log.map((event, index) => ({ failAt: index + 1, kind: kindOfBlobCall(event) }));
      // The other depths ask the store the same things faster.
      const every = depth === "restored" ? 8 : 2;
      const tried = sampled(`a validation (${depth}) whose store fails ${how}`, all, {
        every,
        kind: ({ kind }) => kind,
      });
      // The place after the last one is where nothing fails any more.
      for (const failAt of [...tried.map((one) => one.failAt), counting.events + 1]) {
        const memory = store.clone();
        const faulty = new FaultyStore(memory, { failAt, ...fault });
        const run = await ended(validate(keys.identity, { store: faulty }, inputs(depth)));
        const place = `${failAt} ${faulty.log[failAt - 1] ?? ""}`;
        await requireHonest(place, memory, run);
        expect([place, await scratchDatabases()]).toEqual([place, []]);
        if (failAt > counting.events) {
          expect([faulty.failures, run.exit]).toEqual([0, 0]);
          continue;
        }
        expect([place, faulty.failures]).toEqual([place, 1]);
        // Every place counts here: without the store there is no verdict, and without a receipt there
        // is none either.
        expect([place, run.exit]).toEqual([place, 4]);
      }
    },
    900_000,
  );

  it.each<[DatabaseFault["how"], number]>([
    ["error", 0],
    ["answer-lost", 1],
  ])(
    "to depth restored, the scratch server fails: %s",
    async (how, way) => {
      const counting = new FaultyDatabases({ failAt: 0, how });
      await validate(
        keys.identity,
        { store: store.clone(), database: (real) => counting.around(real) },
        inputs("restored"),
      );
      expect(counting.log.length).toBeGreaterThanOrEqual(45);
      let places = 0;
      let loud = 0;
      const sweep = `a validation whose scratch server fails (${how})`;
      for (const failAt of placesTried(sweep, counting.log, { way, ways: 2 })) {
        const memory = store.clone();
        const faults = new FaultyDatabases({ failAt, how });
        const run = await ended(
          validate(
            keys.identity,
            { store: memory, database: (real) => faults.around(real) },
            inputs("restored"),
          ),
        );
        const place = `${failAt} ${faults.log[failAt - 1] ?? ""}`;
        await requireHonest(place, memory, run);
        const left = await scratchDatabases();
        if (faults.failures === 0) {
          expect([faults.log[failAt - 1], run.exit, left]).toEqual([undefined, 0, []]);
          continue;
        }
        expect([place, faults.failures]).toEqual([place, 1]);
        if (!isOfKeeping(place)) places += 1;
        if (run.exit !== 0) loud += 1;
        expect([place, left]).toEqual([place, []]);
      }
      expect(places).toBeGreaterThanOrEqual(6);
      // Looking for leftovers before, and cleaning up after, take no verdict away.
      expect(loud).toBeGreaterThanOrEqual(Math.max(places / 3, places - 18));
    },
    900_000,
  );
});
