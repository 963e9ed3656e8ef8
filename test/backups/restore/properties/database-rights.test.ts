import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { startCluster, type Cluster } from "../../../support/postgres.ts";
import { output, said, Vault } from "../../../support/vault.ts";

/**
 * Rights on the database itself: whoever could connect to the source can connect to what was
 * restored from it.
 */
describe("rights on a database that PUBLIC may not use", () => {
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

  /** What of all rights a role has, by whatever way. */
  async function may(database: string, role: string): Promise<readonly string[]> {
    const rows = await cluster.admin(
      `
        SELECT p AS "right" FROM unnest(ARRAY['CONNECT', 'CREATE', 'TEMPORARY']) p
         WHERE has_database_privilege($1::name, $2, p) ORDER BY p
      `,
      [role, database],
    );
    return rows.map((row) => String(row["right"]));
  }

  it("are its owner's still where the target is another's, whether he is there or is made", async () => {
    await cluster.admin("CREATE ROLE app LOGIN PASSWORD 'x'");
    await using source = await cluster.createDatabase({ owner: "postgres" });
    await source.admin(`
      CREATE TABLE t (a int);
      ALTER TABLE t OWNER TO app;
      ALTER DATABASE ${source.name} OWNER TO app;
      REVOKE ALL ON DATABASE ${source.name} FROM PUBLIC
    `);
    const id = output(await vault.backup(source.adminUrl), "id");
    const all = ["CONNECT", "CREATE", "TEMPORARY"];
    const bring = async (createRoles: boolean): Promise<void> => {
      const target = await cluster.createDatabase({ owner: "postgres" });
      const planned = await vault.restore(target.adminUrl, { backup: id, dryRun: true, createRoles });
      expect(said(planned)).toMatch(
        /given as at the source: CONNECT of app, CREATE of app, TEMPORARY of app/,
      );
      const restored = await vault.restore(target.adminUrl, { backup: id, createRoles });
      expect([restored.exit, said(restored)]).toEqual([
        0,
        expect.stringContaining("given as at the source: CONNECT of app"),
      ]);
      expect(said(restored)).not.toContain("could not be given");
      expect(await may(target.name, "app")).toEqual(all);
      await cluster.admin("CREATE ROLE stranger");
      expect(await may(target.name, "stranger")).toEqual([]);
      await cluster.admin("DROP ROLE stranger");
      await target.drop();
    };
    await bring(false);
    await source.drop();
    await cluster.admin("DROP ROLE app");
    await bring(true);
    // What PUBLIC keeps, because the target was not empty, is his too: nothing of it is given.
    await using full = await cluster.createDatabase({ owner: "postgres", sql: "CREATE TABLE kept (a int)" });
    const over = await vault.restore(full.adminUrl, {
      backup: id,
      confirm: full.name,
      mode: "in-place",
      safetyBackup: false,
    });
    expect([over.exit, said(over).match(/given as at the source: .*/)?.[0]]).toEqual([
      0,
      "given as at the source: CREATE of app",
    ]);
    expect(await may(full.name, "app")).toEqual(all);
  }, 60_000);

  it("of a role that is dropped while the backup runs are no reason to doubt the backup", async () => {
    await cluster.admin("CREATE ROLE temp");
    await using source = await cluster.createDatabase({
      sql: "CREATE TABLE t (a int); INSERT INTO t VALUES (1)",
    });
    await source.admin(`GRANT CREATE ON DATABASE ${source.name} TO temp`);
    const made = await vault.backup(
      source.adminUrl,
      {},
      {
        tools: (real) => ({
          ...real,
          dump: async function* (request) {
            await cluster.admin(`REVOKE ALL ON DATABASE ${source.name} FROM temp; DROP ROLE temp`);
            yield* real.dump(request);
          },
        }),
      },
    );
    const proved = await vault.validate({ backup: output(made, "id") });
    expect([proved.exit, said(proved)]).toEqual([
      0,
      expect.stringContaining("role temp was dropped while the backup ran"),
    ]);
    await using target = await cluster.createDatabase();
    const restored = await vault.restore(target.adminUrl, { backup: output(made, "id") });
    expect([restored.exit, said(restored)]).toEqual([
      0,
      expect.stringContaining("of roles that do not exist here were not given: CREATE of temp"),
    ]);
  }, 60_000);

  it("that could be given are told beside those that could not", async () => {
    await cluster.admin("CREATE ROLE reader");
    await using source = await cluster.createDatabase({ sql: "CREATE TABLE t (a int)" });
    await source.admin(`GRANT CONNECT, CREATE ON DATABASE ${source.name} TO reader`);
    const id = output(await vault.backup(source.url), "id");
    await using target = await cluster.createDatabase({ owner: "postgres" });
    await target.admin(`
      GRANT CONNECT ON DATABASE ${target.name} TO holdfast WITH GRANT OPTION;
      GRANT CREATE ON DATABASE ${target.name} TO holdfast;
      GRANT ALL ON SCHEMA public TO holdfast
    `);
    const told = said(await vault.restore(target.url, { backup: id, noOwner: true }));
    expect(told).toContain(
      "brought: rights on the database itself are given as at the source: CONNECT of reader",
    );
    expect(told).toContain("CREATE of reader could not be given");
    expect(await may(target.name, "reader")).toEqual(["CONNECT", "TEMPORARY"]);
  }, 60_000);
});
