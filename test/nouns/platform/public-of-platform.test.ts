import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { AMAZON_RDS, AZURE_FLEXIBLE_SERVER, GOOGLE_CLOUD_SQL } from "../../../src/nouns/platform/managed.ts";
import { startCluster, type Cluster, type TestDatabase } from "../../support/postgres.ts";
import { said, Vault } from "../../support/vault.ts";
import { casesInTurn } from "../../support/sampling.ts";

/** Where a service's own superuser owns the schema `public`, which nobody else can be. */
const MANAGED = [
  { profile: AZURE_FLEXIBLE_SERVER, superuser: "azuresu" },
  { profile: AMAZON_RDS, superuser: "rdsadmin" },
  { profile: GOOGLE_CLOUD_SQL, superuser: "cloudsqladmin" },
] as const;

const OWNER = `
  SELECT pg_get_userbyid(nspowner)::text AS owner,
         has_schema_privilege('reporting', oid, 'CREATE') AS makes,
         has_schema_privilege('reporting', oid, 'USAGE') AS uses
    FROM pg_namespace
   WHERE nspname = 'public'
`;

describe.each(casesInTurn("public of managed services", MANAGED, { every: 3 }))(
  "public of $superuser on $profile.title",
  ({ profile, superuser }) => {
    const working = profile.workingRole!;
    let cluster: Cluster;
    let database: TestDatabase;
    let vault: Vault;

    beforeAll(async () => {
      cluster = await startCluster({ superuser });
      await cluster.admin(`
      CREATE ROLE ${working} CREATEDB CREATEROLE;
      GRANT pg_read_all_data TO ${working};
      GRANT ${working} TO holdfast;
      CREATE ROLE reporting
    `);
      database = await cluster.createDatabase();
      await database.admin(`
      ALTER SCHEMA public OWNER TO ${superuser};
      GRANT ALL ON SCHEMA public TO PUBLIC;
      GRANT SET ON PARAMETER session_replication_role TO ${working}
    `);
      await database.query(`
      CREATE TABLE public.orders (id int PRIMARY KEY);
      INSERT INTO public.orders SELECT generate_series(1, 50)
    `);
      vault = await Vault.make();
      expect((await vault.backup(database.url)).exit).toBe(0);
    });
    afterAll(async () => {
      await cluster[Symbol.asyncDispose]();
      await vault[Symbol.asyncDispose]();
    });

    it("stays in place, emptied; a new database keeps its own owner, told before and after", async () => {
      await database.query("DELETE FROM public.orders WHERE id > 10; CREATE TABLE public.later (id int)");
      const inPlace = await vault.restore(database.url, {
        mode: "in-place",
        confirm: database.name,
        safetyBackup: false,
      });
      expect({ exit: inPlace.exit, said: said(inPlace) }).toEqual({
        exit: 0,
        said: expect.stringContaining("everything as it was"),
      });
      expect(said(inPlace)).not.toContain("schema public");
      expect(await database.query(OWNER)).toEqual([{ owner: superuser, makes: true, uses: true }]);
      expect(
        await database.query(
          "SELECT (SELECT count(*)::int FROM public.orders) AS n, to_regclass('public.later') AS later",
        ),
      ).toEqual([{ n: 50, later: null }]);

      await using other = await cluster.createDatabase();
      for (const [target, how] of [
        [other, "here (pg_database_owner)"],
        [database, "in a new database"],
      ] as const) {
        const warning =
          `schema public belonged to ${superuser} at the source, whom role holdfast cannot be: ` +
          `it keeps the owner that it has ${how}`;
        const planned = await vault.restore(target.url, { confirm: target.name, dryRun: true });
        expect(said(planned)).toContain(`warning | ${warning}`);
        expect(said(planned)).not.toContain("cannot give objects");
        const restored = await vault.restore(target.url, { confirm: target.name, safetyBackup: false });
        expect({ exit: restored.exit, said: said(restored) }).toEqual({
          exit: 0,
          said: expect.stringContaining("everything as it was"),
        });
        expect(restored.report.notes).toContain(warning);
        expect(said(restored)).toMatch(/own, not compared .*: owner schema public/);
        expect(await target.query(OWNER)).toEqual([{ owner: "pg_database_owner", makes: true, uses: true }]);
        expect(await target.query("SELECT count(*)::int AS n FROM public.orders")).toEqual([{ n: 50 }]);
      }
    });
  },
);

describe("public of a role that no platform has", () => {
  it("is a difference where it cannot be given to that role, and nothing is put in place", async () => {
    await using cluster = await startCluster();
    await cluster.admin("CREATE ROLE somebody; ALTER ROLE holdfast CREATEDB");
    await using database = await cluster.createDatabase();
    await database.query("CREATE TABLE public.orders (id int PRIMARY KEY)");
    await database.admin("ALTER SCHEMA public OWNER TO somebody; GRANT ALL ON SCHEMA public TO holdfast");
    await using vault = await Vault.make();
    expect((await vault.backup(database.url)).exit).toBe(0);
    const restored = await vault.restore(database.url, {
      confirm: database.name,
      mode: "beside",
      safetyBackup: false,
    });
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 5,
      said: expect.stringMatching(/was NOT put in place[\s\S]*owner \| schema public \| differs/),
    });
    expect(said(restored)).toContain(
      'pg_restore | SCHEMA public | gap: reported: must be member of role "somebody"',
    );
  });
});
