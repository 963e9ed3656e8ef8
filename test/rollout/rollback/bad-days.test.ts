import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { takeSafetyBackup } from "../../../src/backups/backup/safety.ts";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import { parseDatabaseUrl } from "../../../src/postgres/database-url.ts";
import type { BlobStore } from "../../../src/ports/blob-store.ts";
import type { SlotHost } from "../../../src/ports/slot-host.ts";
import { sampled } from "../../support/sampling.ts";
import { testPorts } from "../../support/test-ports.ts";
import { told } from "../app/support.ts";
import { BAD, OLD, wholeWorld, type Whole, type WholeWorld } from "./world.ts";

/** One world, whose bad releases come one after the other: each ends as it was before all of them. */
let world: WholeWorld;
let before: Whole;
let releases = 0;

beforeAll(async () => {
  world = await wholeWorld();
  await world.release(OLD);
  await world.database.query("INSERT INTO app.orders SELECT n, 7 * n FROM generate_series(1, 100) n");
  before = await world.now();
});
afterEach(async () => {
  world.app.around = (host) => host;
  world.app.aroundStore = (store) => store;
  world.meddleRoad = (road) => road;
  world.functions.meddle = () => undefined;
});
afterAll(async () => {
  const { bugs } = world.app.box;
  await world[Symbol.asyncDispose]();
  expect(bugs).toEqual([]);
});

/** A bad release comes, and is the one whose end is looked for. */
async function badRelease(): Promise<Whole> {
  releases += 1;
  await world.release({ ...BAD, version: `1.3.${releases}` });
  return await world.now();
}

function lastRun(): string {
  return readdirSync(join(world.app.store, "journals")).sort().at(-1)!;
}

const BACK = { schema: "migrations" } as const;

/** From one moment on nothing that the process does gets anywhere. */
class Killed extends Error {}
let isDead = false;

/** The call at which the process is killed, and whether it still gets through. */
type Moment = (call: string, path: unknown) => "before" | "after" | undefined;

function dying<T extends object>(port: T, moment: Moment): T {
  return new Proxy(port, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      return (...args: readonly unknown[]): unknown => {
        const end = isDead ? "before" : moment(String(name), args[0]);
        if (end !== undefined) isDead = true;
        if (end === "before") throw new Killed();
        const given: unknown = (value as (...all: readonly unknown[]) => unknown).apply(target, [...args]);
        if (end === undefined) return given;
        return Promise.resolve(given).then(() => {
          throw new Killed();
        });
      };
    },
  });
}

/** Begins to take a bad release back, and is killed. @returns its run; undefined where it had not begun */
async function killed(moment: Moment): Promise<string | undefined> {
  const last = lastRun();
  isDead = false;
  world.app.around = (host: SlotHost) => dying(host, moment);
  world.app.aroundStore = (store: BlobStore) => dying(store, moment);
  world.meddleRoad = (road) => dying(road, moment);
  world.functions.meddle = (call, when) => {
    isDead ||= when === "after" && moment(call, undefined) === "after";
    if (isDead) throw new Killed();
  };
  await world.rollback(BACK).catch(() => undefined);
  expect(isDead).toBe(true);
  isDead = false;
  world.app.around = (host) => host;
  world.app.aroundStore = (store) => store;
  world.meddleRoad = (road) => road;
  world.functions.meddle = () => undefined;
  world.forgetLocks();
  const run = lastRun();
  return run === last ? undefined : run;
}

/** All places of a thorough run. */
const SWEEP_MS = 40 * 60_000;

describe("a rollback that is killed", () => {
  test.each([
    ["its swap", "swap"],
    ["taking migrations back", "goBack"],
    ["activating functions", "activate"],
  ])("right after %s is gone on with, to what was there before", async (_, last) => {
    await badRelease();
    const resume = await killed((call) => (call === last ? "after" : undefined));
    const found = await world.rollback({ ...BACK, resume });
    expect(told(found)).toMatchObject({ exit: 0, outcome: "done", production: "1.2.0" });
    expect(await world.now()).toEqual(before);
  });

  test(
    "before or after any entry of its journal is gone on with, to what was there before",
    async () => {
      await badRelease();
      await world.rollback(BACK);
      const entries = readdirSync(join(world.app.store, "journals", lastRun())).length;
      expect(entries).toBeGreaterThan(20);
      const places = Array.from({ length: entries }, (_, index) => index + 1);
      for (const { place, way } of sampled(
        "a rollback killed at an entry of its journal",
        places.flatMap((at) => (["before", "after"] as const).map((when) => ({ place: at, way: when }))),
        { every: entries - 1, kind: ({ way: when }) => when },
      )) {
        await badRelease();
        let written = 0;
        const resume = await killed((call, path) => {
          if (call !== "put" || !String(path).startsWith("journals/")) return undefined;
          written += 1;
          return written === place ? way : undefined;
        });
        const found = await world.rollback({ ...BACK, resume });
        expect({ place, way, ...told(found) }).toMatchObject({
          place,
          way,
          exit: 0,
          outcome: "done",
          production: "1.2.0",
        });
        expect({ place, way, now: await world.now() }).toEqual({ place, way, now: before });
      }
    },
    SWEEP_MS,
  );
});

test("two who press the button at once are one", async () => {
  await badRelease();
  const ends = await Promise.allSettled([world.rollback(BACK), world.rollback(BACK)]);
  const [done] = ends.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
  expect(told(done!)).toMatchObject({ exit: 0, outcome: "done" });
  expect(ends.flatMap((end) => (end.status === "rejected" ? [(end.reason as Error).message] : []))).toEqual([
    expect.stringMatching(/^environment\/production is locked by/),
  ]);
  expect(await world.now()).toEqual(before);
});

describe("what the database's wing refuses", () => {
  test("is refused before anything is touched", async () => {
    const bad = await badRelease();
    const found = await world.rollback({ ...BACK, confirm: "another" });
    expect([found.exit, found.outputs["outcome"], found.report.notes.at(-1)]).toEqual([
      7,
      "hindered",
      expect.stringMatching(/confirm is 'another'.*Type the database's own name/s),
    ]);
    expect(await world.now()).toEqual(bad);
  });

  test("while it happens leaves the app back, says what stands where, and is gone on with", async () => {
    await world.database.query("CREATE VIEW public.notes AS SELECT note FROM app.orders");
    const telling = { ...BACK, notify: "issue" } as const;
    const found = await world.rollback(telling);
    expect(told(found)).toMatchObject({ exit: 4, outcome: "stopped", production: "1.2.0" });
    expect(world.notices).toEqual(["the rollback of production to 1.2.0 needs people"]);
    const run = String(found.outputs["run"]);
    const notes = found.report.notes.join("\n");
    expect(notes).toMatch(/cannot drop column note of table app\.orders because other objects depend on it/);
    expect(notes).toMatch(/is at version 202611271000/);
    expect(notes).toMatch(/0 of 2 functions of [a-z]{20} served as wanted/);
    expect(notes).toContain(`forward: once the cause is mended, --resume ${run}`);
    expect(notes).toMatch(/backward, the app: holdfast rollback-app --to v1\.3\.\d /);
    await world.database.query("DROP VIEW public.notes");
    expect(told(await world.rollback({ ...telling, resume: run }))).toMatchObject({
      exit: 0,
      outcome: "done",
    });
    expect(world.notices.at(-1)).toBe("production was taken back to 1.2.0");
    expect(await world.now()).toEqual(before);
  });
});

test("a function that is ill when all else is back stops it, and says how to go back", async () => {
  await badRelease();
  world.functions.meddle = (call, when) => {
    if (call === "call GET orders" && when === "before") throw new Error("it crashes");
  };
  const found = await world.rollback(BACK);
  expect(told(found)).toMatchObject({ outcome: "stopped", production: "1.2.0" });
  const run = String(found.outputs["run"]);
  expect(found.report.notes).toContainEqual(
    expect.stringMatching(`^backward, the functions: holdfast functions-rollback --to ${run} `),
  );
  world.functions.meddle = () => undefined;
  expect(told(await world.rollback({ ...BACK, resume: run }))).toMatchObject({ exit: 0, outcome: "done" });
  expect(await world.now()).toEqual(before);
});

test("the app alone goes back where somebody says that it runs on the schema", async () => {
  const bad = await badRelease();
  const found = await world.rollback({ schema: "keep", project: undefined });
  expect(told(found)).toMatchObject({ exit: 0, outcome: "done", production: "1.2.0" });
  expect(await world.now()).toEqual({ ...bad, build: "1.2.0" });
  // What was left is taken along when somebody decides so: the release is verified, and not whole.
  expect(told(await world.rollback({ ...BACK, to: "v1.2.0" }))).toMatchObject({ exit: 0, outcome: "done" });
  expect(await world.now()).toEqual(before);
});

test("a database that is corrupt comes from a backup, with the app and the functions of then", async () => {
  const ports = testPorts();
  const backup = await takeSafetyBackup(
    {
      database: await ports.openDatabase(parseDatabaseUrl(world.database.adminUrl, "database")),
      store: await ports.openStore(world.app.common.store, undefined),
      recipients: [],
      jobs: 1,
      snapshotLimitMs: 600_000,
    },
    ports,
  );
  await badRelease();
  await world.database.query("UPDATE app.orders SET total = 0, note = 'lost'");
  const corrupt = { trigger: "database-corruption" } as const;
  await expect(world.rollback(corrupt)).rejects.toMatchObject({ code: "input.missing" });
  const found: Outcome = await world.rollback({ ...corrupt, fromBackup: backup.id });
  expect(told(found)).toMatchObject({ exit: 0, outcome: "done", production: "1.2.0" });
  expect(await world.now()).toEqual(before);
});
