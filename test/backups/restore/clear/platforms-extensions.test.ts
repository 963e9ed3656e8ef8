import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { startCluster, type Cluster, type TestDatabase } from "../../../support/postgres.ts";
import { expectRefusal, said, Vault } from "../../../support/vault.ts";
import { casesInTurn } from "../../../support/sampling.ts";

/**
 * On a managed server some extensions are the platform's: its own role has made them, and its customers may
 * neither drop nor make all of them.
 */

const MANAGED = [
  { title: "Amazon RDS", administrators: "rds_superuser", owner: "rdsadmin" },
  { title: "Cloud SQL", administrators: "cloudsqlsuperuser", owner: "cloudsqladmin" },
  { title: "Azure", administrators: "azure_pg_admin", owner: "azuresu" },
] as const;

describe.each(casesInTurn("extensions of managed services", MANAGED, { every: 3 }))(
  "a restore in place on $title",
  ({ administrators, owner }) => {
    let cluster: Cluster;
    let vault: Vault;
    let source: TestDatabase;

    beforeAll(async () => {
      cluster = await startCluster();
      await cluster.admin(`
      CREATE ROLE ${owner} SUPERUSER;
      CREATE ROLE ${administrators} CREATEDB CREATEROLE;
      GRANT ${administrators} TO holdfast
    `);
      vault = await Vault.make();
      source = await shop();
      expect((await vault.backup(source.url, { source: "shop" })).exit).toBe(0);
      expect((await vault.backup(source.url, { source: "part", schemas: ["public", "tools"] })).exit).toBe(0);
    });
    afterAll(async () => {
      await cluster[Symbol.asyncDispose]();
      await vault[Symbol.asyncDispose]();
    });

    /**
     * Two of the platform's extensions, in `public` and in a schema of the user's, and one that
     * he made himself.
     */
    async function shop(): Promise<TestDatabase> {
      const database = await cluster.createDatabase({ sql: 'CREATE SCHEMA tools; CREATE SCHEMA "in side"' });
      await database.admin(`
      SET ROLE ${owner};
      CREATE EXTENSION hstore SCHEMA public;
      CREATE EXTENSION pg_stat_statements SCHEMA tools
    `);
      await database.query(`
      CREATE EXTENSION citext SCHEMA "in side";
      CREATE TABLE wares (id int PRIMARY KEY, tags hstore, name "in side".citext);
      INSERT INTO wares VALUES (1, 'a=>1', 'X');
      CREATE TABLE tools.hammers (id int);
      INSERT INTO tools.hammers VALUES (1), (2);
      CREATE VIEW tools.slow AS SELECT queryid FROM tools.pg_stat_statements
    `);
      return database;
    }

    const STATE = `
    SELECT (SELECT string_agg(extname || ' ' || extowner::regrole, ', ' ORDER BY extname)
              FROM pg_extension
             WHERE extname <> 'plpgsql') AS extensions,
           (SELECT tags::text FROM wares) AS tags, (SELECT count(*)::int FROM tools.hammers) AS hammers,
           to_regclass('tools.later')::text AS later, to_regclass('later')::text AS later2
  `;

    it.each(["shop", "part"])(
      "leaves the platform's extensions where they are, and replaces everything else: %s",
      async (backup) => {
        await using target = await shop();
        await target.query(`
        UPDATE wares SET tags = 'spoilt=>1';
        DELETE FROM tools.hammers;
        CREATE TABLE tools.later (a hstore);
        CREATE TABLE later (a hstore);
        GRANT CREATE ON SCHEMA public TO PUBLIC;
        GRANT USAGE ON SCHEMA tools TO PUBLIC;
        GRANT ALL ON SCHEMA tools TO pg_monitor
      `);
        const restored = await vault.restore(target.url, {
          source: backup,
          mode: "in-place",
          confirm: target.name,
          safetyBackup: false,
        });
        expect({ exit: restored.exit, findings: restored.outputs["findings"], said: said(restored) }).toEqual(
          {
            exit: 0,
            findings: [],
            said: expect.stringContaining("everything as it was"),
          },
        );
        expect(await target.query(STATE)).toEqual([
          {
            extensions: `citext holdfast, hstore ${owner}, pg_stat_statements ${owner}`,
            tags: '"a"=>"1"',
            hammers: 2,
            later: null,
            later2: null,
          },
        ]);
      },
    );

    it("makes those that the target lacks where the role may, and refuses another person's", async () => {
      await using target = await cluster.createDatabase({ sql: "CREATE TABLE later (a int)" });
      await target.admin(`
      SET ROLE ${owner};
      CREATE SCHEMA tools AUTHORIZATION holdfast;
      CREATE EXTENSION pg_stat_statements SCHEMA tools
    `);
      const restored = await vault.restore(target.url, {
        source: "shop",
        mode: "in-place",
        confirm: target.name,
        safetyBackup: false,
      });
      expect({ exit: restored.exit, findings: restored.outputs["findings"] }).toEqual({
        exit: 0,
        findings: [],
      });
      await target.admin("DROP EXTENSION hstore CASCADE; CREATE EXTENSION hstore SCHEMA public");
      await expectRefusal(
        vault.restore(target.url, {
          source: "shop",
          mode: "in-place",
          confirm: target.name,
          safetyBackup: false,
        }),
        {
          code: "database.permission",
          exit: 4,
          says: "postgres owns extension hstore there",
          hint: /Nothing was touched/,
        },
      );
    });
  },
);
