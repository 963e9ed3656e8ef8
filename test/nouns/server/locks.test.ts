import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { postgresDatabase } from "../../../src/adapters/postgres/database.ts";
import { fingerprintTables } from "../../../src/nouns/content/rows/fingerprint.ts";
import { takeInventory } from "../../../src/nouns/content/read/inventory.ts";
import { PINNED_SETTINGS } from "../../../src/nouns/server/pinned-settings.ts";
import type { DatabaseSession } from "../../../src/ports/database.ts";
import { startCluster, type Cluster, type TestDatabase } from "../../support/postgres.ts";
import { output, Vault } from "../../support/vault.ts";
import { WHOLE } from "../content/copies.ts";

const TABLES = 9000;
/** Committed in batches: one transaction could not lock so many. */
const MANY = `
  CREATE PROCEDURE make_tables() LANGUAGE plpgsql AS $$
  BEGIN
    FOR n IN 1 .. ${TABLES} LOOP
      EXECUTE format('CREATE TABLE t%s (id int)', n);
      IF n % 500 = 0 THEN COMMIT; END IF;
    END LOOP;
  END $$;
`;

describe("a server of default settings with more tables than it has locks", () => {
  let cluster: Cluster;
  let database: TestDatabase;
  beforeAll(async () => {
    cluster = await startCluster({ settings: { max_locks_per_transaction: "64" } });
    database = await cluster.createDatabase({ owner: "postgres", sql: MANY });
    await database.admin("CALL make_tables()");
    await database.query(`
      INSERT INTO t1 VALUES (1);
      INSERT INTO t9000 VALUES (2);
      CREATE TABLE keyed (id int PRIMARY KEY, s serial);
      INSERT INTO keyed VALUES (1)
    `);
  }, 120_000);
  afterAll(() => cluster[Symbol.asyncDispose]());

  it("is measured with few locks, by the session of the inventory too", async () => {
    await using session = await postgresDatabase(database.adminAddress).connect({
      purpose: "test",
      settings: PINNED_SETTINGS,
    });
    await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const inventory = await takeInventory(session, WHOLE, { proof: "content" });
    const held = async (): Promise<number> =>
      Number((await database.admin("SELECT count(*) AS n FROM pg_locks WHERE relation >= 16384"))[0]!["n"]);
    expect(await held()).toBe(0);

    let most = 0;
    let done = 0;
    const [row] = await session.query<{ id: string }>("SELECT pg_export_snapshot() AS id");
    const open = async (): Promise<DatabaseSession> => {
      const next = await postgresDatabase(database.adminAddress).connect({
        purpose: "test",
        settings: PINNED_SETTINGS,
      });
      await next.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      await next.query(`SET TRANSACTION SNAPSHOT '${row!.id}'`);
      return next;
    };
    const watched: Promise<void>[] = [];
    const onTable = (): void => {
      done += 1;
      if (done % 1000 === 0) watched.push(held().then((now) => void (most = Math.max(most, now))));
    };
    // What is written after the snapshot is not seen, however often locks were given back.
    await database.query("INSERT INTO t9000 VALUES (3); DELETE FROM t1");
    const tables = await fingerprintTables(open, inventory, {
      jobs: 2,
      signal: new AbortController().signal,
      onTable,
    });
    await Promise.all(watched);
    expect(done).toBe(TABLES + 1);
    expect(tables.filter((table) => table.rows !== 0).map(({ name, rows }) => [name, rows])).toEqual([
      ["keyed", 1],
      ["t1", 1],
      ["t9000", 1],
    ]);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(1000);
  });

  it("is backed up", async () => {
    await using vault = await Vault.make();
    const taken = await vault.backup(database.adminUrl);
    expect(taken.exit).toBe(0);
    const manifest = await vault.manifest(output(taken, "id"));
    expect(manifest.content.tables).toHaveLength(TABLES + 1);
  });
});
