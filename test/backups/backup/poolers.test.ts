import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createDatabase, sharedServer, startPgBouncer, type TestDatabase } from "../../support/postgres.ts";
import { testPorts } from "../../support/test-ports.ts";
import { expectRefusal, Vault } from "../../support/vault.ts";

/** A transaction pooler lends a server session for one transaction: no snapshot can be held through it. */

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase({
    sql: "CREATE TABLE orders AS SELECT g AS id FROM generate_series(1, 1000) g",
  });
});
afterAll(() => database.drop());

describe("a backup through a pooler", () => {
  it("is refused in transaction mode, which is found out by asking", async () => {
    await using vault = await Vault.make();
    await using pooler = await startPgBouncer(sharedServer().facts, "transaction");
    await expectRefusal(vault.backup(pooler.url(database.name)), {
      code: "database.pooler",
      exit: 4,
      says: `127.0.0.1:${pooler.port} answers as a pooler in transaction mode`,
      hint: /server's own address \(usually port 5432\) or a pooler port in session mode/,
    });
    vault.expectUntouched();
  });

  it("is whole in session mode", async () => {
    await using vault = await Vault.make();
    await using pooler = await startPgBouncer(sharedServer().facts, "session");
    expect((await vault.backup(pooler.url(database.name))).outputs).toMatchObject({ tables: 1, rows: 1000 });
    const validated = await vault.validate({ depth: "restored" });
    expect(validated.outputs["verdict"]).toBe("proved");
  });

  it.each([
    ["aws-0-eu-central-1.pooler.supabase.com:6543", "aws-0-eu-central-1.pooler.supabase.com:5432"],
    ["db.abcdefghijklmnop.supabase.co:6543", "db.abcdefghijklmnop.supabase.co:5432"],
    ["shop.postgres.database.azure.com:6432", "shop.postgres.database.azure.com:5432"],
  ])("is refused at %s without connecting, naming the address to use", async (address, instead) => {
    await using vault = await Vault.make();
    const ports = testPorts({
      database: (database) => ({ ...database, connect: () => Promise.reject(new Error("it connected")) }),
    });
    const error = await expectRefusal(
      vault.backup(`postgresql://postgres.ref:secret-word@${address}/postgres`, {}, ports),
      { code: "database.pooler", exit: 4, says: `${address} cannot keep a session: port `, hint: /^Use / },
    );
    expect(error.hint).toContain(instead);
    expect(`${error.message}${error.hint ?? ""}`).not.toContain("secret-word");
    vault.expectUntouched();
  });
});
