import type { PlatformProfile } from "./profile.ts";

/**
 * Managed servers that leave their customers' databases alone: what is theirs is roles, and databases of their own.
 * They matter for what the administrator's role may not do, which is found by asking.
 */

const nothingInside = {
  schemas: [], eventTriggers: [], publications: [], webhookFunctions: [], extensions: [], ownedByWorkingRole: [],
} as const;

export const AZURE_FLEXIBLE_SERVER: PlatformProfile = {
  name: "azure-flexible-server",
  title: "Azure Database for PostgreSQL, Flexible Server",
  sources: [
    "https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-servers",
    "https://learn.microsoft.com/azure/postgresql/flexible-server/security-manage-database-users",
  ],
  marks: { roles: ["azuresu", "azure_pg_admin"], tables: [] },
  roles: ["azuresu", "azure_pg_admin"],
  // The administrator is a member of azure_pg_admin, and so is whomever he lets be.
  onlyPlatform: ["azuresu"],
  ...nothingInside,
};

export const AMAZON_RDS: PlatformProfile = {
  name: "amazon-rds",
  title: "Amazon RDS and Aurora",
  sources: [
    "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Roles.rds_superuser.html",
  ],
  marks: { roles: ["rdsadmin", "rds_superuser"], tables: [] },
  roles: [
    "rdsadmin", "rds_superuser", "rds_replication", "rds_password", "rds_iam", "rds_ad", "rds_reserved", "rds_extension", "rdsrepladmin",
    "rdstopmgr", "rdswriteforwarduser",
  ],
  // Customers' roles are made members of the others, or are told by them.
  onlyPlatform: ["rdsadmin", "rdsrepladmin", "rdstopmgr", "rdswriteforwarduser"],
  ...nothingInside,
};

export const GOOGLE_CLOUD_SQL: PlatformProfile = {
  name: "google-cloud-sql",
  title: "Google Cloud SQL",
  sources: ["https://cloud.google.com/sql/docs/postgres/users"],
  marks: { roles: ["cloudsqladmin", "cloudsqlsuperuser"], tables: [] },
  roles: [
    "cloudsqladmin", "cloudsqlsuperuser", "cloudsqlagent", "cloudsqlreplica", "cloudsqliamuser", "cloudsqliamserviceaccount",
    "cloudsqlimportexport", "cloudsqlinactiveuser", "cloudsqllogical", "cloudsqlobservability", "cloudsqlconnpooladmin",
  ],
  // Every administrator that a customer makes is a member of cloudsqlsuperuser.
  onlyPlatform: ["cloudsqladmin", "cloudsqlagent", "cloudsqlreplica"],
  ...nothingInside,
};
