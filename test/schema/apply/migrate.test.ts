import { describe, expect } from "@jest/globals";
import { setTimeout as delay } from "node:timers/promises";
import { isHoldfastError } from "../../../src/kernel/errors.ts";
import { runMigrateStatus } from "../../../src/schema/status/run.ts";
import { createDatabase } from "../../support/postgres.ts";
import { secret, testPorts, type TestPorts } from "../../support/test-ports.ts";
import { historyOf, migrate, migrationsFolder, output } from "../support.ts";
import { testInTurn } from "../../support/cases-in-turn.ts";

const SHOP = {
  "202601010900_orders.sql":
    "CREATE TABLE orders (id bigint PRIMARY KEY, total numeric NOT NULL DEFAULT 0);\n",
  "202601010900_orders_rollback.sql": "DROP TABLE orders;\n",
  "20260102090000_customer.sql":
    "ALTER TABLE orders ADD COLUMN customer text;\nCREATE INDEX orders_customer ON orders (customer);\n",
  "20260102090000_customer_rollback.sql": "ALTER TABLE orders DROP COLUMN customer;\n",
};

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return "none";
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return `${error.code}: ${error.message}`;
  }
};

const inTurn = testInTurn("migrations", 3);

inTurn("says what --to leaves pending, and that it does not go back", async () => {
  await using database = await createDatabase({ owner: "postgres" });
  const files = ["1", "2", "3"].map((at) => [`${at}_t.sql`, `CREATE TABLE t${at} ();\n`] as const);
  await using folder = migrationsFolder(Object.fromEntries(files));
  await migrate(database, folder, { to: "2" });
  const said = async (to: string): Promise<string> =>
    (await migrate(database, folder, { to })).report.headline;
  expect(await said("2")).toMatch(/ is at version 2 already; 1 migration after it pending$/);
  expect(await said("1")).toMatch(/ is at version 2, which is past 1: .* migrate-rollback --to 1 goes back$/);
});

/** Waits until a run has given a lock up for the first time, however long it takes to come that far. */
async function hasMetALock({ lines }: TestPorts): Promise<void> {
  for (let looks = 0; looks < 3_000; looks += 1) {
    if (lines.some((line) => line.includes("met a lock"))) return;
    await delay(20);
  }
  throw new Error(`no lock was met in a minute: ${lines.join("; ")}`);
}

describe("migrate", () => {
  inTurn("applies what is pending, in order, and remembers how each is taken back", async () => {
    await using folder = migrationsFolder(SHOP);
    await using database = await createDatabase({ owner: "postgres" });
    const outcome = await migrate(database, folder);
    expect(outcome).toMatchObject({
      exit: 0,
      outputs: { applied: ["202601010900", "20260102090000"], version: "20260102090000" },
    });
    expect(await historyOf(database)).toEqual(["202601010900 applied 1", "20260102090000 applied 2"]);
    const [row] = await database.query(`
      SELECT rollback, fingerprint_before, applied_by,
             m.fingerprint_before = (SELECT fingerprint_after
                                       FROM holdfast.migrations
                                      WHERE version = '202601010900') AS chained
        FROM holdfast.migrations m
       WHERE version = '20260102090000'
    `);
    expect(row).toMatchObject({
      rollback: SHOP["20260102090000_customer_rollback.sql"],
      applied_by: "tester",
      chained: true,
    });
    expect((await migrate(database, folder)).report.headline).toContain("has every migration");
  });

  inTurn("shows the plan in a dry run and changes nothing", async () => {
    await using folder = migrationsFolder(SHOP);
    await using database = await createDatabase({ owner: "postgres" });
    expect(await migrate(database, folder, { dryRun: true })).toMatchObject({
      exit: 0,
      outputs: { applied: [], pending: ["202601010900", "20260102090000"] },
    });
    expect(await database.query("SELECT FROM pg_namespace WHERE nspname = 'holdfast'")).toEqual([]);
  });

  inTurn("stops at the version that was asked for", async () => {
    await using folder = migrationsFolder(SHOP);
    await using database = await createDatabase({ owner: "postgres" });
    expect(await migrate(database, folder, { to: "20260101090000" })).toMatchObject({
      exit: 0,
      outputs: { applied: ["202601010900"] },
    });
  });

  inTurn("leaves nothing of a file that is refused, names its line, and goes on once mended", async () => {
    await using folder = migrationsFolder({
      ...SHOP,
      "20260103090000_broken.sql":
        "CREATE TABLE first_half (id int);\n-- ä 🙂\nALTER TABLE orders\n  ADD COLUMN x nosuchtype;\n",
    });
    await using database = await createDatabase({ owner: "postgres" });
    const failed = await migrate(database, folder);
    expect(failed).toMatchObject({
      exit: 4,
      outputs: { version: "20260102090000", pending: ["20260103090000"] },
    });
    expect(failed.report.headline).toMatch(
      /^20260103090000_broken\.sql:4 was refused .*type "nosuchtype" does not exist/,
    );
    expect(failed.annotations?.[0]).toMatchObject({ line: 4 });
    expect(await database.query("SELECT to_regclass('first_half') AS there")).toEqual([{ there: null }]);
    folder.write({ "20260103090000_broken.sql": "CREATE TABLE first_half (id int);\n" });
    expect((await migrate(database, folder)).exit).toBe(0);
    expect(await historyOf(database)).toHaveLength(3);
  });

  inTurn("refuses a file that was changed after it was applied, but for its line endings", async () => {
    await using folder = migrationsFolder(SHOP);
    await using database = await createDatabase({ owner: "postgres" });
    await migrate(database, folder);
    folder.write({ "202601010900_orders.sql": SHOP["202601010900_orders.sql"].replaceAll("\n", "\r\n") });
    expect((await migrate(database, folder)).exit).toBe(0);
    folder.write({ "202601010900_orders.sql": "CREATE TABLE orders (id bigint PRIMARY KEY);\n" });
    expect(await codeOf(migrate(database, folder))).toMatch(
      /^refused\.unsafe: applied and changed since: 202601010900_orders\.sql/,
    );
  });

  inTurn("refuses a file that comes before an applied one, unless that is allowed", async () => {
    await using folder = migrationsFolder(SHOP);
    await using database = await createDatabase({ owner: "postgres" });
    await migrate(database, folder);
    folder.write({ "20260101100000_late.sql": "CREATE TABLE late (id int);\n" });
    expect(await codeOf(migrate(database, folder))).toMatch(
      /^refused\.unsafe: 20260101100000_late\.sql would be applied after/,
    );
    expect(await migrate(database, folder, { allowLate: true })).toMatchObject({
      outputs: { applied: ["20260101100000"] },
    });
    // What came later is not drift.
    expect(
      await runMigrateStatus({ database: secret(database.adminUrl), migrations: folder.path }, testPorts()),
    ).toMatchObject({ exit: 0, outputs: { drift: false } });
    await database.query("DROP TABLE late");
    expect(
      await runMigrateStatus({ database: secret(database.adminUrl), migrations: folder.path }, testPorts()),
    ).toMatchObject({
      exit: 3,
      outputs: {
        drifted: [
          {
            object: "table public.late",
            message: "is not in the database, and the migrations make it",
          },
        ],
      },
    });
  });

  inTurn("gives a lock up that somebody holds, and gets it at a later try", async () => {
    await using folder = migrationsFolder(SHOP);
    await using database = await createDatabase({ owner: "postgres" });
    await migrate(database, folder, { to: "202601010900" });
    const ports = testPorts();
    await using reader = await (
      await ports.openDatabase(database.adminAddress)
    ).connect({ purpose: "reader" });
    await reader.query("BEGIN; LOCK TABLE public.orders IN ACCESS SHARE MODE");
    const given = await migrate(database, folder, { lockTimeout: 100 });
    expect(given).toMatchObject({ exit: 4 });
    expect(given.report.headline).toContain("SQLSTATE 55P03");
    const run = testPorts();
    const [outcome] = await Promise.all([
      migrate(database, folder, { lockTimeout: 100, retries: 8 }, run),
      hasMetALock(run).then(() => reader.query("COMMIT")),
    ]);
    expect(outcome).toMatchObject({ exit: 0, outputs: { applied: ["20260102090000"] } });
    expect(outcome.report.tables[0]?.rows[0]?.[1]).toMatch(/^applied at try [2-9]$/);
  });

  inTurn("carries a file's own transactions and statements that none may hold out one by one", async () => {
    await using folder = migrationsFolder({
      ...SHOP,
      "20260103090000_steps.sql":
        "BEGIN;\nCREATE TABLE a (id int);\nINSERT INTO a VALUES (1);\nCOMMIT;\nCREATE INDEX CONCURRENTLY " +
        "a_id ON a (id);\nBEGIN ISOLATION LEVEL SERIALIZABLE;\nINSERT INTO a VALUES (2);\nCOMMIT;\n",
    });
    await using database = await createDatabase({ owner: "postgres" });
    expect((await migrate(database, folder)).exit).toBe(0);
    expect(await historyOf(database)).toContain("20260103090000 applied 8");
    expect(
      await database.query(`
        SELECT count(*)::int AS rows,
               (SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_id'::regclass) AS valid
          FROM a
      `),
    ).toEqual([{ rows: 2, valid: true }]);
  });

  inTurn("writes the history as whoever it is, whatever role and settings a file leaves behind", async () => {
    await using database = await createDatabase({ owner: "postgres" });
    const role = `${database.name}_lesser`;
    await database.query(`CREATE ROLE ${role}; GRANT CREATE, USAGE ON SCHEMA public TO ${role}`);
    await using folder = migrationsFolder({
      "20260101090000_role.sql":
        `SET ROLE ${role};\nSET search_path = '';\nCREATE TABLE ` + "public.theirs (id int);\n",
      "20260102090000_steps.sql":
        `SET ROLE ${role};\nBEGIN; CREATE TABLE public.more (id int); COMMIT;\nBEGIN; ` +
        "CREATE TABLE public.most (id int); COMMIT;\n",
    });
    expect((await migrate(database, folder)).exit).toBe(0);
    const owners = await database.query(
      "SELECT DISTINCT tableowner::text AS owner FROM pg_tables WHERE schemaname = 'public'",
    );
    expect(owners).toEqual([{ owner: role }]);
    await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  });

  inTurn("drops what a failed concurrent build left behind, and builds it again", async () => {
    await using folder = migrationsFolder({
      ...SHOP,
      "20260103090000_unique.sql": "CREATE UNIQUE INDEX CONCURRENTLY orders_total ON orders (total);\n",
    });
    await using database = await createDatabase({ owner: "postgres" });
    await migrate(database, folder, { to: "20260102090000" });
    await database.query("INSERT INTO orders (id, total) VALUES (1, 5), (2, 5)");
    expect((await migrate(database, folder)).report.headline).toContain("could not create unique index");
    expect(await database.query("SELECT to_regclass('orders_total') AS there")).toEqual([{ there: null }]);
    await database.query("DELETE FROM orders WHERE id = 2");
    expect((await migrate(database, folder)).exit).toBe(0);
    expect(await historyOf(database)).toContain("20260103090000 applied 1");
  });
});

describe("a migration that is no single transaction", () => {
  const FILE = "20260103090000_index.sql";
  const INDEX = "CREATE INDEX CONCURRENTLY orders_total ON orders (total);\n";

  inTurn("goes on where its very first statement was done and not written down", async () => {
    await using folder = migrationsFolder({ ...SHOP, [FILE]: INDEX });
    await using database = await createDatabase({ owner: "postgres" });
    await migrate(database, folder);
    await database.query(
      "UPDATE holdfast.migrations SET state = 'applying', steps = 0, attempting = $1 WHERE name ~ 'index'",
      [INDEX.replace(/;\n$/, "")],
    );
    expect(await migrate(database, folder)).toMatchObject({
      exit: 0,
      outputs: { applied: ["20260103090000"] },
    });
  });

  inTurn("is tried again when its first step met a lock", async () => {
    await using folder = migrationsFolder({ ...SHOP, [FILE]: `ALTER TABLE orders ADD n int;\n${INDEX}` });
    await using database = await createDatabase({ owner: "postgres" });
    await migrate(database, folder, { to: "20260102090000" });
    await using reader = await (
      await testPorts().openDatabase(database.adminAddress)
    ).connect({ purpose: "reader" });
    await reader.query("BEGIN; LOCK TABLE public.orders IN ACCESS SHARE MODE");
    const run = testPorts();
    const [outcome] = await Promise.all([
      migrate(database, folder, { lockTimeout: 100, retries: 8 }, run),
      hasMetALock(run).then(() => reader.query("COMMIT")),
    ]);
    expect(outcome).toMatchObject({ exit: 0, outputs: { applied: ["20260103090000"] } });
  });

  inTurn("may be mended in what is not done, counts then as it was mended, and in nothing else", async () => {
    const start = "ALTER TABLE orders ADD n int;\n";
    await using folder = migrationsFolder({ ...SHOP, [FILE]: `${start}${INDEX}SELECT nonsense();\n` });
    await using database = await createDatabase({ owner: "postgres" });
    expect((await migrate(database, folder)).exit).toBe(4);
    folder.write({ [FILE]: `ALTER TABLE orders ADD m int;\n${INDEX}` });
    expect(await codeOf(migrate(database, folder))).toMatch(/^refused\.unsafe: .* changed in what is done/);
    folder.write({ [FILE]: `${start}${INDEX}ALTER TABLE orders ADD m int;\n` });
    expect((await migrate(database, folder)).exit).toBe(0);
    expect((await migrate(database, folder)).report.headline).toContain("has every migration");
  });
});

describe("migrate-status", () => {
  inTurn("tells what is pending, changed, missing and late, and when the schema drifted", async () => {
    await using folder = migrationsFolder(SHOP);
    await using database = await createDatabase({ owner: "postgres" });
    const status = (path = folder.path): ReturnType<typeof runMigrateStatus> =>
      runMigrateStatus({ database: secret(database.adminUrl), migrations: path }, testPorts());
    expect(await status()).toMatchObject({
      exit: 0,
      outputs: { version: "", pending: ["202601010900", "20260102090000"] },
    });
    await migrate(database, folder);
    expect(await status()).toMatchObject({
      exit: 0,
      outputs: { version: "20260102090000", drift: false, pending: [] },
    });
    await database.query("ALTER TABLE orders ADD COLUMN by_hand int");
    await database.query("CREATE INDEX by_hand ON orders (by_hand)");
    const drifted = await status();
    expect(drifted).toMatchObject({ exit: 3, outputs: { drift: true, "matches-version": "" } });
    const made = "is in the database, and no migration makes it";
    expect(drifted.outputs["drifted"]).toEqual([
      { object: "column public.orders.by_hand", message: made },
      { object: "index public.by_hand", message: made },
    ]);
    await database.query("ALTER TABLE orders DROP COLUMN by_hand; ALTER TABLE orders DROP COLUMN customer");
    expect(await status()).toMatchObject({
      exit: 3,
      outputs: { drift: true, "matches-version": "202601010900" },
    });
    await using older = migrationsFolder({
      "202601010900_orders.sql": "CREATE TABLE orders ();\n",
      "20260101093000_late.sql": "SELECT 1;\n",
    });
    const outcome = await status(older.path);
    expect(output(outcome, "changed")).toEqual(["202601010900"]);
    expect(output(outcome, "missing")).toEqual(["20260102090000"]);
    expect(output(outcome, "late")).toEqual(["20260101093000"]);
  });
});
