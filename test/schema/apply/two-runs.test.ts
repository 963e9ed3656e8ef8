import { describe, expect, it } from "@jest/globals";
import { makeHistory } from "../../../src/schema/history/table.ts";
import { takeLease, type Lease } from "../../../src/schema/lease/lease.ts";
import { createDatabase, sharedServer } from "../../support/postgres.ts";
import { runMigrateStatus } from "../../../src/schema/status/run.ts";
import { secret, testPorts } from "../../support/test-ports.ts";
import { startPgBouncer } from "../../support/pgbouncer.ts";
import { historyOf, migrate, migrationsFolder, type MigratedDatabase } from "../support.ts";

const SLOW = {
  "20260101090000_slow.sql": "CREATE TABLE slow (id int);\nSELECT pg_sleep(1.5);\n",
  "20260102090000_next.sql": "CREATE TABLE next (id int);\n",
};

async function lease(database: MigratedDatabase, waitMs = 0): Promise<Lease> {
  const ports = testPorts();
  const host = await ports.openDatabase(database.adminAddress);
  await makeHistory(host);
  return await takeLease({ ...ports, database: host, doing: "migrate", waitMs });
}

describe("two runs at once", () => {
  it("apply everything once: the second waits for the first", async () => {
    await using folder = migrationsFolder(SLOW);
    await using database = await createDatabase({ owner: "postgres" });
    const both = await Promise.all([1, 2].map(() => migrate(database, folder, { wait: 30_000 })));
    expect(both.map(({ exit }) => exit)).toEqual([0, 0]);
    expect(both.flatMap(({ outputs }) => outputs["applied"])).toHaveLength(2);
    expect(await historyOf(database)).toEqual(["20260101090000 applied 2", "20260102090000 applied 1"]);
  });

  it("name the holder and where its run can be seen, when the second may not wait", async () => {
    await using database = await createDatabase({ owner: "postgres" });
    await using held = await lease(database);
    expect(held.lost.aborted).toBe(false);
    await expect(lease(database)).rejects.toMatchObject({
      code: "lock.held",
      message: expect.stringContaining("tester (test), at migrate for") as unknown as string,
    });
  });

  it("go on where the first was killed, which stops once its lease is taken over", async () => {
    await using database = await createDatabase({ owner: "postgres" });
    await using first = await lease(database);
    await database.query(`
      SELECT pg_terminate_backend(pid)
        FROM pg_stat_activity
       WHERE application_name = 'holdfast lease' AND datname = current_database()
    `);
    await using second = await lease(database, 10_000);
    expect(second.token).not.toBe(first.token);
    expect(first.lost.aborted).toBe(true);
  });
});

describe("a pooler in transaction mode", () => {
  it("is refused before anything is changed", async () => {
    await using folder = migrationsFolder(SLOW);
    await using database = await createDatabase({ owner: "postgres" });
    await using pooler = await startPgBouncer(sharedServer().facts, "transaction");
    await expect(migrate({ adminUrl: pooler.url(database.name) }, folder)).rejects.toMatchObject({
      code: "database.pooler",
    });
    // Asking would leave the pool's session with settings of ours, for whoever comes next.
    const inputs = { database: secret(pooler.url(database.name)), migrations: folder.path };
    await expect(runMigrateStatus(inputs, testPorts())).rejects.toMatchObject({ code: "database.pooler" });
    expect(await database.query("SELECT FROM pg_namespace WHERE nspname = 'holdfast'")).toEqual([]);
  });
});
