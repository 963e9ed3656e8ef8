import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { parseDatabaseUrl } from "../../../../src/postgres/database-url.ts";
import type { TocEntry } from "../../../../src/ports/dump-tools.ts";
import { whyNoRoom } from "../../../../src/backups/restore/target/room-in-schemas.ts";
import { startCluster, type Cluster, type TestDatabase } from "../../../support/postgres.ts";
import { testPorts } from "../../../support/test-ports.ts";
import { expectRefusal, said, Vault } from "../../../support/vault.ts";

/**
 * A role that is no superuser: what it cannot make is said before anything is touched, and what it could not
 * make heads the report.
 */

let cluster: Cluster;
let source: TestDatabase;
let vault: Vault;

beforeAll(async () => {
  cluster = await startCluster();
  source = await cluster.createDatabase({
    owner: "postgres",
    sql: `
      CREATE TABLE t AS SELECT 1 AS a;
      CREATE FUNCTION ev() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
      CREATE EVENT TRIGGER et ON sql_drop EXECUTE FUNCTION ev();
      CREATE PUBLICATION wide FOR ALL TABLES;
      CREATE PUBLICATION narrow FOR TABLE t;
      CREATE OPERATOR FAMILY fam USING btree;
      CREATE FOREIGN DATA WRAPPER wrap;
    `,
  });
  vault = await Vault.make();
  await vault.backup(source.adminUrl);
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

describe("a restore by a role that is no superuser", () => {
  it("says in its plan what the role cannot make and give away", async () => {
    await using target = await cluster.createDatabase();
    const plan = await vault.restore(target.url, { dryRun: true });
    const lines = said(plan);
    for (const part of [
      "event trigger et",
      "operator family fam",
      "foreign data wrapper wrap",
      "publication that is FOR ALL TABLES, as may be wide",
    ]) {
      expect(lines).toContain(`PostgreSQL lets only a superuser make the ${part}, and role holdfast is none`);
    }
    expect(lines).not.toMatch(/FOR ALL TABLES, as may be .*narrow/);
    expect(lines).toContain("role holdfast cannot give objects to postgres");
    expect(said(await vault.restore(target.url, { dryRun: true, noOwner: true }))).not.toContain(
      "cannot give objects",
    );
    expect(said(await vault.restore(target.adminUrl, { dryRun: true }))).not.toContain("superuser");
  });

  it("ends with pg_restore's own reason as its headline", async () => {
    await using target = await cluster.createDatabase();
    const restored = await vault.restore(target.url, { noOwner: true, noPrivileges: true });
    expect(restored.exit).toBe(5);
    expect(restored.report.headline).toMatch(/reported: (?:must be superuser|permission denied to create)/);
    expect(await target.query("SELECT a FROM t")).toEqual([{ a: 1 }]);
  });

  it("says that an owner has no room in public, where nothing can be given to it", async () => {
    await cluster.admin("CREATE ROLE shopkeeper; GRANT shopkeeper TO holdfast");
    await using shop = await cluster.createDatabase();
    await shop.admin("CREATE TABLE wares (a int); ALTER TABLE wares OWNER TO shopkeeper");
    expect((await vault.backup(shop.adminUrl, { source: "shop" })).exit).toBe(0);
    await using target = await cluster.createDatabase();
    await target.admin("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    const room =
      "role shopkeeper may make nothing in schema public of the database, so nothing there can be given " +
      "to it: make the database its own (`createdb --owner shopkeeper`), or use --no-owner";
    expect(said(await vault.restore(target.url, { source: "shop", dryRun: true }))).toContain(room);
    expect((await vault.restore(target.url, { source: "shop", noOwner: true, dryRun: true })).exit).toBe(0);
    await target.admin("GRANT CREATE ON SCHEMA public TO shopkeeper");
    expect(said(await vault.restore(target.url, { source: "shop", dryRun: true }))).not.toContain(
      "may make nothing",
    );
  });

  it("refuses beforehand where it may make nothing at all: in public, or in no schema", async () => {
    await using shop = await cluster.createDatabase();
    await shop.admin("CREATE TABLE wares (a int)");
    await vault.backup(shop.adminUrl, { source: "public-only" });
    await shop.admin("CREATE SCHEMA stock; CREATE TABLE stock.bins (a int)");
    await vault.backup(shop.adminUrl, { source: "own-schema" });
    await using target = await cluster.createDatabase({ owner: "postgres" });
    await target.admin("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    const url = cluster.url(target.name);
    await expectRefusal(vault.restore(url, { source: "public-only", noOwner: true }), {
      code: "database.permission",
      exit: 4,
      says: /role holdfast may make nothing in schema public of database/,
      hint: /GRANT CREATE ON SCHEMA public TO holdfast and use --no-privileges.* Nothing was touched/,
    });
    expect(said(await vault.restore(url, { source: "public-only", noOwner: true, dryRun: true }))).toMatch(
      /would refuse: role holdfast may make nothing in schema public/,
    );
    await target.admin("GRANT CREATE ON SCHEMA public TO holdfast");
    await expectRefusal(vault.restore(url, { source: "own-schema", noOwner: true }), {
      code: "database.permission",
      exit: 4,
      says: /may make no schema in database .*, and the backup has stock/,
      hint: /GRANT CREATE ON DATABASE/,
    });
    await target.admin(`GRANT CREATE ON DATABASE "${target.name}" TO holdfast`);
    expect((await vault.restore(url, { source: "own-schema", noOwner: true, noPrivileges: true })).exit).toBe(
      0,
    );
  });
});

describe("whoever else is connected to the target", () => {
  it("is counted in the plan of a restore over it, and only there", async () => {
    await using shop = await cluster.createDatabase({ sql: "CREATE TABLE wares (a int)" });
    await vault.backup(shop.adminUrl, { source: "in-use" });
    const warnings = async (): Promise<unknown> =>
      (await vault.restore(shop.url, { source: "in-use", mode: "in-place", dryRun: true })).outputs["plan"];
    expect(await warnings()).toMatchObject({
      warnings: expect.not.arrayContaining([expect.stringContaining("connected to the target")]),
    });
    // Of another role, so that the one that restores may not see what it does.
    await using application = await (
      await testPorts().openDatabase(parseDatabaseUrl(shop.adminUrl, "target"))
    ).connect({ purpose: "restore" });
    await application.query("SET application_name = 'shop'");
    expect(await warnings()).toMatchObject({
      warnings: expect.arrayContaining([
        expect.stringMatching(/^1 session of others is connected to the target: stop the application first/),
      ]),
    });
    await using empty = await cluster.createDatabase();
    expect(said(await vault.restore(empty.url, { source: "in-use", dryRun: true }))).not.toContain(
      "connected to the target",
    );
  });
});

describe("room for a backup", () => {
  it("is asked for what is made, not for rows of tables that are there with their extension", async () => {
    await using target = await cluster.createDatabase();
    await target.admin(`
      CREATE SCHEMA topo;
      CREATE TABLE topo.layer (a int);
      GRANT USAGE ON SCHEMA topo TO holdfast;
      GRANT INSERT ON topo.layer TO holdfast
    `);
    await using session = await testPorts()
      .openDatabase(parseDatabaseUrl(target.url, "target"))
      .then((database) => database.connect({ purpose: "restore plan" }));
    const entry = (type: string): TocEntry =>
      ({
        id: "1",
        type,
        rest: `topo layer ${type}`,
        needs: [],
        names: { schema: "topo", tag: "layer", owner: "postgres" },
      }) as unknown as TocEntry;
    expect(
      await whyNoRoom(session, [entry("TABLE DATA"), entry("SEQUENCE SET"), entry("ACL")], "UTF8"),
    ).toBeUndefined();
    const refused = await whyNoRoom(session, [entry("TABLE")], "UTF8");
    expect([refused?.message, refused?.hint]).toEqual([
      expect.stringContaining("may make nothing in schema topo"),
      expect.not.stringContaining("OWNER TO"),
    ]);
  });
});

describe("a subscription", () => {
  it("is restored switched off, its slot named; its copies for proof leave nothing behind", async () => {
    await using publisher = await cluster.createDatabase({
      owner: "postgres",
      sql: `
        CREATE TABLE t AS SELECT 1 AS a;
        CREATE SUBSCRIPTION sub CONNECTION 'host=127.0.0.1 port=1' PUBLICATION p
          WITH (connect = false, slot_name = theirs)
      `,
    });
    await vault.backup(publisher.adminUrl, { source: "subscriber" });
    const receipts = vault.files("receipts").length;
    const validated = await vault.validate({ source: "subscriber", scratch: cluster.adminUrl() });
    expect(validated.exit).toBe(0);
    expect(vault.files("receipts")).toHaveLength(receipts + 1);
    expect(await cluster.admin("SELECT datname FROM pg_database WHERE datname LIKE 'holdfast%'")).toEqual([]);
    const target = await cluster.createDatabase({ owner: "postgres" });
    const restored = await vault.restore(target.adminUrl, { source: "subscriber" });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining(
        "subscription sub is restored disabled and names the replication slot theirs",
      ),
    });
    for (const database of [publisher, target]) {
      await cluster.admin("ALTER SUBSCRIPTION sub SET (slot_name = NONE)", [], database.name);
      await cluster.admin("DROP SUBSCRIPTION sub", [], database.name);
    }
    await target.drop();
  });
});
