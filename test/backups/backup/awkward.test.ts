import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { awkwardDatabase, ODD_NAMES, type AwkwardDatabase } from "../../support/awkward.ts";
import { startCluster, type Cluster } from "../../support/postgres.ts";
import { expectRefusal, findings, output, said, Vault } from "../../support/vault.ts";
import { casesInTurn, rounds } from "../../support/sampling.ts";

/**
 * Databases that trouble backup programs: each is backed up, restored elsewhere and compared, down to the
 * last row and right.
 */

let cluster: Cluster;
let vault: Vault;

beforeAll(async () => {
  cluster = await startCluster();
  vault = await Vault.make();
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

async function expectProved(choice: Parameters<Vault["validate"]>[0]): Promise<void> {
  const validated = await vault.validate(choice);
  expect({ found: findings(validated), exit: validated.exit, verdict: validated.outputs["verdict"] }).toEqual(
    { found: [], exit: 0, verdict: "proved" },
  );
}

describe("a database with one of everything", () => {
  let source: AwkwardDatabase;
  let id: string;

  beforeAll(async () => {
    source = await awkwardDatabase(cluster);
    const taken = await vault.backup(source.adminUrl, { source: "awkward", tier: "tier3" });
    expect(taken.exit).toBe(0);
    id = output(taken, "id");
  }, 120_000);

  it("is proved by restoring it where none of its roles are, from each set of artifacts", async () => {
    const validated = await vault.validate({ backup: id, depth: "restored", jobs: 2 });
    expect({ found: findings(validated), exit: validated.exit }).toEqual({ found: [], exit: 0 });
    expect(validated.outputs["verdict"]).toBe("proved");
  }, 120_000);

  it("recorded every table under its own name", async () => {
    const { content } = await vault.manifest(id);
    const names = new Set(content.tables.map((table) => table.name));
    expect(ODD_NAMES.filter((name) => !names.has(name))).toEqual([]);
    for (const [index, name] of ODD_NAMES.entries()) {
      expect(content.tables.find((table) => table.schema === "odd" && table.name === name)).toMatchObject({
        kind: "table",
        rows: index + 1,
        fingerprint: expect.stringMatching(/^-?\d+$/),
      });
    }
  });

  it("is restored into an empty database, and again over itself after it was spoilt", async () => {
    await using target = await cluster.createDatabase({ owner: "postgres" });
    const restored = await vault.restore(target.adminUrl, { backup: id, jobs: 2 });
    expect({ exit: restored.exit, headline: restored.report.headline }).toEqual({
      exit: 0,
      headline: expect.stringContaining("everything as it was"),
    });
    await target.admin(`
      SET session_replication_role = replica;
      UPDATE s.guarded SET v = 'spoilt' WHERE id = 50;
      DROP MATERIALIZED VIEW s.z_base CASCADE;
      CREATE TABLE public.stray (a int);
      SELECT lo_unlink(990001);
      SELECT nextval('s.huge')
    `);
    const again = await vault.restore(target.adminUrl, {
      backup: id,
      confirm: target.name,
      mode: "in-place",
      safetyBackup: false,
    });
    expect({ exit: again.exit, said: said(again) }).toEqual({
      exit: 0,
      said: expect.stringContaining("everything as it was"),
    });
    expect(
      await target.admin(
        "SELECT to_regclass('public.stray') AS stray, (SELECT v FROM s.guarded WHERE id = 50) AS v",
      ),
    ).toEqual([{ stray: null, v: "v50" }]);
  }, 120_000);

  it("gives its data back to tables that stayed, whatever triggers and foreign keys they have", async () => {
    await using target = await cluster.createDatabase({ owner: "postgres" });
    await vault.restore(target.adminUrl, { backup: id });
    await target.admin(`
      SET session_replication_role = replica;
      DELETE FROM s.egg WHERE id < 10;
      UPDATE s.guarded SET v = 'spoilt';
      TRUNCATE s.log;
      DELETE FROM s.tree WHERE id = 3
    `);
    const restored = await vault.restore(target.adminUrl, {
      backup: id,
      what: "data",
      confirm: target.name,
      safetyBackup: false,
    });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("the rows as they were"),
    });
    expect(
      await target.admin(
        "SELECT sum(seen)::int AS seen, (SELECT count(*)::int FROM s.egg) AS eggs FROM s.guarded",
      ),
    ).toEqual([{ seen: 0, eggs: 20 }]);
  }, 120_000);
});

describe("an unusual database", () => {
  it("without anything in it is backed up, proved and restored", async () => {
    await using source = await cluster.createDatabase();
    await using target = await cluster.createDatabase();
    const taken = await vault.backup(source.url, { source: "empty", tier: "tier3" });
    expect(taken.outputs).toMatchObject({ tables: 0, rows: 0 });
    await expectProved({ source: "empty", scratch: cluster.adminUrl() });
    expect((await vault.restore(target.url, { source: "empty" })).exit).toBe(0);
  });

  it("without even the schema public is proved, and one whose public was changed too", async () => {
    await using bare = await cluster.createDatabase({
      owner: "postgres",
      sql: "DROP SCHEMA public; CREATE SCHEMA app; CREATE TABLE app.t AS SELECT 1 AS a",
    });
    await vault.backup(bare.adminUrl, { source: "bare", tier: "tier3" });
    await expectProved({ source: "bare", scratch: cluster.adminUrl() });
    await using changed = await cluster.createDatabase({
      owner: "postgres",
      sql: `
        ALTER SCHEMA public OWNER TO holdfast;
        REVOKE ALL ON SCHEMA public FROM PUBLIC;
        GRANT CREATE ON SCHEMA public TO holdfast;
        COMMENT ON SCHEMA public IS 'ours';
        CREATE TABLE public.t (a int)
      `,
    });
    await vault.backup(changed.adminUrl, { source: "changed", tier: "tier3" });
    await expectProved({ source: "changed", scratch: cluster.adminUrl() });
  });

  it.each(
    casesInTurn(
      "encodings of a source",
      [
        ["LATIN1", "SELECT U&'\\00e9t\\00e9' AS w, 1 AS id"],
        ["SQL_ASCII", "SELECT E'\\xc3\\xa9\\xff'::text AS w, 1 AS id"],
        ["EUC_JP", "SELECT U&'\\8868' AS w, 1 AS id"],
      ],
      { every: 3 },
    ),
  )(
    "of encoding %s is proved, with names beyond ASCII, from both kinds of dump",
    async (encoding, select) => {
      const name =
        encoding === "EUC_JP" ? 'U&"\\8868"' : encoding === "LATIN1" ? 'U&"gr\\00f6\\00dfe"' : "plain";
      await using source = await cluster.createDatabase({
        encoding,
        sql: `SET client_encoding = ${encoding}; CREATE TABLE words AS ${select}`,
      });
      if (name !== "plain") {
        await source.query(`
          CREATE SCHEMA ${name};
          CREATE TABLE ${name}.${name} (${name} text DEFAULT 'x');
          INSERT INTO ${name}.${name} DEFAULT VALUES;
          COMMENT ON TABLE ${name}.${name} IS ${name.replace(/"/g, "'")}
        `);
      }
      await vault.backup(source.url, { source: encoding.toLowerCase(), tier: "tier3" });
      await expectProved({ source: encoding.toLowerCase(), scratch: cluster.adminUrl() });
      await using target = await cluster.createDatabase({ encoding });
      expect((await vault.restore(target.url, { source: encoding.toLowerCase() })).exit).toBe(0);
    },
  );

  it("whose index calls a function that names its table without a schema is refused by table", async () => {
    await using source = await cluster.createDatabase({
      sql: `
        CREATE TABLE rates (id int, rate int);
        INSERT INTO rates VALUES (1, 5);
        CREATE FUNCTION rate(int) RETURNS int LANGUAGE sql IMMUTABLE AS
          'SELECT rate FROM rates WHERE id = $1';
        CREATE TABLE bills (rate_id int);
        INSERT INTO bills VALUES (1);
        CREATE INDEX bills_rate ON bills (rate(rate_id))
      `,
    });
    await expectRefusal(vault.backup(source.url, { source: "unqualified" }), {
      code: "database.query",
      exit: 4,
      says: /"public"."bills".*relation "rates" does not exist/,
      hint: /ALTER FUNCTION … SET search_path/,
    });
    expect(vault.files("manifests/unqualified")).toEqual([]);
    // Without a proof it is still backed up, and a validation then names the index that
    // pg_restore cannot make.
    await vault.backup(source.url, { source: "unqualified", proof: "none" });
    const validated = await vault.validate({ source: "unqualified", scratch: cluster.adminUrl() });
    expect(validated).toMatchObject({ exit: 5, outputs: { verdict: "failed" } });
    expect(findings(validated)).toContainEqual(
      expect.objectContaining({
        severity: "difference",
        about: "index",
        name: expect.stringContaining("bills_rate"),
      }),
    );
    // Mended as the hint says, it is proved.
    await source.query("ALTER FUNCTION rate(int) SET search_path = public");
    await vault.backup(source.url, { source: "mended" });
    await expectProved({ source: "mended", scratch: cluster.adminUrl() });
  });
});

describe("big values", () => {
  const MEGABYTES = rounds("MB of bytea in a row", 20, 100);

  it(`a row of ${MEGABYTES} MB and a text of half as much again are dumped and proved`, async () => {
    await using source = await cluster.createDatabase({
      sql: `
        CREATE TABLE blobs (id int, b bytea, t text);
        ALTER TABLE blobs ALTER b SET STORAGE EXTERNAL, ALTER t SET STORAGE EXTERNAL;
        INSERT INTO blobs
          SELECT 1, decode(repeat('00ff1020304050607080', ${MEGABYTES * 100_000}), 'hex'), NULL;
        INSERT INTO blobs SELECT 2, NULL, repeat('ünd ', ${MEGABYTES * 300_000})
      `,
    });
    const taken = await vault.backup(source.url, { source: "big" });
    expect(taken.outputs).toMatchObject({ rows: 2 });
    expect(Number(taken.outputs["plain-bytes"])).toBeGreaterThan(MEGABYTES * 3_400_000);
    await expectProved({ source: "big", scratch: cluster.adminUrl() });
  }, 180_000);

  it("large objects of more than one page, empty ones and ones with holes are proved", async () => {
    await using source = await cluster.createDatabase({
      sql: `
        SELECT lo_from_bytea(0, decode(repeat('0123456789abcdef', 400000), 'hex')) FROM generate_series(1, 3);
        SELECT lo_from_bytea(77, '');
        SELECT lo_from_bytea(78, 'x');
        SELECT lo_put(78, 5000000, 'far');
        SELECT lo_from_bytea(g::oid, g::text::bytea) FROM generate_series(100000, 101200) g
      `,
    });
    await vault.backup(source.url, { source: "objects", tier: "tier1" });
    const [{ largeObjects }] = [
      (await vault.manifest(output(await vault.list({ source: "objects" }), "latest"))).content,
    ];
    expect(largeObjects.count).toBe(1206);
    await expectProved({ source: "objects", scratch: cluster.adminUrl() });
  }, 120_000);
});
