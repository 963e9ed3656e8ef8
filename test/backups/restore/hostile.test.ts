import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { readFileSync, writeFileSync } from "node:fs";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { writeDocument } from "../../../src/nouns/store/sealed-document.ts";
import { manifestPath } from "../../../src/nouns/catalog/paths.ts";
import { startCluster, type Cluster } from "../../support/postgres.ts";
import { expectRefusal, said, Vault } from "../../support/vault.ts";
import { casesInTurn } from "../../support/sampling.ts";

/** What others may do to a database, a store or a backup must not turn a restore into their tool. */

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

describe("a restore beside, by a superuser", () => {
  it("copies settings that a role made for itself as values, never as SQL", async () => {
    await using database = await cluster.createDatabase({
      sql: "CREATE TABLE t (id int); INSERT INTO t VALUES (1);",
    });
    const name = new URL(database.url).pathname.slice(1);
    await cluster.admin("CREATE ROLE schemer LOGIN");
    await cluster.admin(`
      ALTER ROLE schemer IN DATABASE ${name} SET search_path =
        'public;alter/**/role/**/schemer/**/superuser',
        "odd,one"
    `);
    const before = await settings(name);
    await vault.backup(database.adminUrl, { source: "settings" });
    expect(
      (await vault.restore(database.adminUrl, { source: "settings", confirm: name, mode: "beside" })).exit,
    ).toBe(0);
    expect(await cluster.admin("SELECT rolsuper FROM pg_roles WHERE rolname = 'schemer'")).toEqual([
      { rolsuper: false },
    ]);
    expect(await settings(name)).toEqual(before);
    expect(before).toHaveLength(1);
  });

  it("keeps a database that nobody may connect to closed", async () => {
    await using database = await cluster.createDatabase({ sql: "CREATE TABLE t (id int)" });
    const name = new URL(database.url).pathname.slice(1);
    await cluster.admin(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC, holdfast`);
    const acl = await cluster.admin("SELECT datacl::text AS acl FROM pg_database WHERE datname = $1", [name]);
    await vault.backup(database.adminUrl, { source: "closed" });
    expect(
      (await vault.restore(database.adminUrl, { source: "closed", confirm: name, mode: "beside" })).exit,
    ).toBe(0);
    expect(
      await cluster.admin("SELECT datacl::text AS acl FROM pg_database WHERE datname = $1", [name]),
    ).toEqual(acl);
  });

  async function settings(database: string): Promise<unknown[]> {
    return await cluster.admin(
      `
        SELECT setconfig
          FROM pg_db_role_setting
         WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = $1)
         ORDER BY 1
      `,
      [database],
    );
  }
});

describe("a safety backup", () => {
  it("is never readable by a key that somebody wrote into the store", async () => {
    await using database = await cluster.createDatabase({
      sql: "CREATE TABLE t (id int); INSERT INTO t VALUES (1);",
    });
    const name = new URL(database.url).pathname.slice(1);
    const made = await vault.backup(database.url, { source: "keys" });
    const path = vault.path(manifestPath({ id: String(made.outputs["id"]), source: "keys", tier: "tier2" }));
    const { sha256: _, ...manifest } = JSON.parse(readFileSync(path, "utf8")) as {
      sha256: string;
      artifacts: { encryption: { recipients: string[] } }[];
    };
    const thief = await identityToRecipient(await generateX25519Identity());
    for (const artifact of manifest.artifacts) artifact.encryption.recipients = [thief];
    writeFileSync(path, writeDocument(manifest).bytes);
    const restored = await vault.restore(database.url, { source: "keys", confirm: name, mode: "in-place" });
    expect(restored.exit).toBe(0);
    const listed = await vault.list({ tier: "safety" });
    const safety = (listed.outputs["backups"] as { id: string; recipients: string[] }[]).find(
      (one) => one.id === restored.outputs["safety-backup"],
    );
    expect(safety?.recipients).toEqual([vault.recipient]);
  });

  it("is not written in the clear because the backup was: exit 7, and the target is untouched", async () => {
    await using database = await cluster.createDatabase({
      sql: "CREATE TABLE t (id int); INSERT INTO t VALUES (1);",
    });
    const name = new URL(database.url).pathname.slice(1);
    await vault.backup(database.url, { source: "clear", recipients: [], allowUnencrypted: true });
    await expectRefusal(vault.restore(database.url, { source: "clear", confirm: name, identity: null }), {
      code: "refused.unencrypted",
      exit: 7,
      says: "unencrypted",
      hint: /--recipients/,
    });
    expect(await database.query("SELECT count(*)::int AS n FROM t")).toEqual([{ n: 1 }]);
  });
});

describe("a backup of some schemas, restored in place", () => {
  it.each(
    casesInTurn(
      "what another schema has",
      [
        ["a foreign key", "CREATE TABLE other.o (id int REFERENCES app.t (id))", /constraint o_id_fkey/],
        ["a view", "CREATE VIEW other.v AS SELECT id FROM app.t", /view other\.v/],
        [
          "a trigger",
          `
        CREATE TABLE other.o (id int);
        CREATE TRIGGER tr AFTER INSERT ON other.o FOR EACH ROW EXECUTE FUNCTION app.f()
      `,
          /trigger tr/,
        ],
        ["a column's type", "CREATE TABLE other.o (id int, mood app.mood)", /column mood of table other\.o/],
      ],
      { every: 4 },
    ),
  )("refuses to take along what another schema has: %s", async (_, outside, named) => {
    await using database = await cluster.createDatabase({
      sql: `
        CREATE SCHEMA app;
        CREATE SCHEMA other;
        CREATE TABLE app.t (id int PRIMARY KEY);
        INSERT INTO app.t VALUES (1);
        CREATE TYPE app.mood AS ENUM ('ok');
        CREATE FUNCTION app.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; ${outside};
      `,
    });
    const name = new URL(database.url).pathname.slice(1);
    const source = `scoped-${name}`.replaceAll("_", "-");
    await vault.backup(database.url, { source, schemas: ["app"] });
    await database.query("INSERT INTO app.t VALUES (2)");
    await expectRefusal(vault.restore(database.url, { source, confirm: name, mode: "in-place" }), {
      code: "refused.outside-scope",
      exit: 7,
      says: named,
      hint: /--what data/,
    });
    expect(await database.query("SELECT count(*)::int AS n FROM app.t")).toEqual([{ n: 2 }]);
  });
});

describe("a part of a backup", () => {
  it("that is a partitioned table is refused instead of restoring nothing", async () => {
    await using database = await cluster.createDatabase({
      sql: `
        CREATE TABLE p (id int) PARTITION BY RANGE (id);
        CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
        INSERT INTO p VALUES (1), (2);
      `,
    });
    const name = new URL(database.url).pathname.slice(1);
    await vault.backup(database.url, { source: "parts" });
    await database.query("DELETE FROM p");
    await expectRefusal(
      vault.restore(database.url, { source: "parts", confirm: name, tables: ["public.p"] }),
      { code: "input.malformed", exit: 2, says: "partitioned", hint: /partitions/ },
    );
    const restored = await vault.restore(database.url, {
      source: "parts",
      confirm: name,
      tables: ["public.p1"],
    });
    expect([restored.exit, said(restored)]).toEqual([0, expect.stringContaining("2 rows")]);
  });

  it("that is the schema alone is refused where it would remove every row", async () => {
    await using database = await cluster.createDatabase({
      sql: "CREATE TABLE t (id int); INSERT INTO t VALUES (1);",
    });
    const name = new URL(database.url).pathname.slice(1);
    await vault.backup(database.url, { source: "rows" });
    await expectRefusal(vault.restore(database.url, { source: "rows", confirm: name, what: "schema" }), {
      code: "database.not-empty",
      exit: 7,
      says: "remove every row",
      hint: /empty database/,
    });
    expect(await database.query("SELECT count(*)::int AS n FROM t")).toEqual([{ n: 1 }]);
  });

  it("that is the rows gives longer large objects their old end and refreshes views", async () => {
    await using database = await cluster.createDatabase({
      sql: `
        CREATE TABLE t (id int);
        INSERT INTO t VALUES (1), (2);
        CREATE MATERIALIZED VIEW m AS SELECT count(*)::int AS n FROM t;
        SELECT lo_from_bytea(77, 'hello');
      `,
    });
    const name = new URL(database.adminUrl).pathname.slice(1);
    await vault.backup(database.adminUrl, { source: "lo" });
    await database.query("INSERT INTO t VALUES (3)");
    await database.query("REFRESH MATERIALIZED VIEW m");
    await database.query("SELECT lo_put(77, 0, 'goodbye world')");
    expect((await vault.restore(database.adminUrl, { source: "lo", confirm: name, what: "data" })).exit).toBe(
      0,
    );
    expect(await database.query("SELECT n, convert_from(lo_get(77), 'UTF8') AS lo FROM m")).toEqual([
      { n: 2, lo: "hello" },
    ]);
  });
});
