import { describe, expect, it } from "@jest/globals";
import { runMigrateRollback } from "../../../src/schema/rollback/run.ts";
import { runMigrateStatus } from "../../../src/schema/status/run.ts";
import { createDatabase } from "../../support/postgres.ts";
import { secret, testPorts } from "../../support/test-ports.ts";
import { historyOf, migrate, migrationsFolder, noBackups, output, rollbackInputs } from "../support.ts";

const TABLE = { "20241231000000_a.up.sql": "CREATE TABLE a (id int);" };
/** Its month is none, and it needs what comes before it by number. */
const ODD = { "20241812144402_b.up.sql": "CREATE INDEX b ON a (id);" };
const LATER = { "20250101000000_c.up.sql": "CREATE TABLE c (id int);" };

describe("versions that look like a time and are none", () => {
  it("are taken over from golang-migrate, by number, and the next ones follow", async () => {
    await using database = await createDatabase({
      owner: "postgres",
      sql: `${Object.values({ ...TABLE, ...ODD }).join("")}
            CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL);
            INSERT INTO schema_migrations VALUES (20241812144402, false)`,
    });
    await using folder = migrationsFolder({ ...LATER, ...TABLE, ...ODD });
    const adopted = await migrate(database, folder, { adopt: "golang-migrate" });
    expect([adopted.exit, output(adopted, "adopted"), output(adopted, "applied")]).toEqual([
      0,
      ["20241231000000", "20241812144402"],
      ["20250101000000"],
    ]);
    expect(await historyOf(database)).toEqual([
      "20241231000000 applied 0",
      "20241812144402 applied 0",
      "20250101000000 applied 1",
    ]);
  });

  it("keep their place in a history in which they came first", async () => {
    await using database = await createDatabase({ owner: "postgres" });
    const first = {
      "20241812144402_z.sql": "CREATE TABLE z ();",
      "20241812144402_z_rollback.sql": "DROP TABLE z;",
    };
    const second = {
      "20240101000000_a.sql": "CREATE TABLE a ();",
      "20240101000000_a_rollback.sql": "DROP TABLE a;",
    };
    await using folder = migrationsFolder(first);
    expect((await migrate(database, folder)).exit).toBe(0);
    // As histories have it that were written when such versions came before every time.
    await database.query("UPDATE holdfast.migrations SET position = 20241812144402");
    folder.write(second);
    expect((await migrate(database, folder, { allowLate: true })).exit).toBe(0);
    expect(await historyOf(database)).toEqual(["20241812144402 applied 1", "20240101000000 applied 1"]);
    const status = await runMigrateStatus(
      { database: secret(database.adminUrl), migrations: folder.path },
      testPorts(),
    );
    expect([status.exit, output(status, "drift"), output(status, "version")]).toEqual([
      0,
      false,
      "20240101000000",
    ]);
    const back = rollbackInputs(database, { to: "20241812144402", migrations: folder.path });
    expect((await runMigrateRollback(back, testPorts(), noBackups)).exit).toBe(0);
    expect(await historyOf(database)).toEqual(["20241812144402 applied 1"]);
  });

  it("come between their neighbours where those have places of then", async () => {
    await using database = await createDatabase({ owner: "postgres" });
    await using folder = migrationsFolder({
      "20260101120000100_a.sql": "CREATE TABLE a ();",
      "20260101120000300_c.sql": "CREATE TABLE c ();",
    });
    expect((await migrate(database, folder)).exit).toBe(0);
    await database.query("UPDATE holdfast.migrations SET position = version::numeric");
    folder.write({
      "20260101120000200_b.sql": "CREATE TABLE b ();",
      "20260101120000400_d.sql": "CREATE TABLE d ();",
    });
    expect((await migrate(database, folder, { allowLate: true })).exit).toBe(0);
    expect((await historyOf(database)).map((line) => line.slice(14, 17))).toEqual([
      "100",
      "200",
      "300",
      "400",
    ]);
  });
});
