import { describe, expect, it } from "@jest/globals";
import { FaultyDatabases, type DatabaseFault } from "../../fakes/faulty-database.ts";
import { createDatabase } from "../../support/postgres.ts";
import { sampled } from "../../support/sampling.ts";
import { testPorts } from "../../support/test-ports.ts";
import { historyOf, migrate, migrationsFolder, type MigratedDatabase } from "../support.ts";
import { testInTurn } from "../../support/cases-in-turn.ts";

/**
 * A migration of each kind: whole, with transactions of its own, with a statement that none may hold
 * between others.
 */
const FILES = {
  "20260101090000_whole.sql": "CREATE TABLE a (id int PRIMARY KEY);\nINSERT INTO a VALUES (1);\n",
  "20260102090000_own.sql":
    "BEGIN;\nCREATE TABLE b (id int);\nCOMMIT;\nINSERT INTO a VALUES (2);\nBEGIN;\nINSERT INTO b VALUES " +
    "(1);\nCOMMIT;\n",
  "20260103090000_alone.sql":
    "SET statement_timeout = '10min';\nALTER TABLE b ADD COLUMN n int;\nCREATE INDEX CONCURRENTLY b_n ON b " +
    "(n);\nINSERT INTO b VALUES (2, 2);\nCREATE INDEX CONCURRENTLY b_id ON b (id);\n",
};

async function run(
  database: MigratedDatabase,
  folder: { readonly path: string },
  fault: DatabaseFault,
): Promise<FaultyDatabases> {
  const faults = new FaultyDatabases(fault);
  const ports = testPorts({ database: (one) => faults.around(one) });
  await migrate(database, folder, {}, ports).catch(() => undefined);
  return faults;
}

/** Everything that the scripts make, once, and nothing that is not valid. */
async function expectDone(database: MigratedDatabase): Promise<void> {
  expect(
    await database.query(
      "SELECT array_agg(id ORDER BY id) AS a, (SELECT array_agg(id ORDER BY id) FROM b) AS b FROM a",
    ),
  ).toEqual([{ a: [1, 2], b: [1, 2] }]);
  expect(
    await database.query(`
      SELECT indexrelid::regclass::text AS index, indisvalid AS valid
        FROM pg_index
       WHERE indrelid = 'b'::regclass
       ORDER BY 1
    `),
  ).toEqual([
    { index: "b_id", valid: true },
    { index: "b_n", valid: true },
  ]);
  expect(await historyOf(database)).toEqual([
    "20260101090000 applied 2",
    "20260102090000 applied 7",
    "20260103090000 applied 5",
  ]);
}

interface Event {
  /** Its number, from 1. */
  readonly at: number;
  /** What it was, by its first word: `INSERT`, `COMMIT`. */
  readonly kind: string;
}

/**
 * Events at which something is changed, begun or ended; what is only read may be cut anywhere with the same
 * effect as its neighbour.
 */
function changing(log: readonly string[]): Event[] {
  return log.flatMap((what, index) =>
    /^(?:SELECT|with)\b/i.test(what) && !what.includes("advisory")
      ? []
      : [{ at: index + 1, kind: what.slice(0, what.search(/\W|$/)) }],
  );
}

/**
 * A lease that a killed run left is taken over from as soon as its session is gone, so the next run
 * never waits long.
 */
async function killedEverywhere(how: DatabaseFault["how"], way: number): Promise<void> {
  await using folder = migrationsFolder(FILES);
  const events = await (async (): Promise<readonly Event[]> => {
    await using database = await createDatabase({ owner: "postgres" });
    const { log } = await run(database, folder, { failAt: 0, how });
    await expectDone(database);
    return changing(log);
  })();
  expect(events.length).toBeGreaterThan(40);
  const thinning = { every: 10, kind: ({ kind }: Event) => kind, share: { way, ways: 2 } };
  const places = sampled(`a migration killed, ${how}`, events, thinning);
  expect(places.length).toBeGreaterThan(4);
  for (const { at } of places) {
    await using database = await createDatabase({ owner: "postgres" });
    const { failures, log } = await run(database, folder, { failAt: at, how });
    expect(failures).toBe(1);
    const outcome = await migrate(database, folder, { wait: 20_000 });
    expect([log.at(-1), outcome.exit, outcome.report.headline]).toEqual([log.at(-1), 0, expect.any(String)]);
    await expectDone(database);
  }
}

it("asks the server few things for a file, and reads the schema once", async () => {
  await using database = await createDatabase({ owner: "postgres" });
  await using folder = migrationsFolder({
    "1_a.sql": "CREATE TABLE a ();\n",
    // Refused, if anything had been looked at in its transaction before.
    "2_b.sql": "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\nCREATE TABLE b ();\n",
  });
  const { log } = await run(database, folder, { failAt: 0, how: "lost" });
  expect(await historyOf(database)).toEqual(["1 applied 1", "2 applied 2"]);
  const [first, second] = log.flatMap((what, at) => (what === "COMMIT" ? [at] : [])).slice(-2);
  const between = log.slice(first! + 1, second);
  // 15 of them read the schema.
  expect(between.length).toBeLessThanOrEqual(27);
  expect(between.filter((what) => what.startsWith("SAVEPOINT holdfast_reading"))).toHaveLength(1);
});

const inTurn = testInTurn("ways in which a migration is killed", 2);

describe("a migration that is killed", () => {
  inTurn(
    "converges when it is run again, wherever the connection was cut",
    () => killedEverywhere("lost", 0),
    600_000,
  );
  inTurn(
    "converges when the server did what it was told, and the answer was lost",
    () => killedEverywhere("answer-lost", 1),
    600_000,
  );
});
