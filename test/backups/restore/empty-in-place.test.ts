import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { EVERYTHING_SQL, superuserSql } from "../../nouns/content/everything.ts";
import { startCluster, type Cluster } from "../../support/postgres.ts";
import { testPorts } from "../../support/test-ports.ts";
import { expectRefusal, said, Vault } from "../../support/vault.ts";

/**
 * Emptying a target in place: every class of object goes, whatever the number, and a refusal leaves
 * everything there.
 */

/** What belongs to no schema, beside what `superuserSql` has of it. */
const OUTSIDE_SCHEMAS = String.raw`
  CREATE SUBSCRIPTION feed CONNECTION 'host=nowhere.invalid dbname=x' PUBLICATION p
    WITH (connect = false, slot_name = 'feed_slot');
  DROP LANGUAGE made;
  CREATE FUNCTION app.handler() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql',
    'plpgsql_call_handler';
  CREATE LANGUAGE made HANDLER app.handler;
  CREATE CAST (text AS bytea) WITHOUT FUNCTION; COMMENT ON CAST (text AS bytea) IS 'odd';
  CREATE OPERATOR FAMILY app.fam USING btree;
  CREATE OPERATOR CLASS app.cls FOR TYPE int4 USING btree FAMILY app.fam AS OPERATOR 1 <, OPERATOR 2 <=,
    OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int4, int4);
  ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
  ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO PUBLIC;
  CREATE FUNCTION app.no_drop() RETURNS event_trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'nothing is dropped here'; END $$;
  CREATE EVENT TRIGGER no_drop ON sql_drop EXECUTE FUNCTION app.no_drop();
  ALTER EVENT TRIGGER no_drop ENABLE ALWAYS;
`;

const DETACH = `
  SET transaction_read_only = off;
  DROP EVENT TRIGGER IF EXISTS no_drop;
  DO $$
  DECLARE
    s text;
  BEGIN
    FOR s IN SELECT subname FROM pg_subscription LOOP
      EXECUTE format('ALTER SUBSCRIPTION %I DISABLE', s);
      EXECUTE format('ALTER SUBSCRIPTION %I SET (slot_name = NONE)', s);
      EXECUTE format('DROP SUBSCRIPTION %I', s);
    END LOOP;
  END $$
`;

let cluster: Cluster;
let vault: Vault;

beforeAll(async () => {
  // Few locks, so that few objects are many.
  cluster = await startCluster({
    settings: { max_locks_per_transaction: "64", max_connections: "20", wal_level: "logical" },
  });
  await cluster.admin("CREATE ROLE reader; CREATE ROLE writer");
  vault = await Vault.make();
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

describe("a restore in place", () => {
  it("knows every class of object: all goes and comes back, twice, though read-only by default", async () => {
    await using database = await cluster.createDatabase({ owner: "postgres" });
    // A server does not drop a database with a subscription in it.
    await using _ = { [Symbol.asyncDispose]: async () => void (await database.admin(DETACH)) };
    await database.admin(EVERYTHING_SQL);
    await database.admin(superuserSql("reader", "writer"));
    await database.admin(OUTSIDE_SCHEMAS);
    await vault.backup(database.adminUrl, { source: "all" });
    await database.admin(`ALTER DATABASE ${database.name} SET default_transaction_read_only = on`);
    for (const turn of [1, 2]) {
      const ports = testPorts();
      const restored = await vault.restore(
        database.adminUrl,
        { source: "all", confirm: database.name, mode: "in-place", safetyBackup: false },
        ports,
      );
      expect({ turn, exit: restored.exit, said: said(restored) }).toEqual({
        turn,
        exit: 0,
        said: expect.stringContaining("everything as it was"),
      });
      expect(
        ports.lines.filter((line) => line.startsWith("warn") && !line.includes("NO safety backup")),
      ).toEqual([expect.stringContaining("replication slot feed_slot stays at the publisher")]);
    }
  });

  it("empties more objects than one transaction can lock, in several, and says so", async () => {
    await using database = await cluster.createDatabase({
      sql: `
        DO $$
        BEGIN
          FOR i IN 1..700 LOOP
            EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, up int)', i);
          END LOOP;
        END $$
      `,
    });
    await database.query(`
      CREATE AGGREGATE counted(*) (sfunc = int8inc, stype = int8, initcond = '0');
      CREATE VIEW v AS SELECT * FROM t1;
      CREATE MATERIALIZED VIEW mv AS SELECT * FROM v;
      ALTER TABLE t700 ADD FOREIGN KEY (up) REFERENCES t1;
      INSERT INTO t7 VALUES (7)
    `);
    await vault.backup(database.url, { source: "many" });
    await database.query("CREATE TABLE stray (a int)");
    const plan = await vault.restore(database.url, {
      source: "many",
      confirm: database.name,
      mode: "in-place",
      dryRun: true,
    });
    expect(said(plan)).toContain("more objects than one transaction can lock");
    const ports = testPorts();
    const restored = await vault.restore(
      database.url,
      { source: "many", confirm: database.name, mode: "in-place", safetyBackup: false },
      ports,
    );
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("everything as it was"),
    });
    expect(ports.lines).toContainEqual(
      expect.stringMatching(/objects are more than one transaction can lock here/),
    );
    expect(await database.query("SELECT to_regclass('stray') AS stray, (SELECT id FROM t7) AS id")).toEqual([
      { stray: null, id: 7 },
    ]);
  });

  it("removes more large objects than one transaction can lock", async () => {
    await using database = await cluster.createDatabase({
      sql: "CREATE TABLE t (a int); INSERT INTO t VALUES (1); SELECT lo_from_bytea(5, 'x')",
    });
    await vault.backup(database.url, { source: "objects" });
    await database.query(`
      DO $$
        BEGIN
          FOR i IN 1..3000 LOOP
            PERFORM lo_create(0);
            IF i % 500 = 0 THEN
              COMMIT;
            END IF;
          END LOOP;
        END $$
    `);
    const restored = await vault.restore(database.url, {
      source: "objects",
      confirm: database.name,
      mode: "in-place",
      safetyBackup: false,
    });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("everything as it was"),
    });
    expect(await database.query("SELECT oid::int AS oid FROM pg_largeobject_metadata")).toEqual([{ oid: 5 }]);
  });

  it("that may not remove something leaves everything there and says that nothing was changed", async () => {
    await using database = await cluster.createDatabase({
      sql: "CREATE TABLE t (a int); INSERT INTO t VALUES (1)",
    });
    await vault.backup(database.url, { source: "mine" });
    await database.admin("CREATE SCHEMA platform; CREATE TABLE platform.p (a int)");
    const error = await expectRefusal(
      vault.restore(database.url, {
        source: "mine",
        confirm: database.name,
        mode: "in-place",
        safetyBackup: false,
      }),
      {
        code: "database.permission",
        exit: 4,
        says: "postgres owns platform there",
        hint: /Nothing was touched/,
      },
    );
    expect(error.hint).not.toMatch(/incomplete/);
    await database.admin("DROP SCHEMA platform CASCADE; SELECT lo_create(77)");
    await expectRefusal(
      vault.restore(database.url, {
        source: "mine",
        confirm: database.name,
        mode: "in-place",
        safetyBackup: false,
      }),
      {
        code: "database.permission",
        exit: 4,
        says: "postgres owns large object 77 there",
        hint: /Nothing was touched/,
      },
    );
    expect(await database.query("SELECT a FROM t")).toEqual([{ a: 1 }]);
  });
});
