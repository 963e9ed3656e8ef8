import { describe, expect, it } from "@jest/globals";
import { runMigrateRollback } from "../../../src/schema/rollback/run.ts";
import { FaultyDatabases, type DatabaseFault } from "../../fakes/faulty-database.ts";
import { createDatabase } from "../../support/postgres.ts";
import { sampled } from "../../support/sampling.ts";
import { testPorts } from "../../support/test-ports.ts";
import {
  historyOf,
  migrate,
  migrationsFolder,
  noBackups,
  rollbackInputs,
  type MigratedDatabase,
} from "../support.ts";
import { testInTurn } from "../../support/cases-in-turn.ts";

/** One that stays, one whose rollback is a transaction, one whose rollback none may hold. */
const FILES = {
  "20260101090000_stays.sql": "CREATE TABLE a (id int PRIMARY KEY);\n",
  "20260102090000_whole.sql": "CREATE TABLE b (id int);\n",
  "20260102090000_whole_rollback.sql": "DROP TABLE b;\n",
  "20260103090000_alone.sql": "ALTER TABLE a ADD COLUMN n int;\nCREATE INDEX CONCURRENTLY a_n ON a (n);\n",
  "20260103090000_alone_rollback.sql":
    "DROP INDEX CONCURRENTLY a_n;\nALTER TABLE a DROP COLUMN n;\nINSERT INTO a VALUES (1);\n",
};

async function rollback(database: MigratedDatabase, faults: FaultyDatabases): Promise<number | undefined> {
  const ports = testPorts({ database: (one) => faults.around(one) });
  const inputs = { to: "20260101090000", allowUnproved: true, wait: 20_000 };
  return await runMigrateRollback(rollbackInputs(database, inputs), ports, noBackups).then(
    ({ exit }) => exit,
    () => undefined,
  );
}

/** Without scripts on record nothing is proved, which is not what is looked at here and takes long. */
async function migrated(): Promise<MigratedDatabase> {
  await using folder = migrationsFolder(FILES);
  const database = await createDatabase({ owner: "postgres" });
  expect(await migrate(database, folder)).toMatchObject({ exit: 0 });
  await database.query("UPDATE holdfast.migrations SET forward = NULL");
  return database;
}

async function expectBack(database: MigratedDatabase): Promise<void> {
  expect(await historyOf(database)).toEqual(["20260101090000 applied 1"]);
  expect(
    await database.query("SELECT to_jsonb(a) AS a, to_regclass('b') AS b, to_regclass('a_n') AS i FROM a"),
  ).toEqual([{ a: { id: 1 }, b: null, i: null }]);
}

/** An ended record says neither more nor less than what is gone. */
async function expectTrueRecords(database: MigratedDatabase): Promise<void> {
  const records = await database.query(`
    SELECT done, (SELECT array_agg(version ORDER BY version DESC)
                    FROM unnest(versions) AS version
                   WHERE version NOT IN (SELECT version FROM holdfast.migrations)) AS gone
      FROM holdfast.rollbacks
     WHERE ended_at IS NOT NULL
  `);
  for (const { done, gone } of records as { done: string[]; gone: string[] | null }[]) {
    expect(done).toEqual(gone ?? []);
  }
}

async function killedEverywhere(how: DatabaseFault["how"]): Promise<void> {
  const events = await (async (): Promise<readonly number[]> => {
    await using database = await migrated();
    const faults = new FaultyDatabases({ failAt: 0, how });
    expect(await rollback(database, faults)).toBe(0);
    await expectBack(database);
    const begun = faults.log.findIndex((what) => what.startsWith("INSERT INTO holdfast.rollbacks"));
    return faults.log.flatMap((what, at) => (at < begun || /^SELECT\b/.test(what) ? [] : [at + 1]));
  })();
  expect(events.length).toBeGreaterThan(20);
  for (const at of sampled(`a rollback killed, ${how}`, events, { every: 16 })) {
    await using database = await migrated();
    const faults = new FaultyDatabases({ failAt: at, how });
    await rollback(database, faults);
    expect(faults.failures).toBe(1);
    await expectTrueRecords(database);
    expect([faults.log.at(-1), await rollback(database, new FaultyDatabases({ failAt: 0, how }))]).toEqual([
      faults.log.at(-1),
      0,
    ]);
    await expectBack(database);
  }
}

it("takes nothing for its own that another run has done since the lease was lost", async () => {
  await using database = await migrated();
  const ports = testPorts({
    database: (one) => ({
      address: one.address,
      connect: async (options) => {
        const session = await one.connect(options);
        const execute = session.execute.bind(session);
        session.execute = async (sql) => {
          // Another run has taken over, and is through with it before this one writes it down.
          if (sql === "DROP TABLE b") {
            await database.query(
              "DELETE FROM holdfast.lease; DELETE FROM holdfast.migrations WHERE name ~ 'whole'",
            );
          }
          return await execute(sql);
        };
        return session;
      },
    }),
  });
  const inputs = { to: "20260101090000", allowUnproved: true };
  const outcome = await runMigrateRollback(rollbackInputs(database, inputs), ports, noBackups);
  expect([outcome.exit, outcome.outputs["rolled-back"]]).toEqual([6, ["20260103090000"]]);
});

const inTurn = testInTurn("ways in which a rollback is killed", 2);

describe("a rollback that is killed", () => {
  inTurn(
    "converges, and its record is true, wherever the connection was cut",
    () => killedEverywhere("lost"),
    600_000,
  );
  inTurn(
    "converges, and its record is true, when the server did what it was told and the answer was lost",
    () => killedEverywhere("answer-lost"),
    600_000,
  );
});
