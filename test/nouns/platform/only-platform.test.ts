import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { postgresDatabase } from "../../../src/adapters/postgres/database.ts";
import { isPlatformsDifference } from "../../../src/backups/copy/judging/platforms-own.ts";
import type { PlatformProfile } from "../../../src/nouns/platform/profile.ts";
import { AMAZON_RDS, AZURE_FLEXIBLE_SERVER, GOOGLE_CLOUD_SQL } from "../../../src/nouns/platform/managed.ts";
import { PROFILES } from "../../../src/nouns/platform/profiles.ts";
import { readPlatform } from "../../../src/nouns/platform/read-record.ts";
import type { PlatformRecord } from "../../../src/nouns/platform/record.ts";
import { startCluster, type Cluster } from "../../support/cluster.ts";
import { casesInTurn } from "../../support/sampling.ts";

/**
 * A platform that keeps nothing inside of databases, the role that customers act as there, and one that
 * nobody else can be.
 */
const MANAGED: readonly {
  readonly profile: PlatformProfile;
  readonly administrators: string;
  readonly owner: string;
}[] = [
  { profile: GOOGLE_CLOUD_SQL, administrators: "cloudsqlsuperuser", owner: "cloudsqladmin" },
  { profile: AMAZON_RDS, administrators: "rds_superuser", owner: "rdsadmin" },
  { profile: AZURE_FLEXIBLE_SERVER, administrators: "azure_pg_admin", owner: "azuresu" },
];

describe.each(casesInTurn("whose things are on managed services", MANAGED, { every: 3 }))(
  "whose things are on $profile.title",
  ({ profile, administrators, owner }) => {
    let cluster: Cluster;
    let record: PlatformRecord;

    beforeAll(async () => {
      cluster = await startCluster();
      await cluster.admin(
        `CREATE ROLE ${owner} SUPERUSER; CREATE ROLE ${administrators}; CREATE ROLE shopkeeper`,
      );
      await cluster.admin(`CREATE DATABASE shop OWNER ${administrators}`);
      await cluster.admin(
        `
        CREATE FOREIGN DATA WRAPPER w;
        GRANT USAGE ON FOREIGN DATA WRAPPER w TO ${administrators};
        SET ROLE ${administrators};
        CREATE SERVER stock FOREIGN DATA WRAPPER w;
        ALTER DEFAULT PRIVILEGES FOR ROLE ${administrators} GRANT SELECT ON TABLES TO shopkeeper;
        RESET ROLE;
        SET ROLE ${owner};
        CREATE SERVER inner_one FOREIGN DATA WRAPPER w;
        CREATE SCHEMA inside
      `,
        [],
        "shop",
      );
      await using session = await postgresDatabase(cluster.address("shop", "postgres")).connect({
        purpose: "test",
      });
      record = (await readPlatform(session, { includeSchemas: [], excludeSchemas: [] }))!;
    }, 120_000);
    afterAll(async () => await cluster[Symbol.asyncDispose]());

    it("what the role owns that customers act as is theirs, and a copy without it is not proved", () => {
      const isPlatforms = (about: string, name: string): boolean =>
        isPlatformsDifference(
          record,
          { severity: "difference", about, name, message: "is missing" },
          { objects: {} },
        );
      const customers = [
        ["foreign-server", "server stock"],
        ["user-mapping", "shopkeeper on stock"],
        ["default-privilege", `${administrators} for r`],
        ["owner", "server stock"],
        ["schema", "inside"],
      ] as const;
      expect(customers.filter(([about, name]) => isPlatforms(about, name))).toEqual([]);
      expect(isPlatforms("foreign-server", "server inner_one")).toBe(true);
      expect([record.name, record.schemas, record.users, record.own]).toEqual([
        profile.name,
        [],
        [],
        [["foreign-server", "server inner_one"]],
      ]);
    });
  },
);

describe("roles that nobody but a platform can be", () => {
  it.each(PROFILES)(
    "are some of those of $title, without the one that people work as",
    ({ roles, onlyPlatform, workingRole }) => {
      expect(onlyPlatform.length).toBeGreaterThan(0);
      expect(onlyPlatform.filter((role) => !roles.includes(role) || role === workingRole)).toEqual([]);
    },
  );
});
