import { describe, expect, it } from "@jest/globals";
import { runMigrateRollback } from "../../../src/schema/rollback/run.ts";
import { createDatabase } from "../../support/postgres.ts";
import { testPorts } from "../../support/test-ports.ts";
import { migrate, migrationsFolder, noBackups, rollbackInputs } from "../support.ts";

const SUPABASE = `
  CREATE SCHEMA supabase_migrations;
  CREATE TABLE supabase_migrations.schema_migrations (version text PRIMARY KEY, statements text[], name text);
`;
const IN_SUPABASE = "SELECT version FROM supabase_migrations.schema_migrations ORDER BY 1";

describe("Supabase's own table", () => {
  it("keeps its own spelling of a version, and loses it with the rollback", async () => {
    await using database = await createDatabase({
      owner: "postgres",
      sql: `CREATE TABLE p (); ${SUPABASE} INSERT INTO supabase_migrations.schema_migrations
              VALUES ('202611270900', '{}', 'p')`,
    });
    await using folder = migrationsFolder({
      "20261127090000_p.sql": "CREATE TABLE p ();",
      "20261127090000_p_rollback.sql": "DROP TABLE p;",
    });
    expect(await migrate(database, folder, { adopt: "supabase" })).toMatchObject({ exit: 0 });
    expect(await database.query(IN_SUPABASE)).toEqual([{ version: "202611270900" }]);
    const back = rollbackInputs(database, { to: "nothing", migrations: folder.path });
    expect(await runMigrateRollback(back, testPorts(), noBackups)).toMatchObject({ exit: 0 });
    expect(await database.query(IN_SUPABASE)).toEqual([]);
    expect(await migrate(database, folder)).toMatchObject({ exit: 0 });
    expect(await database.query(IN_SUPABASE)).toEqual([{ version: "20261127090000" }]);
  });

  it("is left alone where it is said to be another application's", async () => {
    await using database = await createDatabase({ owner: "postgres", sql: SUPABASE });
    await using folder = migrationsFolder({ "1_a.sql": "CREATE TABLE a ();" });
    expect(await migrate(database, folder, { adopt: "none" })).toMatchObject({ exit: 0 });
    expect(await database.query(IN_SUPABASE)).toEqual([]);
  });
});
