import { describe, expect, it } from "@jest/globals";
import { postgresDatabase } from "../../src/adapters/postgres/database.ts";
import { emptiness } from "../../src/content/emptiness.ts";
import { databaseFacts } from "../../src/content/facts.ts";
import { fingerprintTables } from "../../src/content/fingerprint.ts";
import { takeInventory } from "../../src/content/inventory.ts";
import { PINNED_SETTINGS } from "../../src/content/pinned-settings.ts";
import { requireReadable } from "../../src/content/readable.ts";
import type { DatabaseAddress } from "../../src/ports/database.ts";
import { createDatabase } from "../support/postgres.ts";
import { WHOLE } from "./copies.ts";

async function check(address: DatabaseAddress, scope = WHOLE): Promise<void> {
  await using session = await postgresDatabase(address).connect({ purpose: "check", settings: PINNED_SETTINGS });
  await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  await requireReadable(session, scope);
}

describe("what a role may read", () => {
  it("must be everything in scope: tables, sequences, schemas, large objects, and every row", async () => {
    await using database = await createDatabase({ owner: "postgres", sql: "CREATE TABLE open (a int); GRANT SELECT ON open TO PUBLIC" });
    await check(database.address);
    const cases = [
      ['CREATE TABLE "Se cret" (a int)', "database.permission", '"Se cret"', 'DROP TABLE "Se cret"'],
      ["CREATE SEQUENCE s", "database.permission", "sequence public.s", "DROP SEQUENCE s"],
      ["CREATE SCHEMA hidden; CREATE TABLE hidden.t (a int); GRANT SELECT ON hidden.t TO PUBLIC", "database.permission", "hidden.t", "DROP SCHEMA hidden CASCADE"],
      ["ALTER TABLE open ENABLE ROW LEVEL SECURITY", "database.row-security", "public.open", "ALTER TABLE open DISABLE ROW LEVEL SECURITY"],
      ["SELECT lo_create(4711)", "database.permission", "large object 4711", "SELECT lo_unlink(4711)"],
    ] as const;
    for (const [make, code, name, undo] of cases) {
      await database.query(make);
      await expect(check(database.address)).rejects.toMatchObject({ code, message: expect.stringContaining(name), hint: expect.stringMatching(/\.$/) });
      await check(database.adminAddress);
      await database.query(undo);
    }
    await database.query("CREATE SCHEMA hidden; CREATE TABLE hidden.t (a int)");
    await check(database.address, { includeSchemas: [], excludeSchemas: ["hidden"] });
    await check(database.address, { includeSchemas: ["public"], excludeSchemas: [] });
  });
});

describe("a target", () => {
  it("is empty until somebody makes something in it", async () => {
    await using database = await createDatabase({ owner: "postgres", sql: "CREATE EXTENSION hstore" });
    const look = async () => {
      await using session = await postgresDatabase(database.adminAddress).connect({ purpose: "look" });
      return await emptiness(session);
    };
    expect(await look()).toEqual({ empty: true, objects: 0, examples: [] });
    for (const sql of ["CREATE TABLE t (a int)", "CREATE SCHEMA s", "CREATE TYPE e AS ENUM ('a')", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "SELECT lo_create(5)"]) {
      await database.query(sql);
      expect((await look()).empty).toBe(false);
    }
    expect(await look()).toEqual({ empty: false, objects: 5, examples: ["table public.t", "function public.f", "type public.e", "schema s", "large object 5"] });
  });
});

describe("a server", () => {
  it("tells what it is and who is asking", async () => {
    await using database = await createDatabase({ encoding: "LATIN1" });
    await using session = await postgresDatabase(database.address).connect({ purpose: "facts" });
    const facts = await databaseFacts(session);
    expect(facts).toMatchObject({ database: database.name, role: "holdfast", superuser: false, createDb: true, bypassRls: false, inRecovery: false, encoding: "LATIN1", collate: "C" });
    expect(facts.version).toMatch(new RegExp(`^${facts.major}\\.\\d+$`));
    expect(facts.sizeBytes).toBeGreaterThan(1e6);
    expect(Math.abs(facts.serverTime.getTime() - Date.now())).toBeLessThan(60_000);
  });
});

describe("fingerprinting", () => {
  it("sees its snapshot and not what is written meanwhile", async () => {
    await using database = await createDatabase({ sql: "CREATE TABLE t AS SELECT g AS a FROM generate_series(1, 1000) g" });
    await using holder = await postgresDatabase(database.address).connect({ purpose: "snapshot", settings: PINNED_SETTINGS });
    await holder.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const [{ id }] = (await holder.query<{ id: string }>("SELECT pg_export_snapshot() AS id")) as [{ id: string }];
    const inventory = await takeInventory(holder, WHOLE, { proof: "content" });
    await database.query("INSERT INTO t SELECT g FROM generate_series(1, 5000) g; DELETE FROM t WHERE a = 7");
    const open = async () => {
      const session = await postgresDatabase(database.address).connect({ purpose: "fingerprint", settings: PINNED_SETTINGS });
      await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      await session.query(`SET TRANSACTION SNAPSHOT '${id}'`);
      return session;
    };
    const [table] = await fingerprintTables(open, inventory, { jobs: 2, signal: new AbortController().signal });
    expect(table).toMatchObject({ name: "t", rows: 1000 });
    const counted = await fingerprintTables(open, { ...inventory, proof: "rows" }, { jobs: 1, signal: new AbortController().signal });
    expect(counted[0]).toMatchObject({ rows: 1000, fingerprint: null });
  });

  it("stops at once when it is told to, on the server too, and gives the reason", async () => {
    await using database = await createDatabase({ sql: "CREATE TABLE t AS SELECT g AS a, repeat(md5(g::text), 30) AS b FROM generate_series(1, 300000) g" });
    const stop = new AbortController();
    const reason = new Error("enough");
    const open = async () => {
      const session = await postgresDatabase(database.address).connect({ purpose: "fingerprint", settings: PINNED_SETTINGS });
      await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      return session;
    };
    const session = await open();
    const inventory = await takeInventory(session, WHOLE, { proof: "content" });
    await session.close();
    setTimeout(() => stop.abort(reason), 150);
    await expect(fingerprintTables(open, inventory, { jobs: 2, signal: stop.signal })).rejects.toBe(reason);
    const [row] = await database.admin("SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND application_name = 'holdfast fingerprint'");
    expect(row).toEqual({ n: "0" });
  });
});
