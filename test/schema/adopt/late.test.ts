import { describe, expect, it } from "@jest/globals";
import { runMigrateStatus } from "../../../src/schema/status/run.ts";
import { createDatabase } from "../../support/postgres.ts";
import { secret, testPorts } from "../../support/test-ports.ts";
import { historyOf, migrate, migrationsFolder, output } from "../support.ts";

const DBMATE = "CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY);";

describe("a version that another tool has applied before an applied one", () => {
  it("is taken over, is not told as late, and is no drift afterwards", async () => {
    await using database = await createDatabase({ owner: "postgres" });
    const [first, third] = ["CREATE TABLE t1 ();", "CREATE TABLE t3 ();"];
    await using folder = migrationsFolder({ "1_t1.sql": first, "3_t3.sql": third });
    expect(await migrate(database, folder)).toMatchObject({ exit: 0 });
    const second = "CREATE TABLE t2 ();";
    await database.query(`${second} ${DBMATE} INSERT INTO schema_migrations VALUES ('1'), ('2'), ('3')`);
    folder.write({ "2_t2.sql": second });
    await expect(migrate(database, folder)).rejects.toMatchObject({
      message: expect.stringContaining("dbmate has applied 1 migration") as unknown,
    });
    expect(output(await migrate(database, folder, { adopt: "dbmate" }), "adopted")).toEqual(["2"]);
    const inputs = { database: secret(database.adminUrl), migrations: folder.path };
    const status = await runMigrateStatus(inputs, testPorts());
    expect([status.exit, output(status, "drift"), await historyOf(database)]).toEqual([
      0,
      false,
      ["1 applied 1", "2 applied 0", "3 applied 1"],
    ]);
  });
});

it("a half applied file whose version is spelled in another length is refused by its name", async () => {
  await using database = await createDatabase({ owner: "postgres", sql: "CREATE TABLE c (n int)" });
  const script = "CREATE INDEX CONCURRENTLY one ON c (n); CREATE INDEX CONCURRENTLY two ON c (nothing);";
  await using begun = migrationsFolder({ "202611270900_idx.sql": script });
  expect(await migrate(database, begun)).toMatchObject({ exit: 4 });
  await using renamed = migrationsFolder({ "20261127090000_idx.sql": script });
  await expect(migrate(database, renamed)).rejects.toMatchObject({
    code: "refused.unsafe",
    message: "20261127090000_idx.sql is half applied, as 202611270900_idx.sql",
  });
});
