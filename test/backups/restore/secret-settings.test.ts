import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import pg from "pg";
import { postgresDatabase } from "../../../src/adapters/postgres/database.ts";
import type { PropertiesToDo } from "../../../src/backups/restore/properties/bring-properties.ts";
import { bringAlone } from "../../../src/backups/restore/properties/properties-of-source.ts";
import { startCluster, type Cluster } from "../../support/postgres.ts";
import { output, said, Vault } from "../../support/vault.ts";

/**
 * Values of a database's settings may be secrets, and a server's log is read by others than the database is.
 */
describe("settings of the source's database", () => {
  let from: Cluster;
  let cluster: Cluster;
  let vault: Vault;
  let id: string;
  beforeAll(async () => {
    [from, cluster] = [await startCluster(), await startCluster()];
    vault = await Vault.make();
    const source = await from.createDatabase({ sql: "CREATE TABLE t (a int); INSERT INTO t VALUES (1)" });
    await source.admin(`
      ALTER DATABASE ${source.name} SET app.jwt_key = 'hush-hush';
      ALTER DATABASE ${source.name} SET work_mem = '9MB';
      ALTER DATABASE ${source.name} SET log_statement = 'mod';
      ALTER ROLE holdfast IN DATABASE ${source.name} SET app.other = 'hush-too'
    `);
    id = output(await vault.backup(source.adminUrl), "id");
  });
  afterAll(async () => {
    await from[Symbol.asyncDispose]();
    await cluster[Symbol.asyncDispose]();
    await vault[Symbol.asyncDispose]();
  });

  async function settings(name: string): Promise<readonly string[]> {
    const rows = await cluster.admin(
      `
        SELECT unnest(setconfig) AS entry
          FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
         WHERE datname = $1
         ORDER BY 1
      `,
      [name],
    );
    return rows.map((row) => String(row["entry"]));
  }

  it("that the role may not set are told by name, and no value comes into the server's log", async () => {
    await using target = await cluster.createDatabase();
    for (const dryRun of [true, false]) {
      const outcome = await vault.restore(target.url, { backup: id, dryRun });
      const told = JSON.stringify([outcome.exit, outcome.outputs, said(outcome)]);
      for (const name of ["app.jwt_key", "log_statement", "app.other for role holdfast"]) {
        expect(told).toContain(
          `database setting ${name} cannot be set: the role that restores may not (SQLSTATE 42501)`,
        );
      }
    }
    expect(await settings(target.name)).toEqual(["work_mem=9MB"]);
    // What was refused is there, so the log is the one that would show it.
    expect(cluster.log).toMatch(/STATEMENT: .*RESET "app"\."jwt_key"/);
    expect(cluster.log).not.toMatch(/hush|'mod'/);
  }, 60_000);

  it("are the application's alone while a restore is planned, and are set by whoever may", async () => {
    await using target = await cluster.createDatabase();
    await cluster.admin("ALTER SYSTEM SET log_statement = 'ddl'");
    await cluster.admin("SELECT pg_reload_conf()");
    try {
      const planned = await vault.restore(target.adminUrl, { backup: id, dryRun: true });
      expect(JSON.stringify(planned.outputs["plan"])).toContain(
        "database: app.jwt_key, work_mem, log_statement, app.other for role holdfast",
      );
      expect(await settings(target.name)).toEqual([]);
      expect(cluster.log).toContain('RESET "app"."jwt_key"');
      expect(cluster.log).not.toContain("hush");
    } finally {
      await cluster.admin("ALTER SYSTEM RESET log_statement");
      await cluster.admin("SELECT pg_reload_conf()");
    }
    expect((await vault.restore(target.adminUrl, { backup: id })).exit).toBe(0);
    expect(await settings(target.name)).toEqual([
      "app.jwt_key=hush-hush",
      "app.other=hush-too",
      "log_statement=mod",
      "work_mem=9MB",
    ]);
  }, 60_000);

  it("of a live database that a copy beside cannot be given stay out of the log too", async () => {
    await using target = await cluster.createDatabase({ sql: "CREATE TABLE old (a int)" });
    await target.admin(
      `ALTER DATABASE ${target.name} SET app.mine = 'hush-mine'; ALTER ROLE holdfast CREATEDB`,
    );
    const seen = cluster.log.length;
    const work = vault.restore(target.url, {
      backup: id,
      mode: "beside",
      confirm: target.name,
      safetyBackup: false,
    });
    await expect(work).rejects.toMatchObject({
      code: "database.permission",
      message: expect.stringContaining("setting app.mine"),
    });
    expect(cluster.log.slice(seen)).toContain('RESET "app"."mine"');
    expect(cluster.log.slice(seen)).not.toContain("hush-mine");
  }, 60_000);

  it("wait for whoever changes those of the target, and not for ever", async () => {
    await using target = await cluster.createDatabase();
    const other = new pg.Client({ connectionString: cluster.adminUrl() });
    await other.connect();
    try {
      await target.admin(`ALTER DATABASE ${target.name} SET jit = off`);
      await other.query(`BEGIN; ALTER DATABASE ${target.name} SET maintenance_work_mem = '9MB'`);
      const planned = await vault.restore(target.adminUrl, { backup: id, dryRun: true });
      expect(JSON.stringify(planned.outputs["plan"])).toContain(
        "database setting work_mem cannot be set: somebody else is changing settings of the same database " +
          "or role (SQLSTATE 55P03)",
      );
      const restored = await vault.restore(target.adminUrl, { backup: id });
      expect([restored.exit, said(restored)]).toEqual([
        0,
        expect.stringContaining("is changing settings of the same database or role (SQLSTATE 55P03)"),
      ]);
    } finally {
      await other.end();
    }
  }, 180_000);

  it("are named as statements, without values, where the content came and they could not", async () => {
    await using target = await cluster.createDatabase();
    const toDo: PropertiesToDo = {
      settings: [
        { role: undefined, name: "app.jwt_key", values: ["hush-hush"] },
        { role: "app", name: "work_mem", values: ["9MB"] },
      ],
      comment: "hush",
      connectionLimit: 7,
      notes: [],
      rights: { given: [["app", "CONNECT", true]], taken: [[null, "CONNECT", false]], notes: [] },
    };
    const lost = postgresDatabase({ ...target.address, database: "not_there" });
    const notes = await bringAlone(lost, {
      properties: { source: {} as never, toDo },
      request: { target: postgresDatabase(target.address) } as never,
    });
    const name = `"${target.name}"`;
    expect(notes).toEqual([
      expect.stringMatching(/^what belongs to the source's database itself was not brought: /),
    ]);
    expect(notes[0]!.split("do by hand what is still missing: ")[1]).toBe(
      [
        `ALTER DATABASE ${name} SET "app"."jwt_key" = …`,
        `ALTER ROLE "app" IN DATABASE ${name} SET "work_mem" = …`,
        `COMMENT ON DATABASE ${name} IS …`,
        `ALTER DATABASE ${name} CONNECTION LIMIT 7`,
        `GRANT CONNECT ON DATABASE ${name} TO "app" WITH GRANT OPTION`,
        `REVOKE CONNECT ON DATABASE ${name} FROM PUBLIC`,
      ].join("; "),
    );
  });
});
