import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { postgresDatabase } from "../../../src/adapters/postgres/database.ts";
import { PINNED_SETTINGS } from "../../../src/nouns/server/pinned-settings.ts";
import { detectPlatform } from "../../../src/nouns/platform/detect.ts";
import { AMAZON_RDS, AZURE_FLEXIBLE_SERVER, GOOGLE_CLOUD_SQL } from "../../../src/nouns/platform/managed.ts";
import { readPlatform } from "../../../src/nouns/platform/read-record.ts";
import { whoseIs } from "../../../src/nouns/platform/whose.ts";
import type { DatabaseSession } from "../../../src/ports/database.ts";
import { WHOLE } from "../content/copies.ts";
import { startCluster, type Cluster, type TestDatabase } from "../../support/postgres.ts";
import { said, Vault } from "../../support/vault.ts";
import { casesInTurn } from "../../support/sampling.ts";

/** Servers with the roles of each service, and what an administrator who is no superuser does on it. */
const MANAGED = [
  { profile: AZURE_FLEXIBLE_SERVER, superuser: "azuresu" },
  { profile: AMAZON_RDS, superuser: "rdsadmin" },
  { profile: GOOGLE_CLOUD_SQL, superuser: "cloudsqladmin" },
] as const;

describe.each(casesInTurn("managed services", MANAGED, { every: 3 }))(
  "a server of $profile.title",
  ({ profile, superuser }) => {
    const working = profile.workingRole!;
    const others = profile.roles.filter((role) => role !== superuser && role !== working);
    let cluster: Cluster;
    let database: TestDatabase;

    beforeAll(async () => {
      cluster = await startCluster({ superuser });
      await cluster.admin(`${others.map((role) => `CREATE ROLE ${role};`).join(" ")}
      CREATE ROLE ${working} CREATEDB CREATEROLE; GRANT pg_read_all_data TO ${working};
      GRANT ${working} TO holdfast WITH ADMIN OPTION; CREATE ROLE reporting`);
      database = await cluster.createDatabase();
      // What the service does in every database, as its superuser.
      await database.admin(`
      ALTER SCHEMA public OWNER TO ${working};
      GRANT EXECUTE ON FUNCTION pg_catalog.pg_stat_reset() TO ${working};
      GRANT SET ON PARAMETER session_replication_role TO ${working}
    `);
      await database.query(`
      CREATE TABLE public.orders (id int PRIMARY KEY);
      INSERT INTO public.orders SELECT generate_series(1, 50);
      ALTER TABLE public.orders OWNER TO ${working};
      ALTER DEFAULT PRIVILEGES FOR ROLE ${working} IN SCHEMA public GRANT SELECT ON TABLES TO reporting
    `);
    });
    afterAll(() => cluster[Symbol.asyncDispose]());

    const inSession = async <T>(use: (session: DatabaseSession) => Promise<T>, on = database): Promise<T> => {
      await using session = await postgresDatabase(on.adminAddress).connect({
        purpose: "look",
        settings: PINNED_SETTINGS,
      });
      return await use(session);
    };

    it("is known by its roles", async () => {
      expect((await inSession((session) => detectPlatform(session)))?.name).toBe(profile.name);
    });

    it("leaves to the user what the administrators own and give, else to the platform", async () => {
      await using other = await cluster.createDatabase();
      await other.admin("CREATE LANGUAGE theirs HANDLER plpgsql_call_handler");
      const record = (await inSession((session) => readPlatform(session, WHOLE), other))!;
      expect(record).toMatchObject({
        name: profile.name,
        schemas: [],
        users: [],
        own: [["language", "theirs"]],
      });
      const theirs: [Parameters<typeof whoseIs>[1], string][] = [
        ["language", "theirs"],
        ["role", superuser],
        ["role", working],
        ["grant", "catalog function pg_catalog.pg_stat_reset()"],
        ["default-privilege", `${superuser} in public for r`],
      ];
      expect(theirs.map(([kind, identity]) => whoseIs(record, kind, identity))).toEqual(
        theirs.map(() => "platform"),
      );
      const ours: [Parameters<typeof whoseIs>[1], string][] = [
        ["table", "public.orders"],
        ["owner", "table public.orders"],
        ["owner", "schema public"],
        ["role", "reporting"],
        ["default-privilege", `${working} in public for r`],
      ];
      expect(ours.map(([kind, identity]) => whoseIs(record, kind, identity))).toEqual(ours.map(() => "user"));
    });

    it("gives an administrators' member a backup: proved privately, restored in both ways", async () => {
      await using vault = await Vault.make();
      const taken = await vault.backup(database.url);
      expect({ exit: taken.exit, said: said(taken) }).toEqual({
        exit: 0,
        said: expect.stringContaining("50 rows"),
      });
      const proved = await vault.validate({ depth: "restored" });
      expect({ exit: proved.exit, said: said(proved) }).toEqual({
        exit: 0,
        said: expect.stringContaining("proved"),
      });
      for (const mode of ["auto", "in-place"] as const) {
        await database.query("DELETE FROM public.orders WHERE id > 10");
        const restored = await vault.restore(database.url, {
          mode,
          confirm: database.name,
          safetyBackup: false,
        });
        expect({ mode, exit: restored.exit, said: said(restored) }).toEqual({
          mode,
          exit: 0,
          said: expect.stringContaining("everything as it was"),
        });
        expect(said(restored)).toContain(`${profile.title}'s own, not compared`);
        expect(said(restored)).not.toContain("cannot give objects");
        expect(await database.query("SELECT count(*)::int AS n FROM public.orders")).toEqual([{ n: 50 }]);
      }
    });
  },
);
