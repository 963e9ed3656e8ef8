import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import pg from "pg";
import { startCluster, type Cluster, type TestDatabase } from "../../../support/postgres.ts";
import { eventually } from "../../../support/tools.ts";
import { expectRefusal, Vault } from "../../../support/vault.ts";
import { testInTurn } from "../../../support/cases-in-turn.ts";

/** Who is in a database when its name is exchanged, asked for by a role that is no superuser. */

let cluster: Cluster;
let vault: Vault;

beforeAll(async () => {
  // A worker of autovacuum comes at once and stays for minutes.
  cluster = await startCluster({
    settings: {
      autovacuum_naptime: "1s",
      autovacuum_vacuum_cost_delay: "100ms",
      autovacuum_vacuum_cost_limit: "1",
    },
  });
  await cluster.admin("CREATE ROLE weak LOGIN PASSWORD 'weak-secret'");
  vault = await Vault.make();
  await using source = await cluster.createDatabase({
    sql: "CREATE TABLE orders AS SELECT g AS id FROM generate_series(1, 100) g",
  });
  expect((await vault.backup(source.url, { source: "shop" })).exit).toBe(0);
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

async function target(): Promise<TestDatabase> {
  return await cluster.createDatabase({
    sql: "CREATE TABLE busy AS SELECT g AS a FROM generate_series(1, 200000) g",
  });
}

const order = ({ name }: TestDatabase) =>
  ({ source: "shop", mode: "beside", confirm: name, safetyBackup: false }) as const;

/** A session of a role whose sessions `holdfast` may not end. */
async function weakSession({ name }: TestDatabase): Promise<pg.Client> {
  const url = new URL(cluster.url(name));
  [url.username, url.password] = ["weak", "weak-secret"];
  const client = new pg.Client({ connectionString: url.href, application_name: "reports" });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

const inTurn = testInTurn("exchanges of names", 2);

describe("an exchange of names", () => {
  inTurn("is not stopped by a worker of autovacuum, which only a superuser may end", async () => {
    await using database = await target();
    await eventually(
      "autovacuum to be at work",
      async () =>
        (
          await cluster.admin(
            "SELECT FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'autovacuum worker'",
            [database.name],
          )
        ).length > 0,
    );
    expect((await vault.restore(database.url, order(database))).exit).toBe(0);
  });

  inTurn("fails, as foreseen, for a session the role may not end, saying which and what to do", async () => {
    await using database = await target();
    const reports = await weakSession(database);
    try {
      const { exit, outputs } = await vault.restore(database.url, { ...order(database), dryRun: true });
      const { warnings } = outputs["plan"] as { warnings: string[] };
      expect([exit, warnings]).toEqual([
        0,
        expect.arrayContaining([
          expect.stringMatching(
            /^1 session of others is connected .*; role holdfast may not end those of weak, and .*$/,
          ),
        ]),
      ]);
      const { outputs: none } = await vault.restore(database.url, { ...order(database), dryRun: true });
      expect(JSON.stringify(none)).not.toContain("_restored_");
      const error = await expectRefusal(vault.restore(database.url, order(database)), {
        code: "database.query",
        exit: 4,
        says: "could not exchange the names",
        hint: /The target is as it was.*Connected and not ended: process \d+ of role weak \(reports\)/,
      });
      expect(await database.query("SELECT to_regclass('busy')::text AS busy")).toEqual([{ busy: "busy" }]);
      const { outputs: again } = await vault.restore(database.url, { ...order(database), dryRun: true });
      expect((again["plan"] as { warnings: string[] }).warnings).toEqual(
        expect.arrayContaining([
          expect.stringMatching(
            new RegExp(
              "^the server holds copies of other restores beside: " +
                `"${database.name}_restored_\\d{8}_[0-9a-f]{6}"\\. `,
            ),
          ),
        ]),
      );
      // What it says can be typed.
      await reports.end();
      await sleep(200);
      for (const statement of error.hint?.match(/ALTER DATABASE \S+ RENAME TO [^;]+;/g) ?? []) {
        await cluster.admin(statement);
      }
      expect(await database.query("SELECT count(*)::int AS orders FROM orders")).toEqual([{ orders: 100 }]);
    } finally {
      await reports.end();
    }
  });

  inTurn(
    "is foreseen to fail for a prepared transaction, and to leave replication slots behind",
    async () => {
      await using own = await startCluster({
        settings: { max_prepared_transactions: "2", wal_level: "logical" },
      });
      await using database = await own.createDatabase({ sql: "CREATE TABLE busy (a int)" });
      await database.admin("SELECT pg_create_logical_replication_slot('changes', 'pgoutput')");
      // After the slot, which waits for every transaction that is open.
      await database.query("BEGIN; INSERT INTO busy VALUES (1); PREPARE TRANSACTION 'half done'");
      const { outputs } = await vault.restore(database.url, { ...order(database), dryRun: true });
      await database.query("ROLLBACK PREPARED 'half done'");
      await database.admin("SELECT pg_drop_replication_slot('changes')");
      expect((outputs["plan"] as { warnings: string[] }).warnings).toEqual(
        expect.arrayContaining([
          expect.stringMatching(
            /^prepared transactions are open in the target, half done, .*ROLLBACK PREPARED/,
          ),
          expect.stringMatching(/^replication slots stay with the old database .*: changes;/),
        ]),
      );
    },
  );

  inTurn("waits for such a session that goes by itself", async () => {
    await using database = await target();
    const reports = await weakSession(database);
    const going = sleep(9_000).then(() => reports.end());
    expect((await vault.restore(database.url, order(database))).exit).toBe(0);
    await going;
  });
});
