import { describe, expect } from "@jest/globals";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import type { Ports } from "../../../src/ports/ports.ts";
import type { RollbackBackup, TakeBackup } from "../../../src/schema/rollback/apply.ts";
import type { MigrateRollbackInputs } from "../../../src/schema/rollback/request.ts";
import { supabasePrelude } from "../../../src/schema/shadow/supabase/supabase.ts";
import { runMigrateRollback } from "../../../src/schema/rollback/run.ts";
import { createDatabase } from "../../support/postgres.ts";
import { testPorts } from "../../support/test-ports.ts";
import { scratchFolder } from "../../support/tools.ts";
import {
  historyOf,
  migrate,
  migrationsFolder,
  noBackups,
  output,
  rollbackInputs,
  type MigratedDatabase,
} from "../support.ts";
import { testInTurn } from "../../support/cases-in-turn.ts";

const SHOP = {
  "202601010900_orders.sql":
    "CREATE TABLE orders (id bigint PRIMARY KEY, total numeric NOT NULL DEFAULT 0);\n",
  "202601010900_orders_rollback.sql": "DROP TABLE orders;\n",
  "202601020900_customer.sql": "ALTER TABLE orders ADD COLUMN customer text;\n",
  "202601020900_customer_rollback.sql": "ALTER TABLE orders DROP COLUMN customer;\n",
  "202601030900_notes.sql":
    "CREATE TABLE notes (id int, text text);\nCREATE INDEX CONCURRENTLY notes_id ON notes (id);\n",
  "202601030900_notes_rollback.sql": "DROP INDEX CONCURRENTLY IF EXISTS notes_id;\nDROP TABLE notes;\n",
};

const backups: RollbackBackup[] = [];
let verdict = "proved";
const takeBackup: TakeBackup = ({ request }) => {
  expect(request.store).toBeDefined();
  backups.push({
    id: `20260101T000000Z-00000${backups.length}`,
    snapshotAt: "2026-01-01T00:00:00Z",
    verdict,
    headline: "one block differs",
  });
  return Promise.resolve(backups.at(-1)!);
};

async function rollback(
  database: MigratedDatabase,
  inputs: Partial<MigrateRollbackInputs>,
  ports: Ports = testPorts(),
): Promise<Outcome> {
  await using store = scratchFolder("store");
  return await runMigrateRollback(
    rollbackInputs(database, {
      to: "202601010900",
      store: `file://${store.path}`,
      allowUnencrypted: true,
      withoutBackup: false,
      ...inputs,
    }),
    ports,
    { ...noBackups, take: takeBackup },
  );
}

async function migrated(files: Readonly<Record<string, string>> = SHOP): Promise<MigratedDatabase> {
  await using folder = migrationsFolder(files);
  const database = await createDatabase({ owner: "postgres" });
  expect((await migrate(database, folder)).exit).toBe(0);
  return database;
}

const inTurn = testInTurn("rollbacks of a schema", 3);

describe("migrate-rollback", () => {
  inTurn("has nothing to do for a migration of comments alone, which needs no rollback", async () => {
    const nothing = {
      "202601010930_nothing.sql": "-- reserved\n",
      "202601010931_none.sql": "BEGIN;\nCOMMIT;\n",
    };
    await using database = await migrated({ ...SHOP, ...nothing });
    const bare = { withoutBackup: true, store: undefined };
    const dry = await rollback(database, { ...bare, dryRun: true });
    expect(output(dry, "plan")).toMatchObject([
      { script: "history" },
      { script: "history" },
      { version: "202601010931", script: "nothing", verdict: "proved" },
      { version: "202601010930", script: "nothing", verdict: "proved" },
    ]);
    const outcome = await rollback(database, bare);
    expect([outcome.exit, output(outcome, "restored")]).toEqual([0, true]);
    expect(await historyOf(database)).toEqual(["202601010900 applied 1"]);
    // One that did something, be it of no consequence for the schema, is another matter.
    await using more = migrationsFolder({ ...SHOP, "202601010932_one.sql": "SELECT 1;\n" });
    await migrate(database, more);
    await expect(rollback(database, bare)).rejects.toThrow(/there is no rollback for 202601010932_one\.sql/);
  });

  inTurn("does what was approved, however many rows came meanwhile, and nothing else", async () => {
    await using database = await migrated();
    const dry = { withoutBackup: true, store: undefined, dryRun: true };
    const approved = (await rollback(database, dry)).outputs["plan-hash"] as string;
    const further = (await rollback(database, { ...dry, to: "202601020900" })).outputs["plan-hash"];
    expect(further).not.toBe(approved);
    await database.query("INSERT INTO notes VALUES (1, 'x')");
    const run = { ...dry, dryRun: false, planHash: approved };
    await expect(rollback(database, { ...run, to: "202601020900" })).rejects.toMatchObject({
      code: "refused.unsafe",
      message: expect.stringContaining(`this is not the plan with the hash ${approved}`) as unknown,
    });
    expect(await historyOf(database)).toHaveLength(3);
    expect(await rollback(database, run)).toMatchObject({ exit: 0 });
  });

  inTurn("proves what refers to a platform's own things on a stand-in for the platform", async () => {
    await using folder = migrationsFolder({
      "202601010900_notes.sql": "CREATE TABLE notes (id uuid REFERENCES auth.users);\n",
      "202601020900_own.sql": "CREATE POLICY own ON notes USING (auth.uid() = id);\n",
      "202601020900_own_rollback.sql": "DROP POLICY own ON notes;\n",
    });
    await using database = await createDatabase({ owner: "postgres", sql: supabasePrelude() });
    await migrate(database, folder);
    const outcome = await rollback(database, { withoutBackup: true, store: undefined });
    expect(outcome).toMatchObject({ exit: 0, outputs: { restored: true, plan: [{ verdict: "proved" }] } });
  });

  inTurn("takes back from a checkout without the files, and leaves what was there before", async () => {
    await using database = await migrated();
    await database.query(
      "INSERT INTO orders VALUES (1, 9.5, 'Ada'), (2, 3, NULL); INSERT INTO notes VALUES (1, 'x')",
    );
    const before = backups.length;
    const outcome = await rollback(database, { reason: "orders fail" });
    expect(outcome).toMatchObject({
      exit: 0,
      outputs: { "rolled-back": ["202601030900", "202601020900"], restored: true, to: "202601010900" },
    });
    expect(outcome.outputs["losses"]).toEqual(
      expect.arrayContaining([
        { object: "table public.notes", rows: 1 },
        { object: "column public.orders.customer", rows: 1 },
      ]),
    );
    expect(backups).toHaveLength(before + 1);
    expect(await historyOf(database)).toEqual(["202601010900 applied 1"]);
    expect(await database.query("SELECT id::int, total::text FROM orders ORDER BY id")).toEqual([
      { id: 1, total: "9.5" },
      { id: 2, total: "3" },
    ]);
    expect(
      await database.query("SELECT backup_id, reason, restored, done, failed FROM holdfast.rollbacks"),
    ).toEqual([
      {
        backup_id: backups.at(-1)!.id,
        reason: "orders fail",
        restored: true,
        done: ["202601030900", "202601020900"],
        failed: null,
      },
    ]);
  });

  inTurn("changes nothing without the database's name, and says what would be lost", async () => {
    await using database = await migrated();
    await database.query("INSERT INTO notes VALUES (1, 'x'), (2, 'y')");
    await expect(rollback(database, { confirm: undefined })).rejects.toMatchObject({
      code: "refused.unconfirmed",
      message: expect.stringContaining("table public.notes (2 rows)") as unknown as string,
    });
    const dry = await rollback(database, { confirm: undefined, dryRun: true });
    expect(dry).toMatchObject({ exit: 7, report: { good: false } });
    expect(await historyOf(database)).toHaveLength(3);
    expect(await database.query("SELECT FROM holdfast.rollbacks")).toEqual([]);
  });

  inTurn("refuses what is missing, by name, and what is not proved, unless allowed", async () => {
    const { "202601020900_customer_rollback.sql": _, ...without } = SHOP;
    await using lacking = await migrated(without);
    await expect(rollback(lacking, {})).rejects.toMatchObject({
      code: "refused.unsafe",
      message: expect.stringContaining("no rollback for 202601020900_customer.sql") as unknown as string,
    });
    await using database = await migrated({
      ...SHOP,
      "202601020900_customer.sql":
        "ALTER TABLE orders ADD COLUMN customer text; ALTER TABLE orders ALTER COLUMN total DROP DEFAULT;\n",
    });
    await expect(rollback(database, {})).rejects.toMatchObject({
      code: "refused.unsafe",
      message: expect.stringMatching(
        /202601020900_customer\.sql \(differs: column public\.orders\.total default/,
      ) as unknown as string,
    });
    const forced = await rollback(database, { allowUnproved: true });
    expect(forced).toMatchObject({ exit: 5, outputs: { restored: false } });
    expect(forced.report.headline).toContain("is not what it was");
  });

  inTurn("stops at the first script that is refused, and says where the database is", async () => {
    await using database = await migrated();
    await database.query("CREATE VIEW customers AS SELECT customer FROM orders");
    const outcome = await rollback(database, {});
    expect(outcome).toMatchObject({ exit: 4, outputs: { "rolled-back": ["202601030900"] } });
    expect(outcome.report.headline).toContain(
      "202601020900_customer.sql could not be taken back: cannot drop column customer",
    );
    expect(await historyOf(database)).toEqual(["202601010900 applied 1", "202601020900 applied 1"]);
    await database.query("DROP VIEW customers");
    expect((await rollback(database, {})).exit).toBe(0);
  });

  inTurn("takes all of it back, to before the first migration", async () => {
    await using database = await migrated();
    expect(await rollback(database, { to: "nothing", withoutBackup: true, store: undefined })).toMatchObject({
      exit: 0,
      outputs: { restored: true, backup: "" },
    });
    expect(await historyOf(database)).toEqual([]);
  });

  inTurn("takes nothing back where the backup cannot be verified", async () => {
    await using database = await migrated();
    verdict = "failed";
    await expect(rollback(database, {})).rejects.toMatchObject({ code: "artifact.damaged" });
    verdict = "proved";
    expect(await historyOf(database)).toHaveLength(3);
    expect(await database.query("SELECT FROM holdfast.rollbacks")).toEqual([]);
  });

  inTurn("refuses to begin without a place for the backup, or with one that nobody could open", async () => {
    await using database = await migrated();
    await expect(rollback(database, { store: undefined })).rejects.toMatchObject({ code: "input.missing" });
    await expect(rollback(database, { allowUnencrypted: false })).rejects.toMatchObject({
      code: "refused.unencrypted",
    });
    await expect(rollback(database, { to: "209912312359" })).rejects.toMatchObject({
      code: "input.malformed",
    });
  });

  inTurn("ends its record also where the server has ended its session in a script", async () => {
    await using database = await migrated({
      ...SHOP,
      "202601030900_notes_rollback.sql":
        "DROP TABLE notes;\nSELECT pg_terminate_backend(pg_backend_pid());\n",
    });
    const outcome = await rollback(database, { allowUnproved: true });
    expect(outcome).toMatchObject({
      exit: 4,
      outputs: { "rolled-back": [], backup: backups.at(-1)!.id },
      report: { headline: expect.stringContaining("57P01") as unknown },
    });
    expect(outcome.report.notes.join()).toMatch(/none was taken back before it.*what the database held/);
    expect(
      await database.query("SELECT done, failed, ended_at IS NOT NULL AS ended FROM holdfast.rollbacks"),
    ).toEqual([{ done: [], failed: expect.stringMatching(/^202601030900: .*57P01/), ended: true }]);
    expect(await historyOf(database)).toHaveLength(3);
  });

  inTurn("keeps transactions away from a script on record whose tool's mark said so", async () => {
    const file = "20260104090000_ends.sql";
    const ends = "DO $$ BEGIN DROP TABLE ends; COMMIT; END $$;\n";
    await using database = await migrated({
      ...SHOP,
      [file]: `-- migrate:up\nCREATE TABLE ends ();\n-- migrate:down transaction:false\n${ends}`,
    });
    const to = "202601030900";
    const outcome = await rollback(database, { to, withoutBackup: true, store: undefined });
    expect(outcome).toMatchObject({ exit: 0, outputs: { restored: true, plan: [{ verdict: "proved" }] } });
  });

  inTurn("says what is done where its sessions end between two scripts, and its record is true", async () => {
    await using database = await migrated();
    let looks = 0;
    const ports = testPorts({
      database: (one) => ({
        address: one.address,
        connect: async (options) => {
          if (options.purpose === "rollback record" && (looks += 1) === 2) {
            throw new HoldfastError("database.unreachable", "gone");
          }
          return await one.connect(options);
        },
      }),
    });
    const run = { withoutBackup: true, store: undefined };
    expect(await rollback(database, run, ports)).toMatchObject({
      exit: 4,
      outputs: { "rolled-back": ["202601030900", "202601020900"], restored: null },
      report: { headline: expect.stringMatching(/^all is taken back, and .*looked at: gone/) as unknown },
    });
    const records =
      "SELECT done, failed, ended_at IS NOT NULL AS ended FROM holdfast.rollbacks ORDER BY begun_at";
    const done = ["202601030900", "202601020900"];
    expect(await database.query(records)).toEqual([{ done, failed: null, ended: false }]);
    // The next one ends what was left open.
    expect(await rollback(database, { ...run, to: "nothing", allowUnproved: true })).toMatchObject({
      exit: 0,
    });
    expect(await database.query(records)).toMatchObject([
      { done, failed: "the run ended before it could say how", ended: true },
      { done: ["202601010900"], failed: null, ended: true },
    ]);
  });

  inTurn("takes nothing back where the schema is not the one that was looked at", async () => {
    await using database = await migrated();
    let looked = false;
    const ports = testPorts({
      database: (one) => ({
        address: one.address,
        connect: async (options) => {
          if (options.purpose === "rollback plan" && looked) await database.query("CREATE TABLE later ()");
          looked ||= options.purpose === "rollback plan";
          return await one.connect(options);
        },
      }),
    });
    await expect(rollback(database, { withoutBackup: true, store: undefined }, ports)).rejects.toMatchObject({
      code: "refused.unsafe",
      message: expect.stringContaining("moved on since the plan was made") as unknown,
    });
    expect(await historyOf(database)).toHaveLength(3);
  });

  inTurn("counts what goes with a schema that a migration has made", async () => {
    await using database = await migrated({
      "202601010900_shop.sql": 'CREATE SCHEMA shop; CREATE TABLE shop.orders (id int, "a.b" int);\n',
      "202601010900_shop_rollback.sql": "DROP SCHEMA shop CASCADE;\n",
    });
    await database.query("INSERT INTO shop.orders VALUES (1, 1), (2, 2)");
    const plan = await rollback(database, { to: "nothing", dryRun: true });
    expect(output(plan, "losses")).toEqual([{ object: "table shop.orders", rows: 2 }]);
  });
});
