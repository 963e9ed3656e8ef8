import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { isHoldfastError } from "../../../src/kernel/errors.ts";
import { createDatabase, type TestDatabase } from "../../support/postgres.ts";
import { testPorts, type TestPorts } from "../../support/test-ports.ts";
import { temporaryFolder } from "../../support/tools.ts";
import { Vault } from "../../support/vault.ts";
import { migrate, migrationsFolder, output, type Files, type MigrationsFolder } from "../support.ts";

const BASE = { "202601010900_note.sql": "ALTER TABLE app.orders ADD COLUMN note text;\n" };

const failureOf = async (work: Promise<unknown>): Promise<{ exit: number; said: string }> => {
  try {
    await work;
    return { exit: 0, said: "" };
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return { exit: error.exitCode, said: `${error.message} ${error.hint ?? ""}` };
  }
};

/** Without servers to try on: how that goes is told by trial.test.ts. */
const untried = testPorts({ binDir: temporaryFolder("no-programs") });

/** The same, some hours later. */
function later(hours: number): TestPorts {
  const ports = testPorts();
  const { clock } = ports;
  const now = (): Date => new Date(clock.now().getTime() + hours * 3_600_000);
  return { ...ports, clock: Object.assign(Object.create(clock) as typeof clock, { now }) };
}

let database: TestDatabase;
let vault: Vault;
/** One backup, proved, of a database with two schemas; only `app` is in it. */
beforeAll(async () => {
  vault = await Vault.make();
  database = await createDatabase({ owner: "postgres" });
  await database.query("CREATE SCHEMA app");
  await database.query("CREATE SCHEMA other");
  await database.query("CREATE TYPE app.mood AS ENUM ('a')");
  await database.query(
    "CREATE TABLE app.orders (id int PRIMARY KEY, total varchar(10), code text, mood app.mood)",
  );
  await database.query("CREATE EXTENSION citext SCHEMA app");
  await database.query("CREATE TABLE app.lines (id int REFERENCES app.orders, words app.citext[])");
  await database.query("CREATE TABLE other.logs (id int)");
  await database.query("INSERT INTO app.orders VALUES (1, 'one', 'a')");
  expect((await vault.backup(database.adminUrl, { schemas: ["app"] })).exit).toBe(0);
}, 120_000);
afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

const folder = (files: Files): MigrationsFolder => migrationsFolder({ ...BASE, ...files });
const dry = async (files: Files, inputs = {}, ports = untried) => {
  await using made = folder(files);
  return await migrate(database, made, { dryRun: true, ...inputs }, ports);
};

it("writes no takeover down where what comes after it is refused", async () => {
  const sql = `
    CREATE TABLE t (id int); INSERT INTO t VALUES (1);
    CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY);
    INSERT INTO schema_migrations VALUES ('20260101090000')
  `;
  await using database = await createDatabase({ owner: "postgres", sql });
  await using folder = migrationsFolder({
    "20260101090000_t.sql": "CREATE TABLE t (id int);\n",
    "20260102090000_gone.sql": "DROP TABLE t;\n",
  });
  await expect(migrate(database, folder, { adopt: "dbmate" })).rejects.toMatchObject({
    code: "refused.unconfirmed",
  });
  expect(await database.query("SELECT to_regclass('holdfast.migrations') AS made")).toEqual([{ made: null }]);
});

describe("a file that destroys data", () => {
  it("is refused until a verified backup that is young and holds it is in the store", async () => {
    await using files = folder({ "202601020900_drop.sql": "ALTER TABLE app.orders DROP COLUMN code;\n" });
    const nowhere = await failureOf(migrate(database, files));
    expect(nowhere).toMatchObject({ exit: 7 });
    expect(nowhere.said).toContain(
      "destroyed by 202601020900_drop.sql (column app.orders.code): no store was named",
    );
    const store = { store: vault.url, source: "shop" };
    const unproved = await failureOf(migrate(database, files, store));
    expect(unproved.said).toMatch(/none of the 1 in the store is verified.*holdfast validate --store file:/);
    expect((await vault.validate()).exit).toBe(0);

    const old = await failureOf(migrate(database, files, store, later(30)));
    expect(old.exit).toBe(7);
    expect(old.said).toMatch(
      /the newest verified backup, \S+, is 1 d 6 h old, and may be 24 h 00 min|1 d 0 h/,
    );
    expect(await database.query("SELECT FROM pg_namespace WHERE nspname = 'holdfast'")).toEqual([]);

    const done = await migrate(database, files, store);
    expect(done).toMatchObject({ exit: 0 });
    const rows = await database.query(
      "SELECT version, backup_id IS NOT NULL AS held, confirmed FROM holdfast.migrations ORDER BY position",
    );
    expect(rows).toEqual([
      { version: "202601010900", held: false, confirmed: null },
      { version: "202601020900", held: true, confirmed: null },
    ]);
  }, 120_000);

  it("is not protected by a backup of another schema, and the dry run says so", async () => {
    // Of the two that go one is held, and the other is named.
    const both = "TRUNCATE app.orders;\nTRUNCATE other.logs;\n";
    const outcome = await dry({ "202601030900_clear.sql": both }, { store: vault.url });
    expect(outcome.exit).toBe(7);
    expect(outcome.report.notes.join("\n")).toMatch(
      /would be refused: .*and none that is young enough holds rows of other\.logs$/m,
    );
    expect(outcome.report.tables[0]?.rows.at(-1)?.at(-1)).toBe("rows of app.orders, rows of other.logs");
  });

  it("is carried out when its loss is confirmed by name, which is written down", async () => {
    await using files = folder({
      "202601020900_drop.sql": "ALTER TABLE app.orders DROP COLUMN code;\n",
      "202601040900_logs.sql": "DELETE FROM other.logs;\n",
    });
    expect(await failureOf(migrate(database, files, { confirm: "shop" }))).toMatchObject({ exit: 7 });
    const { name } = database;
    expect((await migrate(database, files, { confirm: name })).exit).toBe(0);
    expect(
      await database.query(
        "SELECT backup_id, confirmed FROM holdfast.migrations WHERE version = '202601040900'",
      ),
    ).toEqual([{ backup_id: null, confirmed: name }]);
  });

  it("ends with exit code 4, not with no backup, where the store cannot be asked", async () => {
    const asked = await failureOf(
      dry({ "202601050900_logs.sql": "DROP TABLE other.logs;\n" }, { store: `${vault.url}-not-there` }),
    );
    expect(asked.exit).toBe(4);
    const harmless = { "202601050900_more.sql": "CREATE TABLE app.more (id int);\n" };
    expect((await dry(harmless, { store: `${vault.url}-not-there` })).exit).toBe(0);
  });

  it("is known through names that the files give, and only where there is data to lose", async () => {
    const goes = async (sql: string): Promise<unknown> => {
      const outcome = await dry({ "202601060900_it.sql": sql }, {});
      const plan = output(outcome, "plan") as { version: string; destroys: string[] }[];
      return plan.find(({ version }) => version === "202601060900")?.destroys;
    };
    for (const [sql, expected] of [
      ["CREATE TABLE app.t (id int); DROP TABLE app.t;", []],
      ["CREATE TABLE IF NOT EXISTS app.orders (id int); DROP TABLE app.orders;", ["table app.orders"]],
      ["ALTER TABLE app.orders RENAME TO gone; DROP TABLE app.gone;", ["table app.orders"]],
      ["CREATE TABLE public.orders (id int); DROP TABLE app.orders;", ["table app.orders"]],
      ["DROP TABLE IF EXISTS app.never;", []],
      ["SET search_path = app; DROP TABLE lines;", ["table app.lines"]],
      ["TRUNCATE app.orders CASCADE;", ["rows of app.lines", "rows of app.orders"]],
      ["ALTER TABLE app.orders DROP COLUMN IF EXISTS never;", []],
      ["ALTER TABLE app.orders ADD c int; ALTER TABLE app.orders DROP c;", []],
      [
        "ALTER TABLE app.orders RENAME total TO sum; ALTER TABLE app.orders DROP sum;",
        ["column app.orders.total"],
      ],
      ["DROP EXTENSION citext CASCADE;", ["columns in app.lines"]],
      ["DROP TYPE app.mood CASCADE;", ["columns in app.orders"]],
      ["DROP SCHEMA other CASCADE;", ["table other.logs"]],
      ["WITH x AS (DELETE FROM other.logs RETURNING id) SELECT FROM x;", ["rows of other.logs"]],
      ["ALTER TABLE app.orders ALTER COLUMN total TYPE varchar(20);", []],
      ["ALTER TABLE app.orders ALTER COLUMN total TYPE varchar(3);", ["values of app.orders.total"]],
      ["ALTER TABLE app.orders ALTER COLUMN id TYPE bigint;", []],
      ["ALTER TABLE app.orders ALTER COLUMN id TYPE smallint;", ["values of app.orders.id"]],
      ["CREATE FUNCTION app.f() RETURNS void LANGUAGE sql AS 'DELETE FROM other.logs';", []],
    ] as const) {
      expect([sql, await goes(sql)]).toEqual([sql, expected]);
    }
    const block = await dry({ "202601060900_it.sql": "DO $$ BEGIN DELETE FROM other.logs; END $$;" });
    expect(block).toMatchObject({ exit: 0 });
    expect(block.report.notes.join("\n")).toContain("what 202601060900_it.sql destroys is not known");
  });

  it("is not protected by a backup of the schema alone; of several sources one has to be named", async () => {
    expect((await vault.backup(database.adminUrl, { kinds: ["schema"], source: "bare" })).exit).toBe(0);
    expect((await vault.validate({ source: "bare" })).exit).toBe(0);
    const drop = { "202601070900_drop.sql": "DROP TABLE app.lines;\n" };
    const bare = await dry(drop, { store: vault.url, source: "bare" });
    expect(bare.exit).toBe(7);
    expect(bare.report.notes.join("\n")).toContain("none of the 1 in the store is verified and holds rows");
    expect((await dry(drop, { store: vault.url, source: "shop" })).exit).toBe(0);
    expect(await failureOf(dry(drop, { store: vault.url }))).toMatchObject({ exit: 2 });
  }, 60_000);

  it("is not protected by a backup of another database, whatever its source is called", async () => {
    await using other = await createDatabase({
      owner: "postgres",
      sql: `CREATE SCHEMA app; CREATE TABLE app.orders (id int); INSERT INTO app.orders VALUES (1)`,
    });
    const ports = testPorts({ binDir: temporaryFolder("no-programs-either") });
    await using files = migrationsFolder({ "202601020900_drop.sql": "DROP TABLE app.orders;\n" });
    const outcome = await migrate(other, files, { dryRun: true, store: vault.url, source: "shop" }, ports);
    expect(outcome.exit).toBe(7);
    expect(ports.lines.join("\n")).toMatch(/backup \S+ is passed over: it is of database \S+ on 127/);
  });
});
