import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import pg from "pg";
import { withDefinitions } from "../../../src/adapters/pg-tools/archive-definitions.ts";
import { startCluster, type Cluster } from "../../support/postgres.ts";
import { findings, output, said, Vault } from "../../support/vault.ts";

/**
 * What an archive holds of the database itself is told whole or not at all; where it is not, no proof
 * passes over it.
 */
describe("properties of a database that are written unusually", () => {
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

  it("are told, and brought, beside a list that has no element", async () => {
    await using source = await cluster.createDatabase({ sql: "CREATE TABLE t (a int)" });
    const session = new pg.Client({ connectionString: cluster.adminUrl(source.name) });
    await session.connect();
    await session.query("SELECT set_config('search_path', '', false)");
    await session.query(`
      ALTER DATABASE ${source.name} SET search_path FROM CURRENT;
      ALTER DATABASE ${source.name} SET work_mem = '9MB';
      COMMENT ON DATABASE ${source.name} IS 'mine'
    `);
    await session.end();
    expect(
      await source.admin("SELECT entry FROM pg_db_role_setting, unnest(setconfig) AS entry ORDER BY 1"),
    ).toEqual([{ entry: "search_path=" }, { entry: "work_mem=9MB" }]);
    const id = output(await vault.backup(source.adminUrl), "id");
    const proved = await vault.validate({ backup: id });
    expect([proved.exit, output(proved, "verdict"), said(proved)]).toEqual([
      0,
      "proved",
      expect.not.stringContaining("of the database itself"),
    ]);
    await using target = await cluster.createDatabase();
    for (const brought of [
      /brought: settings of the source's database: search_path, work_mem/,
      /^(?!.*another value)/s,
    ]) {
      const restored = await vault.restore(target.adminUrl, {
        backup: id,
        confirm: target.name,
        mode: "in-place",
        safetyBackup: false,
      });
      expect([restored.exit, said(restored)]).toEqual([0, expect.stringMatching(brought)]);
    }
    expect(
      await target.admin(`
        SELECT entry, shobj_description(d.oid, 'pg_database') AS comment
          FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase, unnest(setconfig) AS entry
         WHERE d.datname = current_database()
         ORDER BY 1
      `),
    ).toEqual([
      { entry: 'search_path=""', comment: "mine" },
      { entry: "work_mem=9MB", comment: "mine" },
    ]);
  }, 90_000);

  it("are a gap where they are not understood, which may be accepted by its name", async () => {
    await using source = await cluster.createDatabase({ sql: "CREATE TABLE t (a int)" });
    await source.admin(`ALTER DATABASE ${source.name} SET work_mem = '9MB'`);
    const made = await vault.backup(
      source.adminUrl,
      { source: "odd" },
      {
        tools: (real) => ({
          ...real,
          dump: (request) =>
            withDefinitions(real.dump(request), (type, sql) =>
              type === "DATABASE PROPERTIES"
                ? Buffer.from(sql.toString().replace("SET work_mem TO", "SET work_mem FROM"))
                : sql,
            ),
        }),
      },
    );
    const choice = { backup: output(made, "id"), source: "odd", depth: "opened" as const };
    const validated = await vault.validate(choice);
    expect(output(validated, "verdict")).toBe("gaps");
    expect(findings(validated)).toEqual([
      expect.objectContaining({
        severity: "gap",
        about: "database",
        name: "properties",
        message: expect.stringContaining("in a way that is not understood"),
      }),
    ]);
    expect(output(await vault.validate({ ...choice, acceptGaps: ["database properties"] }), "verdict")).toBe(
      "proved",
    );
    await using target = await cluster.createDatabase();
    expect(
      said(await vault.restore(target.adminUrl, { backup: output(made, "id"), source: "odd" })),
    ).toContain("cannot be told from this archive, and is not brought");
  }, 60_000);
});
