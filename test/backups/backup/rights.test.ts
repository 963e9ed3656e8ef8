import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { startCluster, type Cluster, type TestDatabase } from "../../support/postgres.ts";
import { secret, testPorts } from "../../support/test-ports.ts";
import { parseDatabaseUrl } from "../../../src/postgres/database-url.ts";
import { expectRefusal, findings, Vault } from "../../support/vault.ts";

/** A role that cannot read everything must never make a backup that looks whole. */

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster[Symbol.asyncDispose]());

/**
 * `owner` owns two tables with rows; the backup is made by `holdfast`, which may read everything but what the
 * test takes away.
 */
async function shop(sql: string): Promise<TestDatabase> {
  const database = await cluster.createDatabase({
    owner: "postgres",
    sql: `
      CREATE TABLE orders (id serial PRIMARY KEY, customer text);
      INSERT INTO orders (customer) VALUES ('a'), ('b'), ('c');
      CREATE TABLE customers (name text);
      INSERT INTO customers VALUES ('a');
      GRANT SELECT ON ALL TABLES IN SCHEMA public TO holdfast;
      GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO holdfast
    `,
  });
  await database.admin(sql);
  return database;
}

describe("a backup by a role that may not read everything", () => {
  it("works while nothing is taken away", async () => {
    await using database = await shop("SELECT 1");
    await using vault = await Vault.make();
    expect((await vault.backup(database.url)).exit).toBe(0);
  });

  it.each([
    [
      "a table",
      "REVOKE SELECT ON customers FROM holdfast",
      "database.permission",
      "table public.customers",
      /Grant it USAGE on the schema and SELECT/,
    ],
    [
      "a sequence",
      "REVOKE SELECT ON orders_id_seq FROM holdfast",
      "database.permission",
      "sequence public.orders_id_seq",
      /Grant it USAGE/,
    ],
    [
      "a schema",
      "CREATE SCHEMA inner_room; CREATE TABLE inner_room.t (a int); GRANT SELECT ON inner_room.t TO holdfast",
      "database.permission",
      "table inner_room.t",
      /leave the schema out/,
    ],
    [
      "some columns",
      "REVOKE SELECT ON orders FROM holdfast; GRANT SELECT (id) ON orders TO holdfast",
      "database.permission",
      "table public.orders",
      /Grant it/,
    ],
    [
      "a large object",
      "SELECT lo_from_bytea(4711, 'hidden')",
      "database.permission",
      "large object 4711",
      /large objects/,
    ],
    [
      "rows under row-level security",
      "ALTER TABLE orders ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON orders USING (id > 1)",
      "database.row-security",
      "table public.orders",
      /BYPASSRLS; a backup of some of the rows/,
    ],
    [
      "rows of a partition under row-level security",
      `
        CREATE TABLE parts (id int) PARTITION BY RANGE (id);
        CREATE TABLE part PARTITION OF parts DEFAULT;
        GRANT SELECT ON parts, part TO holdfast;
        ALTER TABLE part ENABLE ROW LEVEL SECURITY
      `,
      "database.row-security",
      "table public.part",
      /BYPASSRLS/,
    ],
  ] as const)(
    "fails loudly when it may not read %s, and makes no backup",
    async (_, sql, code, says, hint) => {
      await using database = await shop(sql);
      await using vault = await Vault.make();
      await expectRefusal(vault.backup(database.url), { code, exit: 4, says, hint });
      vault.expectUntouched();
    },
  );

  it("fails loudly for the owner too where row-level security is forced", async () => {
    await using database = await cluster.createDatabase({
      sql: `
        CREATE TABLE orders (id int);
        INSERT INTO orders VALUES (1), (2);
        ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
        CREATE POLICY few ON orders USING (id > 1)
      `,
    });
    await using vault = await Vault.make();
    // Its owner sees every row, so this backup is whole.
    expect((await vault.backup(database.url)).outputs["rows"]).toBe(2);
    await database.query("ALTER TABLE orders FORCE ROW LEVEL SECURITY");
    await expectRefusal(vault.backup(database.url, { source: "second" }), {
      code: "database.row-security",
      exit: 4,
      says: "table public.orders",
      hint: /The role owns it.*NO FORCE ROW LEVEL SECURITY/,
    });
    expect(vault.files("manifests/second")).toEqual([]);
    await database.admin("ALTER ROLE holdfast BYPASSRLS");
    try {
      expect((await vault.backup(database.url, { source: "third" })).outputs["rows"]).toBe(2);
    } finally {
      await database.admin("ALTER ROLE holdfast NOBYPASSRLS");
    }
  });

  it("leaves out the schema that may not be read when told to, and proves the rest", async () => {
    await using database = await shop("CREATE SCHEMA inner_room; CREATE TABLE inner_room.t (a int)");
    await using vault = await Vault.make();
    expect((await vault.backup(database.url, { excludeSchemas: ["inner_room"] })).outputs).toMatchObject({
      tables: 2,
      rows: 4,
    });
    const validated = await vault.validate({ scratch: cluster.adminUrl() });
    expect({ exit: validated.exit, found: findings(validated) }).toEqual({ exit: 0, found: [] });
  });
});

describe("a backup of a database that somebody works on", () => {
  it("gives up after the lock wait on a table that is locked, naming it, and makes no backup", async () => {
    await using database = await cluster.createDatabase({
      sql: "CREATE TABLE free (a int); CREATE TABLE locked (a int)",
    });
    await using vault = await Vault.make();
    const { openDatabase } = testPorts();
    await using other = await (
      await openDatabase(parseDatabaseUrl(secret(database.url).reveal(), "database"))
    ).connect({ purpose: "migration" });
    await other.query("BEGIN");
    await other.query("LOCK TABLE public.locked IN ACCESS EXCLUSIVE MODE");
    await expectRefusal(vault.backup(database.url, { lockWait: 500 }), {
      code: "database.lock-timeout",
      exit: 4,
      says: /lock timeout/,
      hint: /lock|schema change/,
    });
    expect(vault.files("manifests")).toEqual([]);
    expect(vault.files("database")).toEqual([]);
  }, 120_000);
});
