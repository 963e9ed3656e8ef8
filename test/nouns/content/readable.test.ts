import { describe, expect, it } from "@jest/globals";
import { postgresDatabase } from "../../../src/adapters/postgres/database.ts";
import { emptiness } from "../../../src/nouns/server/emptiness.ts";
import { databaseFacts } from "../../../src/nouns/server/database-facts.ts";
import { fingerprintTables } from "../../../src/nouns/content/rows/fingerprint.ts";
import { takeInventory } from "../../../src/nouns/content/read/inventory.ts";
import { PINNED_SETTINGS } from "../../../src/nouns/server/pinned-settings.ts";
import { requireReadable } from "../../../src/nouns/content/read/readable.ts";
import type { DatabaseAddress } from "../../../src/ports/database.ts";
import { createDatabase } from "../../support/postgres.ts";
import { WHOLE } from "./copies.ts";

async function check(address: DatabaseAddress, scope = WHOLE): Promise<void> {
  await using session = await postgresDatabase(address).connect({
    purpose: "check",
    settings: PINNED_SETTINGS,
  });
  await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  await requireReadable(session, scope);
}

describe("what a role may read", () => {
  it("must be everything in scope: tables, sequences, schemas, large objects, and every row", async () => {
    await using database = await createDatabase({
      owner: "postgres",
      sql: "CREATE TABLE open (a int); GRANT SELECT ON open TO PUBLIC",
    });
    await check(database.address);
    const cases = [
      ['CREATE TABLE "Se cret" (a int)', "database.permission", '"Se cret"', 'DROP TABLE "Se cret"'],
      ["CREATE SEQUENCE s", "database.permission", "sequence public.s", "DROP SEQUENCE s"],
      [
        "CREATE SCHEMA hidden; CREATE TABLE hidden.t (a int); GRANT SELECT ON hidden.t TO PUBLIC",
        "database.permission",
        "hidden.t",
        "DROP SCHEMA hidden CASCADE",
      ],
      [
        "ALTER TABLE open ENABLE ROW LEVEL SECURITY",
        "database.row-security",
        "public.open",
        "ALTER TABLE open DISABLE ROW LEVEL SECURITY",
      ],
      ["SELECT lo_create(4711)", "database.permission", "large object 4711", "SELECT lo_unlink(4711)"],
    ] as const;
    for (const [make, code, name, undo] of cases) {
      await database.query(make);
      await expect(check(database.address)).rejects.toMatchObject({
        code,
        message: expect.stringContaining(name),
        hint: expect.stringMatching(/\.$/),
      });
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
    for (const sql of [
      "CREATE TABLE t (a int)",
      "CREATE SCHEMA s",
      "CREATE TYPE e AS ENUM ('a')",
      "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
      "SELECT lo_create(5)",
    ]) {
      await database.query(sql);
      expect((await look()).empty).toBe(false);
    }
    expect(await look()).toEqual({
      empty: false,
      objects: 5,
      examples: ["table public.t", "function public.f()", "type public.e", "schema s", "large object 5"],
    });
  });

  const KINDS: readonly (readonly [string, string, string])[] = [
    ["a table", 'CREATE TABLE "T" ()', 'table public."T"'],
    ["a partitioned table", "CREATE TABLE p (a int) PARTITION BY LIST (a)", "table public.p"],
    ["a view", "CREATE VIEW v AS SELECT 1 AS a", "view public.v"],
    ["a materialized view", "CREATE MATERIALIZED VIEW m AS SELECT 1 AS a", "materialized view public.m"],
    ["a sequence", "CREATE SEQUENCE s", "sequence public.s"],
    [
      "a function",
      "CREATE FUNCTION f(a int, b text[]) RETURNS int LANGUAGE sql AS 'SELECT 1'",
      "function public.f(integer, text[])",
    ],
    ["a procedure", "CREATE PROCEDURE p() LANGUAGE sql AS ''", "procedure public.p()"],
    [
      "an aggregate",
      "CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int)",
      "aggregate public.total(integer)",
    ],
    ["an enum", "CREATE TYPE e AS ENUM ()", "type public.e"],
    ["a domain", "CREATE DOMAIN d AS int", "type public.d"],
    ["a composite type", "CREATE TYPE c AS (a int)", "type public.c"],
    ["a shell type", "CREATE TYPE shell", "type public.shell"],
    ["a schema", "CREATE SCHEMA s", "schema s"],
    [
      "an operator",
      "CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)",
      "operator public.===(integer,integer)",
    ],
    ["an operator family", "CREATE OPERATOR FAMILY of USING btree", "operator family public.of USING btree"],
    ["a cast", "CREATE CAST (int AS inet) WITH INOUT", "cast (integer AS inet)"],
    ["a collation", 'CREATE COLLATION c FROM "C"', "collation public.c"],
    [
      "a conversion",
      "CREATE CONVERSION cv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
      "conversion public.cv",
    ],
    [
      "a text search configuration",
      "CREATE TEXT SEARCH CONFIGURATION ts (COPY = simple)",
      "text search configuration public.ts",
    ],
    [
      "a text search dictionary",
      "CREATE TEXT SEARCH DICTIONARY td (TEMPLATE = simple)",
      "text search dictionary public.td",
    ],
    [
      "a text search parser",
      `
        CREATE TEXT SEARCH PARSER tp (
          START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype)
      `,
      "text search parser public.tp",
    ],
    [
      "a text search template",
      "CREATE TEXT SEARCH TEMPLATE tt (LEXIZE = dsimple_lexize)",
      "text search template public.tt",
    ],
    ["a language", "CREATE LANGUAGE lang HANDLER plpgsql_call_handler", "language lang"],
    [
      "an access method",
      "CREATE ACCESS METHOD am TYPE TABLE HANDLER heap_tableam_handler",
      "access method am",
    ],
    ["a foreign-data wrapper", "CREATE FOREIGN DATA WRAPPER w", "foreign-data wrapper w"],
    [
      "an event trigger",
      "CREATE EVENT TRIGGER et ON sql_drop EXECUTE FUNCTION quiet.nothing()",
      "event trigger et",
    ],
    ["a publication", "CREATE PUBLICATION pub", "publication pub"],
    [
      "a subscription",
      `
        CREATE SUBSCRIPTION sub CONNECTION 'host=nowhere' PUBLICATION p
          WITH (connect = false, slot_name = NONE)
      `,
      "subscription sub",
    ],
    [
      "default privileges",
      "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO holdfast",
      "default privileges of postgres",
    ],
    ["a large object", "SELECT lo_create(7)", "large object 7"],
  ];

  it("knows every class of object by its name", async () => {
    await using database = await createDatabase({ owner: "postgres", sql: "CREATE EXTENSION hstore" });
    const session = await postgresDatabase(database.adminAddress).connect({ purpose: "look" });
    // Not everything can be made in a transaction, so that each is taken back by hand, all but the helper
    // that stands in an extension.
    await database.query(`
      CREATE SCHEMA quiet;
      CREATE FUNCTION quiet.nothing() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
      ALTER EXTENSION hstore ADD SCHEMA quiet;
      ALTER EXTENSION hstore ADD FUNCTION quiet.nothing()
    `);
    await session.query("SET search_path = public");
    for (const [kind, make, name] of KINDS) {
      await session.query("BEGIN");
      await session.query(make);
      await session.query("SET LOCAL search_path = pg_catalog");
      expect([kind, await emptiness(session)]).toEqual([
        kind,
        { empty: false, objects: 1, examples: [name] },
      ]);
      await session.query("ROLLBACK");
    }
    expect((await emptiness(session)).empty).toBe(true);
    await session.close();
  });

  it("counts what hangs on another object once: mappings, operator classes, transforms", async () => {
    await using database = await createDatabase({
      owner: "postgres",
      sql: "CREATE EXTENSION hstore; CREATE EXTENSION postgres_fdw",
    });
    await database.query(`
      CREATE SERVER srv FOREIGN DATA WRAPPER postgres_fdw;
      CREATE USER MAPPING FOR holdfast SERVER srv OPTIONS (password 'x');
      CREATE FOREIGN TABLE ft (a int) SERVER srv
    `);
    await database.query(`
      CREATE TABLE t (a int, b int);
      CREATE STATISTICS st ON a, b FROM t;
      CREATE TYPE r AS RANGE (SUBTYPE = float4)
    `);
    await database.query(
      "CREATE OPERATOR CLASS oc FOR TYPE int USING btree AS OPERATOR 1 <, FUNCTION 1 btint4cmp(int, int)",
    );
    await database.query(
      "CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal))",
    );
    // A role without rights sees all of it too.
    await using session = await postgresDatabase(database.address).connect({ purpose: "look" });
    const all: string[] = [];
    const unlimited: Pick<typeof session, "query"> = {
      query: async (sql) => {
        const rows = await session.query<{ name: string }>(sql.replace(/LIMIT 5\s*$/, ""));
        all.push(...rows.map((row) => row.name));
        return rows as never;
      },
    };
    await emptiness({ ...session, ...unlimited });
    expect(all).toEqual(
      expect.arrayContaining([
        "foreign server srv",
        "user mapping of holdfast for server srv",
        "foreign table public.ft",
        "statistics public.st",
        "type public.r",
        "operator class public.oc USING btree",
        "transform for integer on language sql",
        "operator family public.oc USING btree",
        "table public.t",
      ]),
    );
    expect(all.filter((name) => name.startsWith("type"))).toEqual(["type public.r"]);
    expect(all.filter((name) => /_[rt]$|ft$/.test(name))).toEqual(["foreign table public.ft"]);
  });
});

describe("a server", () => {
  it("tells what it is and who is asking", async () => {
    await using database = await createDatabase({ encoding: "LATIN1" });
    await using session = await postgresDatabase(database.address).connect({ purpose: "facts" });
    const facts = await databaseFacts(session);
    expect(facts).toMatchObject({
      database: database.name,
      role: "holdfast",
      superuser: false,
      createDb: true,
      bypassRls: false,
      inRecovery: false,
      encoding: "LATIN1",
      collate: "C",
    });
    expect(facts.version).toMatch(new RegExp(`^${facts.major}\\.\\d+$`));
    expect(facts.sizeBytes).toBeGreaterThan(1e6);
    expect(Math.abs(facts.serverTime.getTime() - Date.now())).toBeLessThan(60_000);
  });
});

describe("fingerprinting", () => {
  it("sees its snapshot and not what is written meanwhile", async () => {
    await using database = await createDatabase({
      sql: "CREATE TABLE t AS SELECT g AS a FROM generate_series(1, 1000) g",
    });
    await using holder = await postgresDatabase(database.address).connect({
      purpose: "snapshot",
      settings: PINNED_SETTINGS,
    });
    await holder.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const [{ id }] = (await holder.query<{ id: string }>("SELECT pg_export_snapshot() AS id")) as [
      { id: string },
    ];
    const inventory = await takeInventory(holder, WHOLE, { proof: "content" });
    await database.query("INSERT INTO t SELECT g FROM generate_series(1, 5000) g; DELETE FROM t WHERE a = 7");
    const open = async () => {
      const session = await postgresDatabase(database.address).connect({
        purpose: "fingerprint",
        settings: PINNED_SETTINGS,
      });
      await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      await session.query(`SET TRANSACTION SNAPSHOT '${id}'`);
      return session;
    };
    const [table] = await fingerprintTables(open, inventory, {
      jobs: 2,
      signal: new AbortController().signal,
    });
    expect(table).toMatchObject({ name: "t", rows: 1000 });
    const counted = await fingerprintTables(
      open,
      { ...inventory, proof: "rows" },
      { jobs: 1, signal: new AbortController().signal },
    );
    expect(counted[0]).toMatchObject({ rows: 1000, fingerprint: null });
  });

  it("stops at once when it is told to, on the server too, and gives the reason", async () => {
    await using database = await createDatabase({
      sql: "CREATE TABLE t AS SELECT g AS a, repeat(md5(g::text), 30) AS b FROM generate_series(1, 300000) g",
    });
    const stop = new AbortController();
    const reason = new Error("enough");
    const open = async () => {
      const session = await postgresDatabase(database.address).connect({
        purpose: "fingerprint",
        settings: PINNED_SETTINGS,
      });
      await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      return session;
    };
    const session = await open();
    const inventory = await takeInventory(session, WHOLE, { proof: "content" });
    await session.close();
    setTimeout(() => stop.abort(reason), 150);
    await expect(fingerprintTables(open, inventory, { jobs: 2, signal: stop.signal })).rejects.toBe(reason);
    const [row] = await database.admin(`
      SELECT count(*) AS n
        FROM pg_stat_activity
       WHERE datname = current_database() AND state = 'active' AND application_name = 'holdfast fingerprint'
    `);
    expect(row).toEqual({ n: "0" });
  });
});
