import { expect, it } from "@jest/globals";
import { postgresDatabase } from "../../../src/adapters/postgres/database.ts";
import { parseDatabaseUrl } from "../../../src/postgres/database-url.ts";
import type { Database, DatabaseSession } from "../../../src/ports/database.ts";
import type { Ports } from "../../../src/ports/ports.ts";
import { runMigrateRollback } from "../../../src/schema/rollback/run.ts";
import { runMigrateStatus } from "../../../src/schema/status/run.ts";
import { createDatabase } from "../../support/postgres.ts";
import { secret, testPorts } from "../../support/test-ports.ts";
import { migrate, migrationsFolder, noBackups, output, rollbackInputs } from "../support.ts";

/** Ports whose sessions let something happen once they have read the history. */
function portsWith(meanwhile: () => Promise<unknown>): Ports {
  const ports = testPorts();
  let hasHappened = false;
  const noticing = (session: DatabaseSession): DatabaseSession => {
    const query = session.query.bind(session);
    const value = async (sql: string, values?: readonly unknown[]): Promise<unknown> => {
      const rows = await query(sql, values);
      if (!hasHappened && /FROM holdfast\.migrations\s+ORDER BY/.test(sql)) {
        hasHappened = true;
        await meanwhile();
      }
      return rows;
    };
    return Object.defineProperty(session, "query", { value });
  };
  const openDatabase = async (...given: Parameters<Ports["openDatabase"]>): Promise<Database> => {
    const database = await ports.openDatabase(...given);
    return {
      address: database.address,
      connect: async (options) => noticing(await database.connect(options)),
    };
  };
  return { ...ports, openDatabase };
}

it("what is committed while migrate-status looks is in all of its answer, or in none of it", async () => {
  await using database = await createDatabase({ owner: "postgres" });
  await using folder = migrationsFolder({ "1_a.sql": "CREATE TABLE a ();" });
  await migrate(database, folder);
  folder.write({ "2_b.sql": "CREATE TABLE b ();" });
  const inputs = { database: secret(database.adminUrl), migrations: folder.path };
  const beside = await runMigrateStatus(
    inputs,
    portsWith(() => migrate(database, folder)),
  );
  expect([beside.exit, output(beside, "version"), output(beside, "drift")]).toEqual([0, "1", false]);
  const after = await runMigrateStatus(inputs, testPorts());
  expect([after.exit, output(after, "version"), output(after, "drift")]).toEqual([0, "2", false]);
});

it("a half applied file that the checkout has not is a row of its own", async () => {
  await using database = await createDatabase({ owner: "postgres", sql: "CREATE TABLE c (n int)" });
  const script = "CREATE INDEX CONCURRENTLY one ON c (n); CREATE INDEX CONCURRENTLY two ON c (nothing);";
  await using begun = migrationsFolder({ "2_idx.sql": script });
  expect(await migrate(database, begun)).toMatchObject({ exit: 4 });
  await using without = migrationsFolder({ "1_other.sql": "SELECT 1;" });
  const inputs = { database: secret(database.adminUrl), migrations: without.path };
  const { exit, report } = await runMigrateStatus(inputs, testPorts());
  expect([exit, report.tables[0]!.rows.map(([file, state]) => `${file}: ${state}`)]).toEqual([
    3,
    ["2_idx.sql: half applied: 1 statement done, not in this checkout", "1_other.sql: pending"],
  ]);
  const back = rollbackInputs(database, { to: "nothing", migrations: without.path });
  await expect(runMigrateRollback(back, testPorts(), noBackups)).rejects.toMatchObject({
    message: "2_idx.sql is half applied: 1 statement done",
  });
  // The same version in another length is the same version.
  await using renamed = migrationsFolder({ "2026112709_idx.sql": script });
  await using spelled = migrationsFolder({ "202611270900_idx.sql": script });
  await using other = await createDatabase({ owner: "postgres", sql: "CREATE TABLE c (n int)" });
  expect(await migrate(other, renamed)).toMatchObject({ exit: 4 });
  const told = await runMigrateStatus(
    { database: secret(other.adminUrl), migrations: spelled.path },
    testPorts(),
  );
  expect(told.report.tables[0]!.rows.map(([file, state]) => `${file}: ${state}`)).toEqual([
    "202611270900_idx.sql: half applied: 1 statement done",
  ]);
});

it("a lock that keeps everybody out of the history is told, and not waited for without an end", async () => {
  await using database = await createDatabase({ owner: "postgres" });
  await using folder = migrationsFolder({ "1_a.sql": "CREATE TABLE a ();" });
  await migrate(database, folder);
  const inputs = { database: secret(database.adminUrl), migrations: folder.path };
  const admin = parseDatabaseUrl(database.adminUrl, "database");
  await using holder = await postgresDatabase(admin).connect({ purpose: "test" });
  const locked = {
    code: "database.lock-timeout",
    message: "the history of migrations has been locked by another session for 5 seconds",
  };
  await holder.query("BEGIN");
  await holder.query("LOCK TABLE holdfast.lease");
  folder.write({ "2_b.sql": "CREATE TABLE b ();" });
  const found = expect(migrate(database, folder)).rejects.toMatchObject(locked);
  await using other = await createDatabase({ owner: "postgres" });
  await migrate(other, folder);
  await using held = await postgresDatabase(parseDatabaseUrl(other.adminUrl, "database")).connect({
    purpose: "test",
  });
  await held.query("BEGIN");
  await held.query("LOCK TABLE holdfast.migrations");
  const ofOther = { ...inputs, database: secret(other.adminUrl) };
  await expect(runMigrateStatus(ofOther, testPorts())).rejects.toMatchObject(locked);
  await found;
});

it("a drift that nobody can tell is not called none", async () => {
  await using database = await createDatabase({ owner: "postgres" });
  await using folder = migrationsFolder({ "1_a.sql": "CREATE TABLE a ();" });
  const inputs = { database: secret(database.adminUrl), migrations: folder.path };
  expect(output(await runMigrateStatus(inputs, testPorts()), "drift")).toBe(false);
  await migrate(database, folder);
  // As after a late one whose successors were taken back.
  await database.query("UPDATE holdfast.migrations SET fingerprint_after = NULL");
  const { exit, outputs, report } = await runMigrateStatus(inputs, testPorts());
  expect([exit, outputs["drift"], report.notes.join()]).toEqual([
    0,
    null,
    expect.stringMatching(/^whether the schema has drifted cannot be told: what version 1 left is not on/),
  ]);
});
