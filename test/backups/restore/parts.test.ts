import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { startCluster, type Cluster, type TestDatabase } from "../../support/postgres.ts";
import { expectRefusal, said, Vault } from "../../support/vault.ts";
import { casesInTurn } from "../../support/sampling.ts";
import { testInTurn } from "../../support/cases-in-turn.ts";

/**
 * Parts of a backup: the schema, the rows, some tables; from one archive and from two, with one connection
 * and with several.
 */

const SHOP = String.raw`
  CREATE SCHEMA "my shop";
  CREATE TABLE customers (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE);
  INSERT INTO customers (name) SELECT 'c' || g FROM generate_series(1, 50) g;
  CREATE TABLE orders (id serial PRIMARY KEY, customer int NOT NULL REFERENCES customers ON DELETE CASCADE,
    note text, total numeric GENERATED ALWAYS AS (1.5) STORED);
  INSERT INTO orders (customer, note) SELECT 1 + g % 50, 'o' || g FROM generate_series(1, 2000) g;
  CREATE INDEX orders_note ON orders (lower(note));
  COMMENT ON TABLE orders IS 'kept';
  COMMENT ON COLUMN orders.note IS 'free text';
  GRANT SELECT ON orders TO PUBLIC;
  CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
  CREATE TRIGGER guard BEFORE INSERT OR DELETE ON orders FOR EACH ROW EXECUTE FUNCTION refuse();
  ALTER TABLE orders ENABLE ROW LEVEL SECURITY; CREATE POLICY mine ON orders USING (id > 0);
  CREATE TABLE "my shop"."a.b ""c" (id int, "x y" text); INSERT INTO "my shop"."a.b ""c" VALUES (1, 'odd');
  CREATE TABLE "order" (a int);
  CREATE TABLE orders_old AS SELECT 1 AS a;
  CREATE TABLE "my shop".orders (a int);
  INSERT INTO "my shop".orders VALUES (9);
  CREATE MATERIALIZED VIEW totals AS SELECT count(*) AS n FROM customers;
  SELECT lo_from_bytea(12345, 'large');
`;

let cluster: Cluster;
let source: TestDatabase;
let vault: Vault;

beforeAll(async () => {
  cluster = await startCluster();
  source = await cluster.createDatabase({ sql: SHOP });
  await cluster.admin(`CREATE ROLE stranger LOGIN PASSWORD '${cluster.facts.password}'`);
  vault = await Vault.make();
  await vault.backup(source.url, { source: "one", tier: "tier2" });
  await vault.backup(source.url, { source: "two", tier: "tier1" });
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

/** The whole backup, restored into a database of the test's own. */
async function copyOf(from: string): Promise<TestDatabase> {
  const database = await cluster.createDatabase();
  expect((await vault.restore(database.url, { source: from })).exit).toBe(0);
  return database;
}

describe.each([
  ["a single archive", "one"],
  ["an archive of the schema and one of the rows", "two"],
])("from %s", (_, from) => {
  const way = from === "one" ? 0 : 1;
  const inOne = testInTurn(`parts of a backup, ${from}`, 2, way);
  it.each(casesInTurn(`connections, ${from}`, [1, 4], { every: 1, kind: String, share: { way, ways: 2 } }))(
    "the whole comes back with %d connection(s): rows, sequences, materialized views and large objects",
    async (jobs) => {
      await using database = await cluster.createDatabase();
      const restored = await vault.restore(database.url, { source: from, jobs });
      expect({ exit: restored.exit, said: said(restored) }).toEqual({
        exit: 0,
        said: expect.stringContaining("everything as it was"),
      });
      expect(
        await database.query(`
          SELECT (SELECT n::int FROM totals) AS n, nextval('orders_id_seq')::int AS next,
                 convert_from(lo_get(12345), 'UTF8') AS lo, (SELECT count(*)::int FROM orders) AS orders
        `),
      ).toEqual([{ n: 50, next: 2001, lo: "large", orders: 2000 }]);
    },
  );

  inOne("says no more than was compared where owners and privileges were left out", async () => {
    await using database = await cluster.createDatabase();
    const restored = await vault.restore(database.url, { source: from, noOwner: true, noPrivileges: true });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining(
        "everything else as it was; owners and privileges were not restored and not compared",
      ),
    });
  });

  inOne("is no project's, and says so where it is to go into one", async () => {
    await using database = await cluster.createDatabase();
    await expectRefusal(vault.restore(database.url, { source: from, into: "project" }), {
      code: "input.conflict",
      exit: 2,
      says: "is of plain PostgreSQL",
      hint: /--into database/,
    });
  });

  inOne("the schema alone comes without a row", async () => {
    await using database = await cluster.createDatabase();
    const restored = await vault.restore(database.url, { source: from, what: "schema" });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringMatching(/: [1-9]\d* tables, every definition as it was, without rows\b/),
    });
    expect(said(restored)).not.toContain("0 rows");
    expect(
      await database.query(`
        SELECT (SELECT count(*)::int FROM orders) AS orders,
               (SELECT count(*)::int FROM pg_trigger WHERE tgname = 'guard') AS triggers,
               (SELECT count(*)::int FROM pg_largeobject_metadata) AS lo
      `),
    ).toEqual([{ orders: 0, triggers: 1, lo: 0 }]);
  });

  inOne("the rows alone go into tables that stayed, past triggers and foreign keys", async () => {
    await using database = await copyOf(from);
    await database.admin(`
      SET session_replication_role = replica;
      DELETE FROM customers WHERE id < 20;
      UPDATE orders SET note = 'spoilt';
      CREATE TABLE bystander AS SELECT 1 AS a
    `);
    const restored = await vault.restore(database.adminUrl, {
      source: from,
      what: "data",
      confirm: database.name,
      safetyBackup: false,
    });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("the rows as they were"),
    });
    expect(
      await database.admin(`
        SELECT (SELECT count(*)::int FROM customers) AS c,
               (SELECT count(*)::int FROM orders WHERE note = 'spoilt') AS spoilt,
               (SELECT a FROM bystander) AS a
      `),
    ).toEqual([{ c: 50, spoilt: 0, a: 1 }]);
  });

  inOne(
    "the rows alone give large objects their bytes back; one that is gone is named beforehand",
    async () => {
      await using database = await copyOf(from);
      await database.admin("SELECT lo_put(12345, 0, 'L'), lo_put(12345, 9, 'longer')");
      expect(
        (
          await vault.restore(database.adminUrl, {
            source: from,
            what: "data",
            confirm: database.name,
            safetyBackup: false,
          })
        ).exit,
      ).toBe(0);
      await database.admin("SELECT lo_unlink(12345)");
      await expectRefusal(
        vault.restore(database.adminUrl, {
          source: from,
          what: "data",
          confirm: database.name,
          safetyBackup: false,
        }),
        { code: "database.lacks", exit: 4, says: "no large object 12345", hint: /Nothing was touched/ },
      );
      expect(await database.query("SELECT count(*)::int AS n FROM orders")).toEqual([{ n: 2000 }]);
    },
  );

  inOne("the rows alone are refused to a role that owns nothing; the owner needs no superuser", async () => {
    await using database = await copyOf(from);
    await database.query(`
      UPDATE customers SET name = 'spoilt ' || id;
      ALTER TABLE orders DISABLE TRIGGER guard;
      DELETE FROM orders WHERE id < 100;
      ALTER TABLE orders ENABLE TRIGGER guard
    `);
    await expectRefusal(
      vault.restore(cluster.url(database.name).replace("holdfast", "stranger"), {
        source: from,
        what: "data",
        confirm: database.name,
        safetyBackup: false,
      }),
      {
        code: "database.permission",
        exit: 4,
        says: "the role may not replace the rows of",
        hint: /role that owns.*Nothing was touched/,
      },
    );
    expect(await database.query("SELECT count(*)::int AS n FROM orders")).toEqual([{ n: 1901 }]);
    const restored = await vault.restore(database.url, {
      source: from,
      what: "data",
      confirm: database.name,
      safetyBackup: false,
    });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("the rows as they were"),
    });
    expect(await database.query("SELECT tgenabled FROM pg_trigger WHERE tgname = 'guard'")).toEqual([
      { tgenabled: "O" },
    ]);
  });

  inOne("the rows alone are refused where a table is missing, before a row is removed", async () => {
    await using database = await copyOf(from);
    await database.query('DROP TABLE "order"');
    await expectRefusal(
      vault.restore(database.adminUrl, {
        source: from,
        what: "data",
        confirm: database.name,
        safetyBackup: false,
      }),
      { code: "database.lacks", exit: 4, says: "public.order", hint: /--what schema/ },
    );
    expect(await database.query("SELECT count(*)::int AS n FROM orders")).toEqual([{ n: 2000 }]);
  });

  inOne("named tables that are gone are made again with all that is theirs, and no other table", async () => {
    await using database = await copyOf(from);
    await database.query(`
      DROP TABLE orders CASCADE;
      DROP TABLE "my shop"."a.b ""c";
      UPDATE customers SET name = 'changed' WHERE id = 1;
      UPDATE "my shop".orders SET a = 10;
      UPDATE orders_old SET a = 2
    `);
    const restored = await vault.restore(database.adminUrl, {
      source: from,
      tables: ["public.orders", '"my shop"."a.b ""c"'],
      confirm: database.name,
      safetyBackup: false,
    });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("2 tables, 2,001 rows"),
    });
    expect(
      await database.admin(`
        SELECT (SELECT name FROM customers WHERE id = 1) AS name, (SELECT a FROM "my shop".orders) AS other,
               (SELECT a FROM orders_old) AS old, (SELECT count(*)::int FROM orders) AS n,
               nextval('orders_id_seq')::int AS next,
               (SELECT array_agg(indexrelid::regclass::text ORDER BY indexrelid::regclass::text)
                  FROM pg_index
                 WHERE indrelid = 'orders'::regclass) AS indexes,
               (SELECT count(*)::int
                  FROM pg_constraint
                 WHERE conrelid = 'orders'::regclass AND contype = 'f') AS fks,
               (SELECT count(*)::int
                  FROM pg_trigger
                 WHERE tgrelid = 'orders'::regclass AND tgname = 'guard') AS triggers,
               (SELECT count(*)::int FROM pg_policy WHERE polrelid = 'orders'::regclass) AS policies,
               (SELECT relrowsecurity FROM pg_class WHERE oid = 'orders'::regclass) AS rls,
               obj_description('orders'::regclass) AS comment,
               col_description('orders'::regclass, 3) AS column_comment,
               has_table_privilege('public', 'orders', 'SELECT') AS granted,
               pg_get_userbyid((SELECT relowner FROM pg_class WHERE oid = 'orders'::regclass)) AS owner
      `),
    ).toEqual([
      {
        name: "changed",
        other: 10,
        old: 2,
        n: 2000,
        next: 2001,
        indexes: ["orders_note", "orders_pkey"],
        fks: 1,
        triggers: 1,
        policies: 1,
        rls: true,
        comment: "kept",
        column_comment: "free text",
        granted: true,
        owner: "holdfast",
      },
    ]);
  });

  inOne("named tables that are there get their rows back, those of others stay", async () => {
    await using database = await copyOf(from);
    await database.admin(`
      SET session_replication_role = replica;
      DELETE FROM customers WHERE id <= 10;
      UPDATE orders SET note = 'newer'
    `);
    const restored = await vault.restore(database.adminUrl, {
      source: from,
      tables: ["public.customers"],
      confirm: database.name,
      safetyBackup: false,
    });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("1 table, 50 rows"),
    });
    expect(
      await database.admin(`
        SELECT (SELECT count(*)::int FROM customers) AS c,
               (SELECT count(*)::int FROM orders WHERE note = 'newer') AS newer
      `),
    ).toEqual([{ c: 50, newer: 2000 }]);
  });
});

describe("a backup of some schemas", () => {
  it("is restored in place without touching the others", async () => {
    await using database = await copyOf("one");
    await vault.backup(database.url, { source: "part", schemas: ["my shop"] });
    await database.query(
      `UPDATE orders_old SET a = 77; TRUNCATE "my shop".orders; CREATE TABLE "my shop".stray (a int)`,
    );
    const restored = await vault.restore(database.url, {
      source: "part",
      confirm: database.name,
      mode: "in-place",
      safetyBackup: false,
    });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 3,
      said: expect.stringMatching(/with gaps: large-objects .*exclude-schemas/),
    });
    expect(restored.outputs).toMatchObject({ verdict: "gaps" });
    expect(
      await database.query(`
        SELECT (SELECT a FROM orders_old) AS kept, (SELECT a FROM "my shop".orders) AS back,
               to_regclass('"my shop".stray') AS stray,
               (SELECT count(*)::int FROM pg_largeobject_metadata) AS lo
      `),
    ).toEqual([{ kept: 77, back: 9, stray: null, lo: 1 }]);
  });

  it("is not swapped in for a whole database that holds more", async () => {
    await using database = await copyOf("one");
    await vault.backup(database.url, { source: "swap", schemas: ["my shop"] });
    const plan = await vault.restore(database.url, { source: "swap", confirm: database.name, dryRun: true });
    expect(plan.outputs["plan"]).toMatchObject({
      mode: "in-place",
      modeReason: "the backup holds only some schemas",
    });
    await expectRefusal(
      vault.restore(database.url, { source: "swap", confirm: database.name, mode: "beside" }),
      { code: "input.conflict", exit: 2, says: "holds only some of its schemas", hint: /--mode in-place/ },
    );
  });

  it("of public alone is restored into an empty database", async () => {
    await vault.backup(source.url, { source: "public-only", schemas: ["public"], tier: "tier1" });
    await using database = await cluster.createDatabase();
    const restored = await vault.restore(database.url, { source: "public-only" });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 3,
      said: expect.stringMatching(/with gaps: large-objects .*exclude-schemas/),
    });
  });
});
