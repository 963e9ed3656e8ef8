import { describe, expect } from "@jest/globals";
import { postgresDatabase } from "../../../src/adapters/postgres/database.ts";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import { findBooks } from "../../../src/schema/books/find-books.ts";
import { readMigrations } from "../../../src/nouns/server/migrations.ts";
import { runMigrateRollback } from "../../../src/schema/rollback/run.ts";
import { runMigrateStatus } from "../../../src/schema/status/run.ts";
import { parseDatabaseUrl } from "../../../src/postgres/database-url.ts";
import { createDatabase } from "../../support/postgres.ts";
import { secret, testPorts } from "../../support/test-ports.ts";
import { migrate, migrationsFolder, noBackups, output, rollbackInputs } from "../support.ts";
import { testInTurn } from "../../support/cases-in-turn.ts";

const DBMATE = "CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY);";
const FLYWAY = `
  CREATE TABLE flyway_schema_history (installed_rank integer PRIMARY KEY, version varchar(50),
    description varchar(200), type varchar(20), script varchar(1000), checksum integer, success boolean);
  INSERT INTO flyway_schema_history VALUES
`;

const inTurn = testInTurn("books of other tools", 2);

describe("another tool's table", () => {
  inTurn("is not its own where a column has another type, whatever its rows say", async () => {
    const foreign = `
      CREATE TABLE schema_migrations (version text, dirty boolean);
      INSERT INTO schema_migrations VALUES ('v1.2', false);
      ${FLYWAY} (1, 'base', 'b', 'BASELINE', 'b', 1, true);
      CREATE SCHEMA other; CREATE DOMAIN other.word AS text;
      CREATE TABLE other.schema_migrations (version other.word);
      INSERT INTO other.schema_migrations VALUES ('1')
    `;
    await using database = await createDatabase({ owner: "postgres", sql: foreign });
    await using folder = migrationsFolder({ "1_a.sql": "CREATE TABLE a ();" });
    expect(await migrate(database, folder)).toMatchObject({ exit: 0 });
  });

  inTurn("of Flyway's does not name what was repaired away, and a backup's version agrees", async () => {
    const rows = `
      (1, '1', 'a', 'SQL', 'V1__a.sql', 1, true), (2, '2', 'b', 'SQL', 'V2__b.sql', 1, true),
      (3, '2', 'b', 'DELETE', 'V2__b.sql', 1, true)
    `;
    await using database = await createDatabase({
      owner: "postgres",
      sql: `CREATE TABLE a (); ${FLYWAY}${rows}`,
    });
    const admin = parseDatabaseUrl(database.adminUrl, "database");
    await using session = await postgresDatabase(admin).connect({ purpose: "test" });
    expect((await findBooks(session)).map(({ applied }) => applied.map(({ version }) => version))).toEqual([
      ["1"],
    ]);
    expect((await readMigrations(session))?.version).toMatchObject({ last: "1", count: 1 });
    await using folder = migrationsFolder({ "V1__a.sql": "CREATE TABLE a ();" });
    expect(output(await migrate(database, folder, { adopt: "flyway" }), "adopted")).toEqual(["1"]);
  });
});

describe("what was taken over and taken back since", () => {
  const FILES = {
    "1_price.sql": "CREATE TABLE price (n int);",
    "2_seed.sql": "INSERT INTO price VALUES (7);",
    "2_seed_rollback.sql": "DELETE FROM price;",
  };

  inTurn("is pending, is not claimed by a takeover, and is applied again", async () => {
    await using database = await createDatabase({
      owner: "postgres",
      sql: `${FILES["1_price.sql"]} ${FILES["2_seed.sql"]} ${DBMATE}
        INSERT INTO schema_migrations VALUES ('1'), ('2')`,
    });
    await using folder = migrationsFolder(FILES);
    await migrate(database, folder, { adopt: "dbmate" });
    const back = rollbackInputs(database, { to: "1", migrations: folder.path });
    expect(await runMigrateRollback(back, testPorts(), noBackups)).toMatchObject({ exit: 0 });
    const again = await migrate(database, folder, { adopt: "dbmate" });
    expect([output(again, "adopted"), output(again, "applied")]).toEqual([[], ["2"]]);
    expect(await database.query("SELECT n FROM price")).toEqual([{ n: 7 }]);
  });

  inTurn("is not applied a second time where the other tool has come to name it since", async () => {
    await using database = await createDatabase({ owner: "postgres", sql: DBMATE });
    await using folder = migrationsFolder(FILES);
    await migrate(database, folder);
    const back = rollbackInputs(database, { to: "1", migrations: folder.path });
    expect(await runMigrateRollback(back, testPorts(), noBackups)).toMatchObject({ exit: 0 });
    // What dbmate does: its own word, and what the file does.
    await database.query("INSERT INTO schema_migrations VALUES ('1'), ('2')");
    await database.query(FILES["2_seed.sql"]);
    for (const dryRun of [true, false]) {
      await expect(migrate(database, folder, { dryRun })).rejects.toMatchObject({
        code: "refused.unsafe",
        message: expect.stringContaining("dbmate has applied 1 migration that the history") as unknown,
      });
    }
    expect(output(await migrate(database, folder, { adopt: "dbmate" }), "adopted")).toEqual(["2"]);
    expect(await database.query("SELECT n FROM price")).toEqual([{ n: 7 }]);
  });

  inTurn("is left alone where an earlier version has kept no word of the other tool", async () => {
    await using database = await createDatabase({ owner: "postgres", sql: DBMATE });
    await using folder = migrationsFolder(FILES);
    await migrate(database, folder);
    const back = rollbackInputs(database, { to: "1", migrations: folder.path });
    await runMigrateRollback(back, testPorts(), noBackups);
    await database.query("INSERT INTO schema_migrations VALUES ('2')");
    await database.query("ALTER TABLE holdfast.rollbacks DROP elsewhere");
    await database.query("ALTER TABLE holdfast.format DROP other_schemas");
    expect(output(await migrate(database, folder, { dryRun: true }), "pending")).toEqual(["2"]);
    expect(output(await migrate(database, folder), "applied")).toEqual(["2"]);
    expect(await database.query("SELECT elsewhere FROM holdfast.rollbacks")).toEqual([{ elsewhere: null }]);
  });
});

describe("a database in which another tool went on", () => {
  inTurn("is refused and told though nothing is pending, and so is a table that is not clear", async () => {
    const golang =
      "CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)";
    await using database = await createDatabase({ owner: "postgres", sql: golang });
    await using folder = migrationsFolder({ "1_a.sql": "CREATE TABLE a ();" });
    const inputs = { database: secret(database.adminUrl), migrations: folder.path };
    await migrate(database, folder);
    for (const [row, says] of [
      ["2, false", "golang-migrate has applied 1 migration that the history does not know"],
      ["-1, true", "public.schema_migrations of golang-migrate is not clear: it is dirty at no version"],
    ] as const) {
      await database.query(`TRUNCATE schema_migrations; INSERT INTO schema_migrations VALUES (${row})`);
      await expect(migrate(database, folder)).rejects.toMatchObject({
        code: "refused.unsafe",
        message: expect.stringContaining(says) as unknown,
      });
      const status = await runMigrateStatus(inputs, testPorts());
      expect([status.exit, status.report.notes.join()]).toEqual([3, expect.stringContaining(says)]);
    }
    expect(await migrate(database, folder, { adopt: "none" })).toMatchObject({ exit: 0 });
  });
});

describe("another application beside, with the same tool", () => {
  const FILES = { "1_a.sql": "CREATE TABLE a ();", "2_b.sql": "CREATE TABLE b ();" };
  const OTHER = `
    CREATE SCHEMA old; CREATE TABLE old.schema_migrations (version varchar(128) PRIMARY KEY);
    INSERT INTO old.schema_migrations VALUES ('900'); CREATE TABLE old.theirs ();
  `;

  inTurn("is no hindrance: its table is another one, and its schema is not compared", async () => {
    const ours = `${DBMATE} INSERT INTO schema_migrations VALUES ('1'), ('2');`;
    await using database = await createDatabase({
      owner: "postgres",
      sql: `${Object.values(FILES).join(" ")} ${OTHER} ${ours}`,
    });
    await using folder = migrationsFolder(FILES);
    await expect(migrate(database, folder)).rejects.toMatchObject({
      message: expect.stringMatching(/\(public\.schema_migrations\): 1_a\.sql, 2_b\.sql$/) as unknown,
    });
    const taken = await migrate(database, folder, { adopt: "dbmate" });
    expect([output(taken, "adopted"), taken.report.notes.join()]).toEqual([
      ["1", "2"],
      expect.stringContaining("no file names old, which was not compared"),
    ]);
    folder.write({ "3_c.sql": "CREATE TABLE c ();", "3_c_rollback.sql": "DROP TABLE c;" });
    const planHash = output(await migrate(database, folder, { dryRun: true }), "plan-hash") as string;
    // What it does there is nobody's drift, before and after.
    const status = (): Promise<Outcome> =>
      runMigrateStatus({ database: secret(database.adminUrl), migrations: folder.path }, testPorts());
    await database.query("CREATE TABLE old.more (id int PRIMARY KEY); GRANT SELECT ON old.more TO PUBLIC");
    expect([(await status()).exit, output(await status(), "drift")]).toEqual([0, false]);
    expect(output(await migrate(database, folder, { planHash }), "applied")).toEqual(["3"]);
    await database.query("COMMENT ON TABLE old.more IS 'theirs'; DROP TABLE old.theirs");
    const back = rollbackInputs(database, { to: "2", migrations: folder.path });
    const undone = await runMigrateRollback(back, testPorts(), noBackups);
    expect([undone.exit, output(undone, "restored")]).toEqual([0, true]);
    await database.query("CREATE TABLE public.old (id int)");
    expect(output(await status(), "drifted")).toEqual([
      { object: "table public.old", message: "is in the database, and no migration makes it" },
    ]);
    // One that comes later is drift until somebody says whose it is.
    await database.query("DROP TABLE public.old; CREATE SCHEMA later CREATE TABLE t ()");
    expect(output(await status(), "drift")).toBe(true);
    await database.query("UPDATE holdfast.format SET other_schemas = other_schemas || '{later}'");
    expect([(await status()).exit, output(await status(), "drift")]).toEqual([0, false]);
  });

  inTurn("is compared where a file names its schema, though that one is pending", async () => {
    await using database = await createDatabase({ owner: "postgres", sql: `CREATE TABLE a (); ${OTHER}` });
    await using folder = migrationsFolder({ ...FILES, "2_b.sql": "CREATE SCHEMA old;" });
    await expect(migrate(database, folder, { baseline: "1" })).rejects.toMatchObject({
      message: expect.stringContaining("schema old is in the database") as unknown,
    });
  });
});

inTurn(
  "a repeatable migration that is not carried out is named where the schema is another one",
  async () => {
    await using database = await createDatabase({
      owner: "postgres",
      sql: "CREATE TABLE a (); CREATE VIEW v AS SELECT 1 AS n;",
    });
    await using folder = migrationsFolder({
      "V1__a.sql": "CREATE TABLE a ();",
      "R__view.sql": "CREATE OR REPLACE VIEW v AS SELECT 1 AS n;",
    });
    await expect(migrate(database, folder, { baseline: "1" })).rejects.toMatchObject({
      hint: expect.stringContaining(
        "Not carried out of the folder: R__view.sql is not read: it is a repeatable migration",
      ) as unknown,
    });
  },
);
