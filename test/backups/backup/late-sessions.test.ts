import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import pg from "pg";
import { setTimeout as delay } from "node:timers/promises";
import { inTheMiddleOf, withQueries } from "../../support/decorators.ts";
import { startCluster, type Cluster, type TestDatabase } from "../../support/postgres.ts";
import { testPorts, type TestPorts } from "../../support/test-ports.ts";
import { eventually } from "../../support/tools.ts";
import { Vault } from "../../support/vault.ts";

/**
 * The sessions of the proof after the first, which count nothing while the dump runs. Tables are large on the
 * disk and small in a dump, so that the proof is never behind, and the others begin when the dump has ended.
 */

const ROWS = "generate_series(1, 200000) AS id; DELETE FROM";
const LOCKS = /^LOCK TABLE/;
const COUNTS = /FROM ONLY/;

let cluster: Cluster;
let database: TestDatabase;
beforeAll(async () => {
  cluster = await startCluster();
  database = await cluster.createDatabase({
    sql: ["a", "b", "c", "d"]
      .map((name) => `CREATE TABLE ${name} AS SELECT ${ROWS} ${name} WHERE id > 1000;`)
      .join("\n"),
  });
});
afterAll(() => cluster[Symbol.asyncDispose]());

interface Scene {
  /** In the middle of the dump. */
  readonly amidst: () => Promise<void>;
  /** Before the first table is counted. */
  readonly first: () => Promise<unknown>;
  readonly heard?: (sql: string) => void;
}

function ports({ amidst, first, heard }: Scene): TestPorts {
  let isFirst = true;
  return testPorts({
    store: inTheMiddleOf(/^database\//, amidst, 1000),
    database: withQueries({
      before: async (sql) => {
        heard?.(sql);
        if (!COUNTS.test(sql) || !isFirst) return;
        isFirst = false;
        await first();
      },
    }),
  });
}

describe("a further session of the proof", () => {
  it("counts as soon as the dump has ended, and not before", async () => {
    await using vault = await Vault.make();
    let counting = 0;
    let early = 0;
    const taken = await vault.backup(
      database.url,
      { jobs: 2 },
      ports({
        amidst: async () => {
          await eventually("the first session counts", () => counting > 0);
          await delay(200);
          early = counting;
        },
        // The first session counts nothing: whatever is heard besides is of the other.
        first: () => eventually("the other session counts", () => counting > 1),
        heard: (sql) => {
          if (COUNTS.test(sql)) counting += 1;
        },
      }),
    );
    expect(taken.exit).toBe(0);
    expect(early).toBe(1);
  });

  it("is no victim of a schema change that waits for the dump: it has its locks before", async () => {
    await using vault = await Vault.make();
    const [changer, watcher] = [database.url, database.url].map((url) => new pg.Client(url)) as [
      pg.Client,
      pg.Client,
    ];
    await Promise.all([changer.connect(), watcher.connect()]);
    let change: Promise<unknown> | undefined;
    let locks = 0;
    let isWaiting = false;
    const scene = ports({
      amidst: async () => {
        await eventually("both sessions have their locks", () => locks === 2, 5_000);
        change = changer.query("ALTER TABLE d ADD COLUMN note text").catch((error: unknown) => error);
        await eventually("the change waits", async () => {
          const { rows } = await watcher.query<{ n: number }>(
            "SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted",
          );
          return rows[0]!.n > 0;
        });
        isWaiting = true;
      },
      // Until the dump has ended, and the other session begins.
      first: () => eventually("the change waits", () => isWaiting).then(() => delay(500)),
      heard: (sql) => {
        if (LOCKS.test(sql)) locks += 1;
      },
    });
    try {
      const taken = await vault.backup(database.url, { jobs: 2, lockWait: 4_000 }, scene);
      expect(taken.exit).toBe(0);
      await change;
      expect(scene.lines.filter((line) => line.includes("trying again"))).toEqual([]);
    } finally {
      await Promise.all([changer.end(), watcher.end()]);
    }
  });

  it("does not need a login that ends while the dump runs", async () => {
    await using vault = await Vault.make();
    let isEnded = false;
    let locks = 0;
    const taken = await vault.backup(
      database.url,
      { jobs: 2 },
      ports({
        amidst: async () => {
          await eventually("both sessions have their locks", () => locks === 2, 5_000);
          await database.admin("ALTER ROLE holdfast NOLOGIN");
          isEnded = true;
        },
        first: () => eventually("the login ends", () => isEnded).then(() => delay(500)),
        heard: (sql) => {
          if (LOCKS.test(sql)) locks += 1;
        },
      }),
    );
    await database.admin("ALTER ROLE holdfast LOGIN");
    expect(taken.exit).toBe(0);
  });

  it("is not needed where it is lost while it waits: the first does its work", async () => {
    await using vault = await Vault.make();
    let isLost = false;
    let locks = 0;
    const scene = ports({
      amidst: async () => {
        await eventually("both sessions have their locks", () => locks === 2, 5_000);
        // The younger one, as a pooler does that lets nobody be idle in a transaction.
        await eventually("its end", async () => {
          const [ended] = await database.admin(`
            SELECT pg_terminate_backend(pid) AS done FROM pg_stat_activity
             WHERE query LIKE 'LOCK TABLE%' AND state = 'idle in transaction'
             ORDER BY backend_start DESC LIMIT 1`);
          return ended?.["done"] === true;
        });
        isLost = true;
      },
      first: () => eventually("the other is lost", () => isLost).then(() => delay(500)),
      heard: (sql) => {
        if (LOCKS.test(sql)) locks += 1;
      },
    });
    const taken = await vault.backup(database.url, { jobs: 2 }, scene);
    expect(taken.exit).toBe(0);
    expect(scene.lines).toContainEqual(expect.stringContaining("one session fewer than --jobs asks for"));
    expect(scene.lines.filter((line) => line.includes("trying again"))).toEqual([]);
  });
});
