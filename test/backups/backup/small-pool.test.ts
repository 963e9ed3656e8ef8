import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { postgresDatabase } from "../../../src/adapters/postgres/database.ts";
import type { DatabaseAddress } from "../../../src/ports/database.ts";
import { createDatabase, sharedServer, type TestDatabase } from "../../support/postgres.ts";
import { startPgBouncer } from "../../support/pgbouncer.ts";
import { testPorts } from "../../support/test-ports.ts";
import { Vault } from "../../support/vault.ts";

/**
 * A pooler in session mode that lets whoever comes last wait, for ever: PgBouncer with query_wait_timeout 0.
 */

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase({
    sql: ["a", "b", "c", "d"].map((name) => `CREATE TABLE ${name} AS SELECT 1 AS id;`).join("\n"),
  });
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

describe("a pool with fewer sessions than a backup asks for", () => {
  it("makes it slower, and not fail or hang", async () => {
    await using vault = await Vault.make();
    await using pooler = await startPgBouncer(sharedServer().facts, "session", { size: 4 });
    const ports = {
      ...testPorts(),
      openDatabase: (address: DatabaseAddress) =>
        Promise.resolve(postgresDatabase(address, { silenceMs: 4_000 })),
    };
    const taken = await vault.backup(pooler.url(database.name), { jobs: 4 }, ports);
    expect(taken.exit).toBe(0);
  });
});
