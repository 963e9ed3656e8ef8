import { describe, expect, it } from "@jest/globals";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import { runMigrateRollback } from "../../../src/schema/rollback/run.ts";
import { createDatabase, type TestDatabase } from "../../support/postgres.ts";
import { testPorts } from "../../support/test-ports.ts";
import {
  historyOf,
  migrate,
  migrationsFolder,
  noBackups,
  rollbackInputs,
  type MigrationsFolder,
} from "../support.ts";
import { casesInTurn } from "../../support/sampling.ts";

const FIRST = {
  "1_t.sql": "CREATE TABLE pay (n int); CREATE TABLE c (id int); INSERT INTO c VALUES (1), (1);\n",
};
const FORWARD = "2_i.sql";
const BACK = "2_i_rollback.sql";
const REFUSED = "INSERT INTO pay VALUES (100);\nCREATE UNIQUE INDEX CONCURRENTLY cu ON c (id);\n";

async function back(database: TestDatabase, folder: MigrationsFolder): Promise<Outcome> {
  const inputs = { to: "1", migrations: folder.path, allowUnproved: true };
  return await runMigrateRollback(rollbackInputs(database, inputs), testPorts(), noBackups);
}

const paid = (database: TestDatabase): Promise<unknown> => database.query("SELECT n FROM pay");

describe("a file that stopped in the middle", () => {
  it.each(
    casesInTurn(
      "files that are mended halfway",
      [
        ["one transaction", "INSERT INTO pay VALUES (100);\nCREATE INDEX cu ON c (id);\n"],
        ["one of its own", "BEGIN;\nINSERT INTO pay VALUES (100);\nCREATE INDEX cu ON c (id);\nCOMMIT;\n"],
        [
          "one around what is done and more",
          "INSERT INTO pay VALUES (100);\nBEGIN;\nCREATE INDEX cu ON c (id);\nCOMMIT;\nSELECT 1;\n",
        ],
      ],
      { every: 3 },
    ),
  )("does nothing twice when it was mended into %s", async (_, mended) => {
    await using database = await createDatabase({ owner: "postgres" });
    await using folder = migrationsFolder({ ...FIRST, [FORWARD]: REFUSED });
    expect((await migrate(database, folder)).exit).toBe(4);
    folder.write({ [FORWARD]: mended });
    expect((await migrate(database, folder)).exit).toBe(0);
    expect(await paid(database)).toEqual([{ n: 100 }]);
  });

  it("sets its session up again as its done part had", async () => {
    await using database = await createDatabase({ owner: "postgres" });
    const set = "SET search_path = app, public;\n";
    await using folder = migrationsFolder({
      "1_t.sql": "CREATE SCHEMA app; CREATE TABLE c (id int); INSERT INTO c VALUES (1), (1);\n",
      [FORWARD]: `${set}CREATE UNIQUE INDEX CONCURRENTLY cu ON c (id);\n`,
    });
    expect((await migrate(database, folder)).exit).toBe(4);
    folder.write({ [FORWARD]: `${set}CREATE TABLE there ();\n` });
    expect((await migrate(database, folder)).exit).toBe(0);
    expect(await database.query("SELECT to_regclass('app.there')::text AS there")).toEqual([
      { there: "app.there" },
    ]);
  });

  it("is taken back to what the schema was before its first statement", async () => {
    await using database = await createDatabase({ owner: "postgres" });
    await using folder = migrationsFolder({
      ...FIRST,
      [FORWARD]: "CREATE INDEX CONCURRENTLY ci ON c (id);\nCREATE UNIQUE INDEX CONCURRENTLY cu ON c (id);\n",
      [BACK]: "DROP INDEX CONCURRENTLY cu;\nDROP INDEX CONCURRENTLY ci;\n",
    });
    expect((await migrate(database, folder)).exit).toBe(4);
    await database.query("DELETE FROM c");
    expect((await migrate(database, folder)).exit).toBe(0);
    expect(await back(database, folder)).toMatchObject({ exit: 0, outputs: { restored: true } });
  });
});

describe("a rollback that stopped in the middle", () => {
  async function stopped(script: string): Promise<readonly [TestDatabase, MigrationsFolder]> {
    const database = await createDatabase({ owner: "postgres" });
    const folder = migrationsFolder({
      ...FIRST,
      [FORWARD]: "CREATE INDEX ci ON c (id); CREATE INDEX cu ON c (id);\n",
      [BACK]: script,
    });
    expect((await migrate(database, folder)).exit).toBe(0);
    expect((await back(database, folder)).exit).toBe(4);
    expect((await historyOf(database))[1]).toBe("2 rolling-back 1");
    return [database, folder];
  }

  it("does nothing twice when it was mended into one transaction", async () => {
    const [database, folder] = await stopped(
      "INSERT INTO pay VALUES (100);\nDROP INDEX CONCURRENTLY nope;\n",
    );
    folder.write({ [BACK]: "INSERT INTO pay VALUES (100);\nDROP INDEX cu;\nDROP INDEX ci;\n" });
    expect(await back(database, folder)).toMatchObject({ exit: 0, outputs: { restored: true } });
    expect(await paid(database)).toEqual([{ n: 100 }]);
    await Promise.all([database[Symbol.asyncDispose](), folder[Symbol.asyncDispose]()]);
  });

  it("keeps its tool's mark for whoever goes on with it", async () => {
    await using database = await createDatabase({ owner: "postgres" });
    const down = "INSERT INTO pay VALUES (100);\nSELECT 1 / 0;\n";
    await using folder = migrationsFolder({
      ...FIRST,
      [FORWARD]: `-- migrate:up\nSELECT 1;\n-- migrate:down\n${down}`,
    });
    expect((await migrate(database, folder)).exit).toBe(0);
    folder.write({ [FORWARD]: `-- migrate:up\nSELECT 1;\n-- migrate:down transaction:false\n${down}` });
    expect((await back(database, folder)).exit).toBe(4);
    expect(
      await database.query(
        "SELECT state, steps, without_transaction FROM holdfast.migrations WHERE version = '2'",
      ),
    ).toEqual([{ state: "rolling-back", steps: 1, without_transaction: ["rollback"] }]);
  });

  it("is not gone on with in a script that begins otherwise", async () => {
    const [database, folder] = await stopped("DROP INDEX CONCURRENTLY cu;\nDROP INDEX CONCURRENTLY nope;\n");
    folder.write({ [BACK]: "DROP INDEX CONCURRENTLY ci;\nDROP INDEX CONCURRENTLY cu;\n" });
    await expect(back(database, folder)).rejects.toMatchObject({
      code: "refused.unsafe",
      message: "2_i.sql is half taken back, and was changed in what is done already: its first 1 statement",
    });
    folder.write({ [BACK]: "DROP INDEX CONCURRENTLY cu;\nDROP INDEX CONCURRENTLY ci;\n" });
    expect(await back(database, folder)).toMatchObject({ exit: 0, outputs: { restored: true } });
    await Promise.all([database[Symbol.asyncDispose](), folder[Symbol.asyncDispose]()]);
  });
});

it("stops between two of a file's statements, and nothing of it has happened", async () => {
  await using database = await createDatabase({ owner: "postgres" });
  const inserts = "INSERT INTO pay VALUES (1);\n".repeat(300);
  await using folder = migrationsFolder({ ...FIRST, "2_big.sql": `${inserts}SELECT 'last';\n` });
  const stop = new AbortController();
  let statements = 0;
  const ports = testPorts({
    cancelled: stop.signal,
    database: (one) => ({
      address: one.address,
      connect: async (options) => {
        const session = await one.connect(options);
        const execute = session.execute.bind(session);
        session.execute = async (sql) => {
          const answer = await execute(sql);
          // No statement is running, so there is nothing for the server to cancel.
          if (sql.startsWith("INSERT INTO pay") && (statements += 1) === 150) {
            stop.abort(new HoldfastError("run.cancelled", "the run was cancelled"));
          }
          return answer;
        };
        return session;
      },
    }),
  });
  expect(await migrate(database, folder, {}, ports)).toMatchObject({ exit: 4, outputs: { applied: ["1"] } });
  expect(statements).toBe(150);
  expect(await paid(database)).toEqual([]);
  expect(await historyOf(database)).toEqual(["1 applied 3"]);
});

it("a file that deletes its own row of the history is told so, and not as another run's doing", async () => {
  await using database = await createDatabase({ owner: "postgres" });
  await using folder = migrationsFolder({
    "1_t.sql": "CREATE TABLE t ();\n",
    "2_gone.sql": "VACUUM t;\nDELETE FROM holdfast.migrations WHERE version = '2';\n",
  });
  const { exit, report } = await migrate(database, folder);
  expect([exit, report.headline]).toEqual([
    4,
    "2_gone.sql was not applied to its end: the history has no row of 2_gone.sql any more, which had begun",
  ]);
  expect(report.notes.at(-1)).toContain("Something deletes from holdfast.migrations");
});

it("a limit that no server can keep is the longest that one can", async () => {
  await using database = await createDatabase({ owner: "postgres" });
  await using folder = migrationsFolder({ "1_t.sql": "CREATE TABLE t ();\n", "2_v.sql": "VACUUM t;\n" });
  const month = 30 * 86_400_000;
  const outcome = await migrate(database, folder, { lockTimeout: month, statementTimeout: month });
  expect([outcome.exit, await historyOf(database)]).toEqual([0, ["1 applied 1", "2 applied 1"]]);
});
