import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { awkwardDatabase } from "../../support/awkward.ts";
import { startCluster, type Cluster } from "../../support/postgres.ts";
import { findings, output, said, Vault } from "../../support/vault.ts";

/**
 * What pg_dump leaves out without failing is named when the backup is made, and by every proof; what it holds
 * is no loss.
 */

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster[Symbol.asyncDispose]());

/** A login role as the documents recommend for backups. */
async function reader(): Promise<{ url: (database: string) => string } & AsyncDisposable> {
  const name = `reader_${Math.random().toString(16).slice(2, 10)}`;
  await cluster.admin(`CREATE ROLE ${name} LOGIN PASSWORD 'secret'; GRANT pg_read_all_data TO ${name}`);
  return {
    url: (database) => `postgresql://${name}:secret@${cluster.facts.host}:${cluster.facts.port}/${database}`,
    [Symbol.asyncDispose]: async () => void (await cluster.admin(`DROP ROLE ${name}`)),
  };
}

describe("a backup by a superuser", () => {
  it("of a database with one of everything has no gap, whatever stands inside another entry", async () => {
    await using database = await awkwardDatabase(cluster);
    await using vault = await Vault.make();
    const taken = await vault.backup(database.adminUrl, { tier: "tier3" });
    expect({
      exit: taken.exit,
      gaps: (await vault.manifest(output(taken, "id"))).gaps,
      outputs: taken.outputs["gaps"],
    }).toEqual({ exit: 0, gaps: [], outputs: 0 });
    const validated = await vault.validate({ scratch: cluster.adminUrl() });
    expect({ exit: validated.exit, found: findings(validated) }).toEqual({ exit: 0, found: [] });
  }, 120_000);

  it("names what somebody made in the server's own schemas, which no dump holds", async () => {
    await using database = await cluster.createDatabase({ owner: "postgres" });
    await database.admin(`
      SET allow_system_table_mods = on;
      CREATE FUNCTION pg_catalog.twice(int) RETURNS int LANGUAGE sql AS 'SELECT 2 * $1';
      CREATE VIEW information_schema.mine AS SELECT 1 AS a
    `);
    await using vault = await Vault.make();
    const taken = await vault.backup(database.adminUrl);
    expect((await vault.manifest(output(taken, "id"))).gaps).toEqual([
      {
        severity: "gap",
        about: "view",
        name: "information_schema.mine",
        message: expect.stringContaining("server's own schema information_schema"),
      },
      {
        severity: "gap",
        about: "function",
        name: "pg_catalog.twice(integer)",
        message: expect.stringContaining("server's own schema pg_catalog"),
      },
    ]);
    expect(said(taken)).toContain("information_schema.mine");
    expect((await vault.validate()).exit).toBe(3);
  });
});

describe("a backup by a role that may read all data and is no superuser", () => {
  it("names user mappings it may not read, and subscriptions: in backup, list, proof, restore", async () => {
    await using database = await cluster.createDatabase({
      owner: "postgres",
      sql: `
        CREATE EXTENSION postgres_fdw;
        CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere.invalid');
        CREATE USER MAPPING FOR holdfast SERVER far OPTIONS (user 'app', password 'hunter2');
        CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (user 'all', password 'hunter3');
        CREATE TABLE t (a int)
      `,
    });
    await database.admin(`
      CREATE SUBSCRIPTION "from far" CONNECTION 'host=nowhere.invalid password=hunter4' PUBLICATION p
        WITH (connect = false, slot_name = NONE)
    `);
    // A database with a subscription cannot be dropped.
    await using _ = {
      [Symbol.asyncDispose]: async () => void (await database.admin('DROP SUBSCRIPTION "from far"')),
    };
    await using role = await reader();
    await using vault = await Vault.make();
    const taken = await vault.backup(role.url(database.name));
    const gaps = [
      {
        severity: "gap",
        about: "user-mapping",
        name: "holdfast on far",
        message: expect.stringContaining("without its options"),
      },
      {
        severity: "gap",
        about: "user-mapping",
        name: "public on far",
        message: expect.stringContaining("without its options"),
      },
      {
        severity: "gap",
        about: "subscription",
        name: "from far",
        message: expect.stringContaining("superuser"),
      },
    ];
    const manifest = await vault.manifest(output(taken, "id"));
    expect(taken).toMatchObject({
      exit: 0,
      outputs: { gaps: 3, warnings: [expect.stringContaining("subscriptions not dumped")] },
    });
    expect(manifest.gaps).toEqual(gaps);
    expect(manifest.warnings).toEqual([expect.stringContaining("subscriptions not dumped")]);
    expect(JSON.stringify(manifest)).not.toContain("hunter");
    expect(said(taken)).toMatch(/from far[^]*counts as verified only where/);

    const listed = await vault.list();
    expect(listed.outputs["backups"]).toMatchObject([{ gaps }]);
    expect(said(listed)).toContain("never validated; 3 gaps");

    const validated = await vault.validate({ scratch: cluster.adminUrl() });
    expect({ exit: validated.exit, found: findings(validated) }).toEqual({ exit: 3, found: gaps });
    expect((await vault.validate({ depth: "stored" })).exit).toBe(3);
    await using target = await cluster.createDatabase({ owner: "postgres" });
    const restored = await vault.restore(target.adminUrl);
    expect({ exit: restored.exit, verdict: restored.outputs["verdict"] }).toEqual({
      exit: 3,
      verdict: "gaps",
    });
    expect(said(restored)).toContain("from far");
    // Whoever asks for the newest verified one hears why there is none, and what to do.
    const none = await (async (ports) => ({
      outcome: await vault.restore(target.adminUrl, { backup: "latest-verified", dryRun: true }, ports),
      lines: ports.lines,
    }))((await import("../../support/test-ports.ts")).testPorts());
    expect(none.outcome.exit).toBe(3);
    expect(none.lines.join("\n")).toMatch(
      /not count as verified unless its gaps are accepted by name .*: user-mapping holdfast on far /,
    );
  }, 120_000);

  it("has no gap where a superuser reads the same", async () => {
    await using database = await cluster.createDatabase({
      owner: "postgres",
      sql: `
        CREATE EXTENSION postgres_fdw;
        CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw;
        CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (user 'all', password 'x')
      `,
    });
    await using vault = await Vault.make();
    expect((await vault.backup(database.adminUrl)).outputs["gaps"]).toBe(0);
    expect((await vault.validate({ scratch: cluster.adminUrl() })).exit).toBe(0);
  });
});

describe("a backup of named schemas", () => {
  it("names the large objects that it leaves out, and says what else was not asked for", async () => {
    await using database = await cluster.createDatabase({
      sql: `
        CREATE SCHEMA part;
        CREATE TABLE part.t AS SELECT 1 AS a;
        SELECT lo_from_bytea(0, 'x'), lo_from_bytea(0, 'y')
      `,
    });
    await using vault = await Vault.make();
    const taken = await vault.backup(database.url, { schemas: ["part"] });
    expect((await vault.manifest(output(taken, "id"))).gaps).toEqual([
      {
        severity: "gap",
        about: "large-objects",
        name: "large objects",
        message: expect.stringMatching(/^2 exist .*--exclude-schemas/),
      },
    ]);
    expect(said(taken)).toContain("only the named schemas were asked for");
    expect((await vault.validate({ scratch: cluster.adminUrl() })).exit).toBe(3);
    // All but a schema holds them.
    expect(
      (await vault.backup(database.url, { excludeSchemas: ["part"], source: "rest" })).outputs["gaps"],
    ).toBe(0);
    expect((await vault.validate({ source: "rest", scratch: cluster.adminUrl() })).exit).toBe(0);
  });
});

describe("what people put into extensions", () => {
  it("is found missing by the proof: an own table, rows, an index, a column, a function", async () => {
    await using database = await cluster.createDatabase({
      owner: "postgres",
      sql: `
        CREATE EXTENSION hstore;
        CREATE EXTENSION citext;
        CREATE TABLE kept (a int PRIMARY KEY, b text);
        INSERT INTO kept SELECT g, 'b' FROM generate_series(1, 7) g
      `,
    });
    await using vault = await Vault.make();
    await vault.backup(database.adminUrl, { source: "before" });
    expect((await vault.validate({ source: "before", scratch: cluster.adminUrl() })).exit).toBe(0);
    await database.admin(`
      ALTER EXTENSION hstore ADD TABLE kept;
      CREATE FUNCTION extra() RETURNS int LANGUAGE sql AS 'SELECT 1';
      ALTER EXTENSION citext ADD FUNCTION extra()
    `);
    const taken = await vault.backup(database.adminUrl, { source: "after" });
    expect(taken.outputs).toMatchObject({ tables: 0 });
    const validated = await vault.validate({ source: "after", scratch: cluster.adminUrl() });
    expect({
      exit: validated.exit,
      found: findings(validated).map(({ severity, about, name, message }) => [
        severity,
        about,
        name,
        message,
      ]),
    }).toEqual({
      exit: 3,
      found: [
        [
          "gap",
          "table",
          "public.kept",
          expect.stringContaining("CREATE EXTENSION made 0 rows, the source held 7 rows"),
        ],
        [
          "gap",
          "table",
          "public.kept",
          expect.stringContaining("is missing here: it belongs to extension hstore"),
        ],
        ["gap", "extension", "citext", expect.stringContaining("has been altered at the source")],
      ],
    });
  }, 120_000);
});
