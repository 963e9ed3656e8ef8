import { afterEach, expect, test } from "@jest/globals";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { takeSafetyBackup } from "../../../src/backups/backup/safety.ts";
import { gitHistory } from "../../../src/adapters/source-tree/history.ts";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import { parseDatabaseUrl } from "../../../src/postgres/database-url.ts";
import type { SlotHost } from "../../../src/ports/slot-host.ts";
import { schemaOfRelease } from "../../../src/rollout/app/schema-range.ts";
import { appliedNow } from "../../../src/schema/status/applied-now.ts";
import { migrate } from "../../schema/support.ts";
import { createDatabase } from "../../support/postgres.ts";
import { repository } from "../../support/repository.ts";
import { testPorts } from "../../support/test-ports.ts";
import { told } from "../app/support.ts";
import { BAD, OLD, wholeWorld, type WholeWorld } from "./world.ts";
import { testInTurn } from "../../support/cases-in-turn.ts";

/** What others, and the world, do meanwhile. */

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

const worlds: WholeWorld[] = [];
afterEach(async () => {
  for (const each of worlds.splice(0)) await each[Symbol.asyncDispose]();
});

async function released(): Promise<WholeWorld> {
  const world = await wholeWorld();
  worlds.push(world);
  await world.release(OLD);
  await world.database.query("INSERT INTO app.orders SELECT n, 7 * n FROM generate_series(1, 10) n");
  return world;
}

const BACK = { schema: "migrations" } as const;

function after(host: SlotHost, call: keyof SlotHost, then: () => Promise<void>): SlotHost {
  let isDone = false;
  return new Proxy(host, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      if (name !== call) return (value as () => unknown).bind(target);
      return async (...args: readonly unknown[]) => {
        const given: unknown = await (value as (...all: readonly unknown[]) => Promise<unknown>).apply(
          target,
          [...args],
        );
        if (!isDone) {
          isDone = true;
          await then();
        }
        return given;
      };
    },
  });
}

const inTurn = testInTurn("what happens around a rollback", 3);

test("a stopped rollback that is gone on with after a newer deployment touches no database", async () => {
  const world = await released();
  // The app does not say which build it is.
  world.app.declare({ health: "{ path: /, tries: 3, every: 1s }", soak: "{ for: 2s, every: 1s }" });
  await world.release(BAD);
  await world.database.query("UPDATE app.orders SET note = 'written by people'");
  await world.database.query("CREATE VIEW public.notes AS SELECT note FROM app.orders");
  const stopped = await world.rollback(BACK);
  expect(told(stopped)).toMatchObject({ outcome: "stopped", production: "1.2.0" });
  await world.database.query("DROP VIEW public.notes");
  // The team mends forward instead: 1.4.0, verified, which needs the column.
  await world.release({ ...BAD, version: "1.4.0" });
  const fixed = await world.now();
  expect(fixed.build).toBe("1.4.0");
  const resume = String(stopped.outputs["run"]);
  await expect(world.rollback({ ...BACK, resume })).rejects.toMatchObject({ code: "input.conflict" });
  expect(await world.now()).toEqual(fixed);
});

inTurn("a run that is done is not said to be done again when production is another", async () => {
  const world = await released();
  await world.release({ ...OLD, version: "1.2.5", migrations: {} });
  const done = await world.rollback();
  expect(told(done)).toMatchObject({ outcome: "done", production: "1.2.0" });
  await world.release({ ...OLD, version: "1.4.0", migrations: {} });
  const resume = String(done.outputs["run"]);
  await expect(world.rollback({ resume })).rejects.toMatchObject({ code: "input.conflict" });
});

inTurn("what was approved is what is taken back, also where somebody migrates meanwhile", async () => {
  const world = await released();
  await world.release(BAD);
  const dry = await world.rollback({ ...BACK, dryRun: true });
  const folder = join(world.repository.path, "migrations");
  world.app.around = (host) =>
    after(host, "swap", async () => {
      writeFileSync(
        join(folder, "202611281200_paid.sql"),
        "CREATE TABLE app.paid (id int PRIMARY KEY);\nINSERT INTO app.paid SELECT generate_series(1, 500);\n",
      );
      writeFileSync(join(folder, "202611281200_paid_rollback.sql"), "DROP TABLE app.paid;\n");
      // The environment's lock is held by the rollback.
      const ended = await migrate(world.database, { path: folder });
      expect(ended.exit).toBe(0);
      await world.database.query("INSERT INTO app.paid VALUES (501)");
    });
  await world.rollback({ ...BACK, planHash: String(dry.outputs["plan-hash"]) });
  const [left] = await world.database.query("SELECT to_regclass('app.paid')::text AS there");
  expect(left).toEqual({ there: "app.paid" });
});

inTurn("the schema gate is passed again where the run is gone on with before its swap", async () => {
  const world = await released();
  await world.release({ ...OLD, version: "1.2.5", migrations: {} });
  world.app.around = (host) =>
    new Proxy(host, {
      get: (target, name) =>
        name === "preview"
          ? () => Promise.reject(new Error("killed"))
          : (Reflect.get(target, name) as unknown),
    });
  // A preview that failed takes the run back; so it is killed: nothing after it gets through.
  let isDead = false;
  const dead = <T extends object>(port: T, at?: string): T =>
    new Proxy(port, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return (...args: readonly unknown[]): unknown => {
          isDead ||= name === at;
          if (isDead) throw new Error("killed");
          return (value as (...all: readonly unknown[]) => unknown).apply(target, [...args]);
        };
      },
    });
  world.app.around = (host) => dead(host, "preview");
  world.app.aroundStore = (store) => dead(store);
  await world.rollback().catch(() => undefined);
  expect(isDead).toBe(true);
  world.app.around = (host) => host;
  world.app.aroundStore = (store) => store;
  world.forgetLocks();
  const run = readdirSync(join(world.app.store, "journals")).sort().at(-1)!;
  const folder = mkdtempSync(join(tmpdir(), "hf-later-"));
  mkdirSync(join(folder, "m"));
  for (const [name, text] of Object.entries({ ...OLD.migrations, ...BAD.migrations })) {
    writeFileSync(join(folder, "m", name), text);
  }
  expect((await migrate(world.database, { path: join(folder, "m") })).exit).toBe(0);
  await expect(world.rollback()).rejects.toMatchObject({ code: "refused.schema" });
  await world.rollback({ resume: run }).then(
    (done) => [told(done), done.report.notes],
    (error: unknown) => String(error),
  );
  expect((await world.now()).build).toBe("1.2.5");
});

test("a restore that was done is not done twice by pressing twice", async () => {
  const world = await released();
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
  await world.release(BAD);
  const given = { trigger: "database-corruption", fromBackup: backup.id } as const;
  expect((await world.rollback(given)).exit).toBe(0);
  await world.database.query("INSERT INTO app.orders VALUES (1000, 1)");
  await world.rollback(given);
  expect(await world.database.query("SELECT id FROM app.orders WHERE id = 1000")).toHaveLength(1);
});

inTurn("people are told where a rollback that a watch has started is refused", async () => {
  const world = await released();
  await world.release(BAD);
  await expect(world.rollback({ trigger: "health-check", notify: "issue" })).rejects.toMatchObject({
    code: "refused.schema",
  });
  await world.rollback({
    trigger: "health-check",
    notify: "issue",
    schema: "migrations",
    confirm: undefined,
  });
  expect(world.notices).toEqual([
    "the rollback of production to last-known-good was not begun",
    "the rollback of production to 1.2.0 needs people",
  ]);
});

inTurn("a schema that is half applied is not seen well", async () => {
  const world = await released();
  await world.release(BAD);
  await world.release({ ...BAD, version: "1.4.0" });
  // As migrate leaves it, which was stopped in a script that is carried out statement by statement.
  await world.database.query(
    "UPDATE holdfast.migrations SET state = 'applying', steps = 1 WHERE version = '202611271000'",
  );
  await world.rollback({ to: "v1.3.0" }).then(
    (done) => [told(done), done.report.notes],
    (error: unknown) => String(error),
  );
  expect((await world.now()).build).toBe("1.4.0");
});

test("a restore whose record could not be written is not done a second time", async () => {
  const world = await released();
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
  await world.release(BAD);
  // The restore ends, and then the database does not answer for a moment: migrate-rollback warns, and is
  // done.
  world.meddle = (all) => ({
    ...all,
    openDatabase: async (address) => {
      const database = await all.openDatabase(address);
      return new Proxy(database, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name);
          if (typeof value !== "function") return value;
          return (...args: readonly unknown[]): unknown => {
            const [options] = args as readonly { purpose?: string }[];
            if (name === "connect" && options?.purpose === "rollback record") {
              throw new HoldfastError("database.unreachable", "the database is not reached", {
                hint: "again",
              });
            }
            return (value as (...all: readonly unknown[]) => unknown).apply(target, [...args]);
          };
        },
      });
    },
  });
  const given = { trigger: "database-corruption", fromBackup: backup.id } as const;
  const first = await world.rollback(given);
  world.meddle = (all) => all;
  // Production is back in the meantime, and people write.
  await world.database.query("INSERT INTO app.orders VALUES (1000, 1)");
  await world.rollback({ ...given, resume: String(first.outputs["run"]) });
  expect(await world.database.query("SELECT id FROM app.orders WHERE id = 1000")).toHaveLength(1);
});

inTurn("a backup from before the release's schema is refused before it is restored", async () => {
  const world = await released();
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
  // 1.3.0 needs the column, 1.4.0 is bad; the backup is of 1.2.0's time.
  const needs = {
    ...BAD,
    migrations: {
      "202611271000_note.sql": "ALTER TABLE app.orders ADD COLUMN note text;\n",
      "202611271000_note_rollback.sql": "ALTER TABLE app.orders DROP COLUMN note;\n",
    },
  };
  await world.release(needs);
  await world.release({ ...BAD, version: "1.4.0" });
  await world.database.query("UPDATE app.orders SET note = 'kept'");
  await world.rollback({ trigger: "database-corruption", fromBackup: backup.id, unit: undefined }).then(
    (done) => [told(done), done.report.notes],
    (error: unknown) => String(error),
  );
  expect((await world.now()).versions).toContain("202611271000");
});

test("a run whose lock is lost changes no database any more", async () => {
  const world = await wholeWorld();
  worlds.push(world);
  await world.release(OLD);
  await world.release(BAD);
  world.meddleRoad = (road) => ({
    ...road,
    goBack: async (...given) => {
      // Another one takes the lock over, as of a machine that slept.
      const folder = join(world.app.store, "locks/environment/production");
      const [name] = readdirSync(folder).sort().reverse();
      const lock = JSON.parse(readFileSync(join(folder, name!), "utf8")) as object;
      const next = `${String(Number(name!.slice(0, 9)) + 1).padStart(9, "0")}.json`;
      writeFileSync(join(folder, next), JSON.stringify({ ...lock, token: "0".repeat(32) }));
      return await road.goBack(...given);
    },
  });
  await world.rollback({ schema: "migrations" }).then(
    (done) => done.report.headline,
    (error: unknown) => String(error),
  );
  const atEnd = await world.now();
  await pause(5_000);
  const later = await world.now();
  expect(later.versions).toEqual(atEnd.versions);
});

inTurn("a release whose settings were written later is not one without migrations", async () => {
  await using git = repository();
  git.commit("feat: one", { "sql/202601_a.sql": "SELECT 1;\n", "sql/202602_b.sql": "SELECT 1;\n" });
  git.git("tag", "v1.0.0");
  git.commit("chore: settings", { ".github/holdfast.yml": "release: { unit: { migrations: sql } }\n" });
  git.git("tag", "v1.1.0");
  const ports = {
    ...testPorts(),
    sourceHistory: () => Promise.resolve(gitHistory({ env: process.env, folder: git.path })),
  };
  const asked = { unit: undefined, settings: ".github/holdfast.yml" };
  const one = await schemaOfRelease("1.0.0", asked, ports);
  expect(one).toEqual({ from: "202602", to: "202602", count: 2 });
});

inTurn("what another service has written down in the same database opens no gate", async () => {
  await using database = await createDatabase({ owner: "postgres" });
  // Ours, by dbmate, is older than the release needs; another service keeps its own by Flyway.
  await database.query("CREATE TABLE public.schema_migrations (version varchar(128) PRIMARY KEY)");
  await database.query("INSERT INTO public.schema_migrations VALUES ('20250101000000')");
  await database.query("CREATE SCHEMA billing");
  await database.query(
    "CREATE TABLE billing.flyway_schema_history (installed_rank int PRIMARY KEY, version text, " +
      "script text, success boolean, type text, description text)",
  );
  await database.query(
    "INSERT INTO billing.flyway_schema_history VALUES (1, '20260201000000', 'V2__x.sql', true, 'SQL', 'x')",
  );
  const opened = await testPorts().openDatabase(parseDatabaseUrl(database.adminUrl, "database"));
  await expect(appliedNow(opened)).rejects.toMatchObject({ code: "database.unsupported" });
});
