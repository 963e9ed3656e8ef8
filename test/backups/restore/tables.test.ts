import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { startCluster, type Cluster, type TestDatabase } from "../../support/postgres.ts";
import { output, said, Vault } from "../../support/vault.ts";
import { testInTurn } from "../../support/cases-in-turn.ts";

/**
 * Named tables come back with everything that is theirs and nothing that is another's, whatever
 * they are called.
 */

/** What every table may have. */
const OF_EACH = ['"a b".c', 'a."b c"', "a.b", '"TABLE"."TABLE DATA"', '"q ""u"" ."."x.y"']
  .map(
    (table, at) => `
      ALTER TABLE ${table} ADD COLUMN n int DEFAULT ${at}, ADD COLUMN m int DEFAULT ${at};
      ALTER TABLE ${table} ADD CONSTRAINT "c k" CHECK (n >= 0);
      ALTER TABLE ${table} ADD CONSTRAINT later CHECK (m >= 0) NOT VALID;
      CREATE INDEX "i ${at}" ON ${table} (n);
      CREATE STATISTICS a."s ${at}" (dependencies) ON n, m FROM ${table};
      CREATE TRIGGER "t r" BEFORE UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION a.f();
      ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
      CREATE POLICY "p y" ON ${table} USING (n > 0);
      CREATE RULE "r e" AS ON DELETE TO ${table} DO INSTEAD NOTHING;
      COMMENT ON TABLE ${table} IS 'table ${at}';
      COMMENT ON COLUMN ${table}.n IS 'column ${at}';
      COMMENT ON CONSTRAINT "c k" ON ${table} IS 'constraint ${at}';
      COMMENT ON TRIGGER "t r" ON ${table} IS 'trigger ${at}';
      COMMENT ON POLICY "p y" ON ${table} IS 'policy ${at}';
      COMMENT ON RULE "r e" ON ${table} IS 'rule ${at}';
      GRANT SELECT ON ${table} TO PUBLIC;
      GRANT UPDATE (n) ON ${table} TO PUBLIC;
      ALTER TABLE ${table} REPLICA IDENTITY FULL;
    `,
  )
  .join("\n");

/** Texts of entries run into each other: "a b"."c" and "a"."b c", "a"."b" and "a"."b c". */
const HOSTILE = String.raw`
  CREATE SCHEMA "a b"; CREATE SCHEMA a; CREATE SCHEMA "TABLE"; CREATE SCHEMA "q ""u"" .";
  CREATE TABLE "a b".c (id serial PRIMARY KEY, v text); INSERT INTO "a b".c (v) VALUES ('a b, c');
  CREATE TABLE a."b c" (id serial PRIMARY KEY, v text, w text);
  INSERT INTO a."b c" (v) SELECT 'a, b c' FROM generate_series(1, 5);
  CREATE TABLE a.b (id int PRIMARY KEY, v text CHECK (v <> 'x')); INSERT INTO a.b VALUES (1, 'a, b');
  CREATE TABLE "TABLE"."TABLE DATA" (id int, "COMMENT" text);
  INSERT INTO "TABLE"."TABLE DATA" VALUES (1, 'odd'), (2, 'odder');
  CREATE TABLE "q ""u"" ."."x.y" (id int GENERATED ALWAYS AS IDENTITY, "z.""z" text);
  INSERT INTO "q ""u"" ."."x.y" ("z.""z") VALUES ('dot');
  CREATE FUNCTION a.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  ${OF_EACH}
  COMMENT ON INDEX "a b"."i 0" IS 'index 0';
  GRANT USAGE ON SEQUENCE "a b".c_id_seq TO PUBLIC;
  COMMENT ON SEQUENCE a."b c_id_seq" IS 'sequence 1';
  SELECT setval('a."b c_id_seq"', 50);
  ALTER TABLE a.b ADD CONSTRAINT "c later" FOREIGN KEY (id) REFERENCES a."b c";
  CREATE TABLE a.part (id int, day date, v text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
  CREATE INDEX part_v ON a.part (v);
  CREATE TABLE a."part 1" PARTITION OF a.part FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
  CREATE TABLE a.part2 PARTITION OF a.part DEFAULT;
  INSERT INTO a.part SELECT g, '2025-12-20'::date + g, 'v' || g FROM generate_series(1, 40) g;
`;

let cluster: Cluster;
let source: TestDatabase;
let vault: Vault;

beforeAll(async () => {
  cluster = await startCluster();
  source = await cluster.createDatabase({ sql: HOSTILE });
  await source.admin("CREATE PUBLICATION changes FOR TABLE a.\"b c\" (id, v), a.b WITH (publish = 'insert')");
  vault = await Vault.make();
  await vault.backup(source.adminUrl, { source: "one" });
  // An archive of rows alone does not tell sequences apart whose entries read alike.
  await source.query('ALTER SEQUENCE "a b".c_id_seq RENAME TO c_seq');
  await vault.backup(source.adminUrl, { source: "two", tier: "tier1" });
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

async function copyOf(from: string): Promise<TestDatabase> {
  const database = await cluster.createDatabase();
  expect((await vault.restore(database.adminUrl, { source: from })).exit).toBe(0);
  return database;
}

/**
 * A restore of named tables onto a copy from which they are gone, then the whole copy is backed up and held
 * against the first backup.
 */
async function proveWhole(from: string, drop: string, tables: string[]): Promise<void> {
  await using database = await copyOf(from);
  await database.admin(drop);
  const restored = await vault.restore(database.adminUrl, {
    source: from,
    tables,
    confirm: database.name,
    safetyBackup: false,
  });
  expect({ exit: restored.exit, said: said(restored) }).toEqual({
    exit: 0,
    said: expect.stringContaining("the named tables as they were"),
  });
  const again = await vault.backup(database.adminUrl, { source: `again-${from}` });
  const ids = [output(await vault.list({ source: from }), "latest"), output(again, "id")] as const;
  const [before, now] = [await vault.manifest(ids[0]), await vault.manifest(ids[1])];
  expect(now.content.objects).toEqual(before.content.objects);
  expect(
    now.content.tables.map(({ schema, name, rows, fingerprint }) => ({ schema, name, rows, fingerprint })),
  ).toEqual(
    before.content.tables.map(({ schema, name, rows, fingerprint }) => ({ schema, name, rows, fingerprint })),
  );
  expect(now.content.sequences).toEqual(before.content.sequences);
}

describe.each([
  ["one", 0],
  ["two", 1],
])("from archive(s) of backup %s", (from, way) => {
  const inOne = testInTurn(`named tables, ${from}`, 2, way);

  inOne("a table comes back whole, with indexes, statistics, grants, policies, publications", async () => {
    await proveWhole(from, 'DROP TABLE "a b".c', ['"a b".c']);
  });

  inOne("tables whose names begin alike and quote each other come back, each with its own", async () => {
    await proveWhole(from, 'DROP TABLE a.b, a."b c"', ['a."b c"', "a.b"]);
    await proveWhole(from, 'DROP TABLE "TABLE"."TABLE DATA", "q ""u"" ."."x.y"', [
      '"TABLE"."TABLE DATA"',
      '"q ""u"" ."."x.y"',
    ]);
  });

  inOne("a partition comes back and is a partition again, without a second index or key", async () => {
    await proveWhole(from, 'DROP TABLE a."part 1"', ['a."part 1"']);
  });

  inOne("rows of one table only are put where another one reads alike", async () => {
    await using database = await copyOf(from);
    await database.admin(`
      SET session_replication_role = replica;
      UPDATE "a b".c SET v = 'newer';
      UPDATE a."b c" SET v = 'newer';
      SELECT setval('a."b c_id_seq"', 99), setval(pg_get_serial_sequence('"a b".c', 'id'), 99)
    `);
    const restored = await vault.restore(database.adminUrl, {
      source: from,
      what: "data",
      tables: ['"a b".c'],
      confirm: database.name,
      safetyBackup: false,
    });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("definitions were not compared"),
    });
    expect(
      await database.admin(`
        SELECT (SELECT v FROM "a b".c) AS c, (SELECT count(*)::int FROM a."b c" WHERE v = 'newer') AS newer,
               (SELECT last_value::int FROM a."b c_id_seq") AS other
      `),
    ).toEqual([{ c: "a b, c", newer: 5, other: 99 }]);
  });
});

describe("a restore of named tables", () => {
  it("is not called right when what belongs to a table did not come", async () => {
    await using database = await copyOf("one");
    await database.admin('DROP TABLE "a b".c');
    for (const [type, name] of [
      ["INDEX", "i 0"],
      ["STATISTICS", "s 0"],
      ["POLICY", "p y"],
      ["ACL", "c"],
      ["COMMENT", "c"],
    ] as const) {
      await database.admin('DROP TABLE IF EXISTS "a b".c');
      const restored = await vault.restore(
        database.adminUrl,
        { source: "one", tables: ['"a b".c'], confirm: database.name, safetyBackup: false },
        {
          tools: (tools) => ({
            ...tools,
            listContents: async (set, archive) =>
              (await tools.listContents(set, archive)).filter(
                (entry) => !(entry.type === type && entry.rest.includes(name)),
              ),
          }),
        },
      );
      expect({ type, exit: restored.exit }).toEqual({ type, exit: 5 });
    }
  });

  it("names what DROP … CASCADE took outside the named table, and nothing where it went alone", async () => {
    await using database = await cluster.createDatabase({
      sql: `
        CREATE TABLE customer (id int PRIMARY KEY);
        CREATE TABLE bill (customer int CONSTRAINT of_customer REFERENCES customer);
        CREATE VIEW known AS SELECT id FROM customer
      `,
    });
    await vault.backup(database.adminUrl, { source: "cascade" });
    const again = async (...tables: string[]): Promise<string> =>
      said(
        await vault.restore(database.adminUrl, {
          source: "cascade",
          tables,
          confirm: database.name,
          safetyBackup: false,
        }),
      );
    await database.query("DROP TABLE bill");
    expect(await again("public.bill")).not.toContain("takes along");
    await database.query("DROP TABLE customer CASCADE");
    const found = await again("public.customer");
    expect(found).toContain(
      "lacks what the backup has outside the named tables, and which DROP … CASCADE takes along: " +
        "constraint public.bill.of_customer, view public.known;",
    );
  });

  it("says what a table lacks that got rows only, as after a try killed before its keys", async () => {
    await using database = await copyOf("one");
    const restore = async (): Promise<{ exit: number; said: string }> => {
      const restored = await vault.restore(database.adminUrl, {
        source: "one",
        tables: ["a.b"],
        confirm: database.name,
        safetyBackup: false,
      });
      return { exit: restored.exit, said: said(restored) };
    };
    expect(await restore()).toEqual({
      exit: 0,
      said: expect.stringContaining("the named tables as they were"),
    });
    await database.admin('DROP INDEX a."i 2"; ALTER TABLE a.b DROP CONSTRAINT b_pkey; DROP INDEX a."i 1"');
    const found = await restore();
    expect(found).toEqual({
      exit: 3,
      said: expect.stringMatching(/gap: is missing: the table was there before and got rows only/),
    });
    expect(found.said).toContain("b_pkey");
    expect(found.said).toContain('"i 2"');
    // Another table's.
    expect(found.said).not.toContain('"i 1"');
  });
});
