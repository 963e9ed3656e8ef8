import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { readFile } from "node:fs/promises";
import { createDatabase, startCluster, type Cluster } from "../../support/postgres.ts";
import { findings, output, Vault } from "../../support/vault.ts";
import { measure } from "./copies.ts";
import { casesInTurn } from "../../support/sampling.ts";

/** Backups of some schemas, and the extensions that their objects need and their dumps do not hold. */
describe("a backup of some schemas", () => {
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

  const cases: readonly [string, string, { schemas?: string[]; excludeSchemas?: string[] }, string[]][] = [
    [
      "of public alone, without any extension",
      "CREATE TABLE t AS SELECT 1 AS a; CREATE SCHEMA other; CREATE TABLE other.t (a int)",
      { schemas: ["public"] },
      [],
    ],
    [
      "of public with changed rights",
      `
        CREATE TABLE t AS SELECT 1 AS a;
        REVOKE USAGE ON SCHEMA public FROM PUBLIC;
        GRANT CREATE ON SCHEMA public TO holdfast
      `,
      { schemas: ["public"] },
      [],
    ],
    [
      "of all but another",
      "CREATE TABLE t AS SELECT 1 AS a; CREATE SCHEMA other; CREATE TABLE other.t (a int)",
      { excludeSchemas: ["other"] },
      ["plpgsql"],
    ],
    [
      "whose types come from an extension in public",
      `
        CREATE EXTENSION citext;
        CREATE EXTENSION pgcrypto;
        CREATE SCHEMA app;
        CREATE TABLE app.t (c citext PRIMARY KEY);
        INSERT INTO app.t VALUES ('A')
      `,
      { schemas: ["app"] },
      ["citext"],
    ],
    [
      "whose types come from an extension in the schema itself, owned by another role",
      `
        CREATE SCHEMA app AUTHORIZATION holdfast;
        CREATE EXTENSION hstore SCHEMA app;
        CREATE TABLE app.t (h app.hstore);
        INSERT INTO app.t VALUES ('a=>1');
        GRANT USAGE ON SCHEMA app TO PUBLIC
      `,
      { schemas: ["app"] },
      ["hstore"],
    ],
    [
      "whose index needs an extension of a schema that is left out, and that one another",
      `
        CREATE SCHEMA ext;
        CREATE EXTENSION cube SCHEMA ext;
        CREATE EXTENSION earthdistance SCHEMA ext;
        CREATE EXTENSION pg_trgm SCHEMA ext;
        CREATE TABLE t (w text);
        CREATE INDEX ON t USING gin (w ext.gin_trgm_ops);
        CREATE FUNCTION far() RETURNS ext.earth LANGUAGE sql AS 'SELECT NULL::ext.earth';
        INSERT INTO t VALUES ('word')
      `,
      { schemas: ["public"] },
      ["cube", "earthdistance", "pg_trgm"],
    ],
    [
      "with an extension in the schema that is left out",
      `
        CREATE SCHEMA ext;
        CREATE EXTENSION citext SCHEMA ext;
        CREATE TABLE t (c ext.citext);
        INSERT INTO t VALUES ('A')
      `,
      { excludeSchemas: ["ext"] },
      ["citext", "plpgsql"],
    ],
    [
      "of public, with an extension in it",
      `
        CREATE EXTENSION citext;
        CREATE TABLE t (c citext);
        INSERT INTO t VALUES ('A');
        CREATE VIEW v AS SELECT c FROM t
      `,
      { schemas: ["public"] },
      ["citext"],
    ],
  ];

  it.each(casesInTurn("schemas that need extensions", cases, { every: 2 }))(
    "is proved: %s",
    async (_title, sql, choice, extensions) => {
      const database = await cluster.createDatabase({ owner: "postgres", sql });
      const id = output(await vault.backup(database.adminUrl, { ...choice, tier: "tier1" }), "id");
      expect((await vault.manifest(id)).content.extensions.map((extension) => extension.name)).toEqual(
        extensions,
      );
      const validated = await vault.validate({ backup: id, scratch: cluster.adminUrl() });
      expect(findings(validated)).toEqual([]);
      expect(validated).toMatchObject({ exit: 0, outputs: { verdict: "proved" } });
    },
  );

  it("and a database whose extension keeps its settings in a table is backed up in every tier", async () => {
    const database = await cluster.createDatabase({
      owner: "postgres",
      sql: `
        CREATE EXTENSION hstore;
        CREATE TABLE settings (name text, value text);
        INSERT INTO settings VALUES ('mine', '1'), ('delivered', '2');
        ALTER EXTENSION hstore ADD TABLE settings;
        UPDATE pg_extension
          SET extconfig = ARRAY['settings'::regclass::oid], extcondition = ARRAY['WHERE name = ''mine''']
        WHERE extname = 'hstore'
      `,
    });
    for (const tier of ["tier1", "tier2", "tier3", "tier4"] as const) {
      const manifest = await vault.manifest(output(await vault.backup(database.adminUrl, { tier }), "id"));
      expect(manifest.content.tables).toMatchObject([
        { name: "settings", rows: 1, ofExtension: true, extensions: ["hstore"] },
      ]);
    }
  });

  it("records what belongs to the database itself, and no value of its settings", async () => {
    const database = await cluster.createDatabase({ owner: "postgres", locale: "icu:de-DE" });
    await database.admin(`
      ALTER DATABASE ${database.name} SET app.key = 'hush';
      ALTER ROLE holdfast IN DATABASE ${database.name} SET work_mem = '7MB';
      GRANT CONNECT ON DATABASE ${database.name} TO holdfast
    `);
    const id = output(await vault.backup(database.adminUrl), "id");
    const { content } = await vault.manifest(id);
    expect(content.database).toMatchObject({
      provider: "icu",
      locale: "de-DE",
      settings: ["app.key", "work_mem for role holdfast"],
    });
    for (const path of vault.files("manifests")) {
      expect(await readFile(vault.path(path), "utf8")).not.toMatch(/hush|7MB/);
    }
    const validated = await vault.validate({ backup: id, scratch: cluster.adminUrl() });
    expect(validated).toMatchObject({ exit: 0, outputs: { verdict: "proved" } });
    expect(JSON.stringify(validated.report.notes)).not.toContain("was used instead");
  });
});

describe("what an extension is needed for", () => {
  it("is recorded for tables, views, functions, types and indexes over them, and no others", async () => {
    await using database = await createDatabase({
      owner: "postgres",
      sql: `
        CREATE EXTENSION citext;
        CREATE EXTENSION pg_trgm;
        CREATE EXTENSION pgcrypto;
        CREATE TABLE plain (id int PRIMARY KEY, w text);
        CREATE INDEX trigrams ON plain USING gin (w gin_trgm_ops);
        CREATE INDEX ordinary ON plain (w);
        CREATE VIEW over_plain AS SELECT id FROM plain;
        CREATE TABLE mails (c citext[], n int UNIQUE);
        CREATE VIEW over_mails AS SELECT n FROM mails;
        CREATE VIEW over_view AS SELECT n FROM over_mails;
        CREATE TABLE defaulted (h bytea DEFAULT digest('x', 'sha256'));
        CREATE TABLE checked (w text CHECK (similarity(w, 'x') < 1));
        CREATE FUNCTION fold(citext) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION free() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
        CREATE DOMAIN mail AS citext;
        CREATE TYPE pair AS (a citext, b int)
      `,
    });
    const { objectExtensions } = await measure(database.adminAddress);
    expect(objectExtensions).toEqual({
      "constraint public.checked.checked_w_check": ["pg_trgm"],
      "constraint public.mails.mails_n_key": ["citext"],
      "function public.fold(public.citext)": ["citext"],
      "index public.mails_n_key": ["citext"],
      "index public.trigrams": ["pg_trgm"],
      "table public.checked": ["pg_trgm"],
      "table public.defaulted": ["pgcrypto"],
      "table public.mails": ["citext"],
      "type public.mail": ["citext"],
      "type public.pair": ["citext"],
      "view public.over_mails": ["citext"],
      "view public.over_view": ["citext"],
    });
  });
});
