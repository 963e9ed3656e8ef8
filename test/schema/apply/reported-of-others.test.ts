import { describe, expect } from "@jest/globals";
import fc from "fast-check";
import { isHoldfastError } from "../../../src/kernel/errors.ts";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import { compareKeys } from "../../../src/nouns/migration-files/version.ts";
import { positionOf } from "../../../src/schema/history/position.ts";
import type { MigrateRollbackInputs } from "../../../src/schema/rollback/request.ts";
import { runMigrateRollback } from "../../../src/schema/rollback/run.ts";
import { runMigrateStatus } from "../../../src/schema/status/run.ts";
import { createDatabase, type TestDatabase } from "../../support/postgres.ts";
import { secret, testPorts } from "../../support/test-ports.ts";
import {
  historyOf,
  migrate,
  migrationsFolder,
  noBackups,
  output,
  rollbackInputs,
  type MigrationsFolder,
} from "../support.ts";
import { testInTurn } from "../../support/cases-in-turn.ts";

/** Situations out of public reports about other tools that migrate databases. */

const said = async (work: Promise<Outcome>): Promise<string> => {
  try {
    const { exit, report } = await work;
    return [String(exit), report.headline, ...report.notes].join(" ");
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return [String(error.exitCode), error.code, error.message, error.hint].join(" ");
  }
};

const back = (database: TestDatabase, inputs: Partial<MigrateRollbackInputs>): Promise<Outcome> =>
  runMigrateRollback(rollbackInputs(database, inputs), testPorts(), noBackups);

const status = (database: TestDatabase, folder: MigrationsFolder): Promise<Outcome> =>
  runMigrateStatus({ database: secret(database.adminUrl), migrations: folder.path }, testPorts());

const empty = (): Promise<TestDatabase> => createDatabase({ owner: "postgres" });

const inTurn = testInTurn("reported of other tools", 3);

describe("versions with several parts (flyway#1274, ebean#1639)", () => {
  inTurn("have one order in the folder, the history and the way back", async () => {
    await using database = await empty();
    await using folder = migrationsFolder({
      "V1.9__base.sql": "CREATE TABLE base (id int);\n",
      "U1.9__base.sql": "DROP TABLE base;\n",
      "V1.10__ten.sql": "CREATE TABLE ten (id int PRIMARY KEY);\n",
      "U1.10__ten.sql": "DROP TABLE ten;\n",
      "V2__two.sql": "CREATE TABLE two (id int REFERENCES ten);\n",
      "U2__two.sql": "DROP TABLE two;\n",
    });
    expect((await migrate(database, folder)).exit).toBe(0);
    expect(await historyOf(database)).toEqual(["1.9 applied 1", "1.10 applied 1", "2 applied 1"]);
    expect(await said(status(database, folder))).toMatch(/^0 .* is at version 2: 3 migrations applied/);
    expect((await back(database, { to: "1.9", migrations: folder.path })).exit).toBe(0);
    expect(await historyOf(database)).toEqual(["1.9 applied 1"]);
  });

  inTurn("are placed as they are compared", () => {
    const part = fc.bigInt({ min: 0n, max: 10n ** 17n });
    const key = fc.array(part, { minLength: 1, maxLength: 4 });
    const asNumber = (text: string): string => {
      const [whole = "", more = ""] = text.split(".");
      return `${whole.padStart(20, "0")}.${more.padEnd(60, "0")}`;
    };
    fc.assert(
      fc.property(key, key, (one, other) => {
        const [a, b] = [asNumber(positionOf(one)), asNumber(positionOf(other))];
        expect(Math.sign(a < b ? -1 : a > b ? 1 : 0)).toBe(compareKeys(one, other));
      }),
    );
  });
});

describe("one file with both directions (kortix#3647, dbmate#820)", () => {
  inTurn("of node-pg-migrate is two scripts", async () => {
    await using database = await empty();
    await using folder = migrationsFolder({
      "1_a.sql": "-- Up Migration\nCREATE TABLE a (id int);\n\n-- Down Migration\nDROP TABLE a;\n",
    });
    expect((await migrate(database, folder)).exit).toBe(0);
    expect(await database.query("SELECT to_regclass('a')::text AS a")).toEqual([{ a: "a" }]);
    expect((await back(database, { to: "nothing" })).exit).toBe(0);
  });

  inTurn("with several parts of one direction is refused: only the last would be carried out", async () => {
    await using database = await empty();
    const part = (name: string): string =>
      `-- migrate:up\nCREATE TABLE ${name} ();\n-- migrate:down\nDROP TABLE ${name};\n`;
    await using folder = migrationsFolder({ "1_a.sql": `${part("a")}${part("b")}` });
    expect(await said(migrate(database, folder))).toMatch(
      /^7 refused\.unsafe .*1_a\.sql has several parts that are marked up/,
    );
  });
});

describe("a file that is carried out step by step and fails at once (golang-migrate#282)", () => {
  const FILES = {
    "1_a.sql": "CREATE TABLE a (id int);\nINSERT INTO a VALUES (1), (1);\n",
    "1_a_rollback.sql": "DROP TABLE a;\n",
    "2_b.sql": "CREATE UNIQUE INDEX CONCURRENTLY a_u ON a (id);\n",
    "2_b_rollback.sql": "DROP INDEX CONCURRENTLY a_u;\n",
  };

  inTurn("keeps nobody from going back, because nothing of it has happened", async () => {
    await using database = await empty();
    await using folder = migrationsFolder(FILES);
    expect((await migrate(database, folder)).exit).toBe(4);
    expect((await back(database, { to: "nothing", migrations: folder.path })).exit).toBe(0);
    expect(await database.query("SELECT to_regclass('a')::text AS a")).toEqual([{ a: null }]);
  });

  inTurn("is told as begun where its file is gone", async () => {
    await using database = await empty();
    await using folder = migrationsFolder(FILES);
    await migrate(database, folder);
    await using older = migrationsFolder({ "1_a.sql": FILES["1_a.sql"] });
    expect(await said(migrate(database, older))).toMatch(
      /version 2 \(2_b\.sql\) is begun, 0 statements of it done, and not in this checkout: put its file back/,
    );
    expect(output(await status(database, older), "missing")).toEqual([]);
  });
});

inTurn("a transaction that is left open is refused, as the dry run says (supabase/cli#5047)", async () => {
  await using database = await empty();
  await using folder = migrationsFolder({
    "1_a.sql": "CREATE TABLE a (id int);\nCOMMIT;\nBEGIN;\nINSERT INTO a VALUES (1);\n",
  });
  expect(await said(migrate(database, folder))).toMatch(/^7 refused\.unsafe 1_a\.sql:3 begins a transaction/);
  folder.write({ "1_a.sql": "CREATE TABLE a (id int);\nBEGIN;\nCOMMIT AND CHAIN;\nROLLBACK;\n" });
  expect((await migrate(database, folder)).exit).toBe(0);
});

inTurn("a role that a script only becomes is on the private server too (supabase/cli#6246)", async () => {
  await using database = await empty();
  const role = `${database.name}_becomes`;
  await database.query(`CREATE ROLE ${role}; GRANT CREATE ON SCHEMA public TO ${role}`);
  await using folder = migrationsFolder({
    "1_a.sql": `GRANT CREATE ON SCHEMA public TO ${role};\n`,
    "1_a_rollback.sql": "SELECT 1;\n",
    "2_b.sql": `SET ROLE ${role};\nCREATE TABLE owned (id int);\n`,
    "2_b_rollback.sql": `SET ROLE ${role};\nDROP TABLE owned;\n`,
  });
  expect((await migrate(database, folder, { dryRun: true })).exit).toBe(0);
  expect((await migrate(database, folder)).exit).toBe(0);
  expect((await back(database, { to: "1", migrations: folder.path })).exit).toBe(0);
  await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
});

describe("a folder with nothing to apply (goose, sql-migrate, a wrong path)", () => {
  inTurn("is no success", async () => {
    await using database = await empty();
    await using folder = migrationsFolder({ "00001_a.sql": "-- +goose Up\nCREATE TABLE a ();\n" });
    for (const run of [() => migrate(database, folder), () => status(database, folder)]) {
      expect(await said(run())).toMatch(
        /^2 source\.missing .* holds no migrations that can be read: 00001_a/,
      );
    }
  });

  inTurn("is told by the name of each file that is not read", async () => {
    await using database = await empty();
    await using folder = migrationsFolder({ "V1__a.sql": "SELECT 1;\n", "R__v.sql": "SELECT 2;\n" });
    expect(await said(migrate(database, folder))).toMatch(/^0 .* R__v\.sql is not read: it is a repeatable/);
    expect(await said(migrate(database, folder, { to: "99" }))).toMatch(/^2 input\.malformed to is '99'/);
  });
});

describe("a way back", () => {
  inTurn("names rows and values that its scripts take away of what stays", async () => {
    await using database = await empty();
    await using folder = migrationsFolder({
      "1_a.sql": "CREATE TABLE t (id int, s text);\n",
      "2_b.sql": "INSERT INTO t VALUES (7, 'seven');\n",
      "2_b_rollback.sql": "DELETE FROM t WHERE id = 7;\nALTER TABLE t ALTER s TYPE text USING left(s, 2);\n",
    });
    await migrate(database, folder);
    const plan = await back(database, { to: "1", dryRun: true, migrations: folder.path });
    expect(output(plan, "losses")).toEqual([
      { object: "rows of t", rows: null },
      { object: "values of t.s", rows: null },
    ]);
    expect(plan.report.notes).toContain("rows of t are changed or deleted by its script");
  });

  inTurn("on which a column comes last is no alarm: nobody can put it back in its place", async () => {
    await using database = await empty();
    await using folder = migrationsFolder({
      "1_a.sql": "CREATE TABLE a (x int, y int);\n",
      "1_a_rollback.sql": "DROP TABLE a;\n",
      "2_b.sql": "ALTER TABLE a DROP COLUMN x;\n",
      "2_b_rollback.sql": "ALTER TABLE a ADD COLUMN x int;\n",
    });
    await migrate(database, folder, { confirm: database.name });
    const outcome = await back(database, { to: "1", migrations: folder.path });
    expect([outcome.exit, output(outcome, "restored")]).toEqual([0, null]);
    expect(outcome.report.headline).toMatch(/it is at 1; columns stand in another order, as the proof/);
    expect((await status(database, folder)).exit).toBe(0);
  });

  inTurn("that is refused at its first script says that nothing was taken back", async () => {
    await using database = await empty();
    await using folder = migrationsFolder({
      "1_a.sql": "CREATE TABLE a (id int);\n",
      "1_a_rollback.sql": "DROP TABLE a;\n",
    });
    await migrate(database, folder);
    await database.query("CREATE VIEW v AS SELECT * FROM a");
    expect(await said(back(database, { to: "nothing", migrations: folder.path }))).toMatch(
      /^4 .*nothing of that script has happened; none was taken back before it, and the .* is at version 1/,
    );
  });
});

inTurn("a procedure that commits, in a file that says so, is proved as applied (dbmate#139)", async () => {
  await using database = await empty();
  await using folder = migrationsFolder({
    "1_a.sql":
      "CREATE TABLE t (v int);\nCREATE PROCEDURE fill() LANGUAGE plpgsql AS $$ BEGIN\n" +
      "INSERT INTO t VALUES (1); COMMIT; INSERT INTO t VALUES (2); END $$;\n",
    "1_a_rollback.sql": "DROP PROCEDURE fill;\nDROP TABLE t;\n",
    "2_b.sql": "-- migrate:up transaction:false\nCALL fill();\n-- migrate:down\nDELETE FROM t WHERE v < 3;\n",
  });
  expect((await migrate(database, folder)).exit).toBe(0);
  const plan = await back(database, { to: "1", dryRun: true, migrations: folder.path });
  expect(plan.report.headline).toMatch(/1 migration of .* would be taken back/);
});

inTurn("a run that waited for another one tells what that one has done (flyway#1654)", async () => {
  await using database = await empty();
  await using folder = migrationsFolder({
    "1_a.sql": "SELECT pg_sleep(1);\n",
    "2_b.sql": "CREATE TABLE b ();\n",
  });
  const both = await Promise.all([1, 2].map(() => migrate(database, folder, { wait: 30_000 })));
  expect(
    both.map((outcome) => [outcome.exit, output(outcome, "version"), output(outcome, "pending")]),
  ).toEqual([
    [0, "2", []],
    [0, "2", []],
  ]);
});
