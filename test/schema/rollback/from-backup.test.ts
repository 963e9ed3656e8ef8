import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { restoreInto } from "../../../src/commands/schema/rollback-backups.ts";
import { isHoldfastError } from "../../../src/kernel/errors.ts";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import { parseDatabaseUrl } from "../../../src/postgres/database-url.ts";
import { takeLease } from "../../../src/schema/lease/lease.ts";
import type { MigrateRollbackInputs } from "../../../src/schema/rollback/request.ts";
import { runMigrateRollback } from "../../../src/schema/rollback/run.ts";
import { runMigrateStatus } from "../../../src/schema/status/run.ts";
import { createDatabase, type TestDatabase } from "../../support/postgres.ts";
import { secret, testPorts } from "../../support/test-ports.ts";
import { Vault } from "../../support/vault.ts";
import {
  historyOf,
  migrate,
  migrationsFolder,
  noBackups,
  output,
  rollbackInputs,
  type MigrationsFolder,
} from "../support.ts";

const FILES = {
  "202601010900_orders.sql": "CREATE TABLE orders (id bigint PRIMARY KEY, total numeric NOT NULL);\n",
  "202601020900_customer.sql": "ALTER TABLE orders ADD COLUMN customer text;\n",
};
/** Has no rollback, and takes rows away: no script brings them back. */
const BAD = {
  "202601030900_totals.sql":
    "DELETE FROM orders WHERE total < 10; ALTER TABLE orders DROP COLUMN customer;\n",
};

let vault: Vault;
let folder: MigrationsFolder;
let backup: string;
let database: TestDatabase;
/** A database with a proved backup from before the bad migration. */
beforeAll(async () => {
  vault = await Vault.make();
  folder = migrationsFolder(FILES);
  database = await createDatabase({ owner: "postgres" });
  expect((await migrate(database, folder)).exit).toBe(0);
  await database.query("INSERT INTO orders VALUES (1, 5, 'ann'), (2, 50, 'bob')");
  const made = await vault.backup(database.adminUrl, {});
  backup = String(made.outputs["id"]);
  expect((await vault.validate()).exit).toBe(0);
  folder.write(BAD);
  expect(await migrate(database, folder, { confirm: database.name })).toMatchObject({ exit: 0 });
  await database.query("INSERT INTO orders VALUES (3, 70)");
}, 120_000);
afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

async function back(inputs: Partial<MigrateRollbackInputs>): Promise<Outcome> {
  const ports = testPorts();
  const given = rollbackInputs(database, {
    fromBackup: backup,
    store: vault.url,
    identity: secret(vault.identity),
    ...inputs,
  });
  return await runMigrateRollback(given, ports, {
    ...noBackups,
    restore: async (dry) => {
      if (!dry) await meanwhile();
      return await restoreInto(given, dry, ports);
    },
  });
}

/** What somebody else does when the plan is made and the restore begins. */
let meanwhile = (): Promise<void> => Promise.resolve();

const refusal = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return "nothing was refused";
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return `${error.exitCode} ${error.message}`;
  }
};

const ORDERS = "SELECT id::int, total::int FROM orders ORDER BY id";

describe("migrate-rollback --from-backup", () => {
  it("is one road, and the other is --to", async () => {
    expect(await refusal(back({ to: "202601020900" }))).toBe("2 both --to and --from-backup are given");
    expect(await refusal(back({ fromBackup: undefined }))).toBe("2 neither --to nor --from-backup was given");
    expect(await refusal(back({ store: undefined, withoutBackup: true }))).toMatch(/^2 no store was given/);
  });

  it("shows what goes, and wants the database's name first", async () => {
    const dry = await back({ dryRun: true });
    expect(dry.exit).toBe(0);
    expect(dry.report.notes.slice(0, 2)).toEqual([
      expect.stringMatching(`restores backup ${backup}, as of .*: everything that was written later is lost`),
      "applied since, and not in it: 202601030900_totals.sql",
    ]);
    expect(await refusal(back({ confirm: undefined }))).toMatch(/^7 .* is not empty/);
    expect(await database.query(ORDERS)).toEqual([
      { id: 2, total: 50 },
      { id: 3, total: 70 },
    ]);
    const hash = output(dry, "plan-hash") as string;
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(await refusal(back({ planHash: "0".repeat(64) }))).toMatch(
      /^7 this is not the plan with the hash 0/,
    );
    expect((await back({ planHash: hash, dryRun: true })).exit).toBe(0);
    expect(output(await back({ dryRun: true, withoutBackup: true }), "plan-hash")).not.toBe(hash);
    // What has come into the schema since would go, and nobody has approved that.
    await database.query("CREATE TABLE precious ()");
    expect(await refusal(back({ planHash: hash }))).toMatch(/^7 this is not the plan with the hash/);
    await database.query("DROP TABLE precious");
  });

  it("leaves a run alone that migrates meanwhile", async () => {
    const ports = testPorts();
    const other = await ports.openDatabase(parseDatabaseUrl(database.adminUrl, "database"));
    await using _lease = await takeLease({ ...ports, database: other, doing: "migrate", waitMs: 0 });
    expect(await refusal(back({}))).toMatch(/^6 /);
  });

  it("goes on where a restore was stopped before its keys, and nobody migrates before that", async () => {
    const stopped = "ALTER TABLE holdfast.lease DROP CONSTRAINT lease_pkey";
    await database.admin(stopped);
    expect(await refusal(migrate(database, folder))).toMatch(/^4 the database is half restored/);
    const dry = await back({ dryRun: true });
    expect([dry.exit, dry.report.notes[1]]).toEqual([
      0,
      "the database has no whole history of migrations: what was applied since is not known",
    ]);
    await database.admin("ALTER TABLE holdfast.lease ADD CONSTRAINT lease_pkey PRIMARY KEY (singleton)");
  });

  it("brings rows and history back, writes it down, and migrates on from there", async () => {
    let other = "";
    await using more = migrationsFolder({ ...FILES, ...BAD, "202601040900_more.sql": "SELECT 1;\n" });
    meanwhile = async () => {
      other = await refusal(migrate(database, more));
    };
    const outcome = await back({ reason: "small orders are gone" });
    meanwhile = () => Promise.resolve();
    expect(other).toMatch(/^6 the schema is being changed by .* at migrate-rollback --from-backup/);
    expect([outcome.exit, output(outcome, "rolled-back"), output(outcome, "to")]).toEqual([
      0,
      ["202601030900"],
      "202601020900",
    ]);
    expect(output(outcome, "restored")).toBe(true);
    expect(outcome.report.headline).toMatch(
      /everything as it was; it is at version 202601020900, without 1 migration that it had not then/,
    );
    expect(await database.query(ORDERS)).toEqual([
      { id: 1, total: 5 },
      { id: 2, total: 50 },
    ]);
    expect(await historyOf(database)).toEqual(["202601010900 applied 1", "202601020900 applied 1"]);
    expect(
      await database.query(
        `
          SELECT from_version, to_version, versions, reason,
                 backup_id = $1 AS safety, from_backup = $2 AS backup
            FROM holdfast.rollbacks
        `,
        [output(outcome, "backup"), backup],
      ),
    ).toEqual([
      {
        from_version: "202601030900",
        to_version: "202601020900",
        versions: ["202601030900"],
        safety: true,
        backup: true,
        reason: "small orders are gone",
      },
    ]);
    const status = await runMigrateStatus(
      { database: secret(database.adminUrl), migrations: folder.path },
      testPorts(),
    );
    expect([output(status, "pending"), output(status, "drift")]).toMatchObject([["202601030900"], false]);
    expect(await migrate(database, folder, { confirm: database.name })).toMatchObject({ exit: 0 });
    // And forward again, by a backup that has what was taken back since.
    const later = String((await vault.backup(database.adminUrl, {})).outputs["id"]);
    expect((await back({})).exit).toBe(0);
    expect((await back({ fromBackup: later })).report.headline).toMatch(
      /it is at version 202601030900, with 1 migration taken back since$/,
    );
  });

  it("names what really goes of what was taken over since, by the other tool's own table", async () => {
    const sql = `
      CREATE TABLE t (id int);
      CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY);
      INSERT INTO schema_migrations VALUES ('20260101090000');
    `;
    await using taken = await createDatabase({ owner: "postgres", sql });
    await using files = migrationsFolder({
      "20260101090000_t.sql": "CREATE TABLE t (id int);\n",
      "20260102090000_u.sql": "CREATE TABLE u (id int);\n",
    });
    const before = String((await vault.backup(taken.adminUrl, {})).outputs["id"]);
    await taken.query("CREATE TABLE u (id int); INSERT INTO schema_migrations VALUES ('20260102090000')");
    expect(output(await migrate(taken, files, { adopt: "dbmate" }), "adopted")).toHaveLength(2);
    const ports = testPorts();
    const given = rollbackInputs(taken, {
      fromBackup: before,
      store: vault.url,
      identity: secret(vault.identity),
    });
    const run = (inputs: Partial<MigrateRollbackInputs>): Promise<Outcome> => {
      const all = { ...given, ...inputs };
      return runMigrateRollback(all, ports, {
        ...noBackups,
        restore: (dry) => restoreInto(all, dry, ports),
      });
    };
    expect((await run({ dryRun: true })).report.notes[1]).toBe(
      "taken over since: 20260101090000_t.sql, 20260102090000_u.sql; whether the backup has them its own " +
        "table of dbmate says",
    );
    const outcome = await run({});
    expect([outcome.exit, output(outcome, "rolled-back")]).toEqual([0, ["20260102090000"]]);
    expect(await taken.query("SELECT versions, done FROM holdfast.rollbacks")).toEqual([
      { versions: ["20260102090000"], done: ["20260102090000"] },
    ]);
    // And what the tool applies after that counts.
    await taken.query("CREATE TABLE u (id int); INSERT INTO schema_migrations VALUES ('20260102090000')");
    expect(output(await migrate(taken, files, { adopt: "dbmate" }), "adopted")).toHaveLength(2);
  });
});
