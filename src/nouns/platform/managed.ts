import type { PlatformProfile } from "./profile.ts";

/**
 * Managed servers that leave their customers' databases alone: what is theirs is roles, and databases of
 * their own. They matter for what the administrator's role may not do, which is found by asking, and for
 * whose the few things are that a dump shows of them.
 *
 * Each has a role in place of a superuser (`azure_pg_admin`, `rds_superuser`, `cloudsqlsuperuser`)
 * whose members the customer's administrators are. What it owns, and the default privileges that are set
 * for it, administrators have made: it is the working role here, and all of that is the user's. Rights
 * on the server's own functions are the platform's, which changes them: a dump of Azure's names some
 * (https://github.com/MicrosoftDocs/azure-docs/issues/100198).
 */

const nothingInside = {
  schemas: [],
  eventTriggers: [],
  databaseSettings: [],
  publications: [],
  filledByItself: [],
  webhookFunctions: [],
  extensions: [],
  alteredExtensions: [],
  ownedByWorkingRole: [],
} as const;

/**
 * The superuser is `azuresu`; one page of the documents still has `azure_superuser`, its name on the
 * retired Single Server. The platform's own tables lie in databases of their own, `azure_maintenance` and
 * `azure_sys`. In every database `azure_pg_admin` owns the schema `public`, also from PostgreSQL 15 on.
 */
export const AZURE_FLEXIBLE_SERVER: PlatformProfile = {
  name: "azure-flexible-server",
  title: "Azure Database for PostgreSQL, Flexible Server",
  sources: [
    "https://learn.microsoft.com/azure/postgresql/configure-maintain/concepts-servers",
    "https://learn.microsoft.com/azure/postgresql/security/security-access-control",
    "https://learn.microsoft.com/azure/postgresql/security/security-manage-database-users",
    "https://learn.microsoft.com/training/modules/secure-azure-database-for-postgresql/" +
      "3-describe-built-server-roles",
  ],
  marks: { roles: ["azuresu", "azure_pg_admin"], tables: [] },
  roles: ["azuresu", "azure_superuser", "azure_pg_admin"],
  // The administrator is a member of azure_pg_admin, and so is whomever he lets be.
  onlyPlatform: ["azuresu", "azure_superuser"],
  ...nothingInside,
  workingRole: "azure_pg_admin",
};

/**
 * The roles after the first four are there as versions and services (Aurora's write forwarding,
 * directories) are.
 */
export const AMAZON_RDS: PlatformProfile = {
  name: "amazon-rds",
  title: "Amazon RDS and Aurora",
  sources: [
    "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/" +
      "Appendix.PostgreSQL.CommonDBATasks.Roles.rds_superuser.html",
    "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/" +
      "Appendix.PostgreSQL.CommonDBATasks.Roles.rds_superuser.html",
  ],
  marks: { roles: ["rdsadmin", "rds_superuser"], tables: [] },
  roles: [
    "rdsadmin",
    "rds_superuser",
    "rds_replication",
    "rds_password",
    "rds_iam",
    "rds_ad",
    "rds_reserved",
    "rds_extension",
    "rdsrepladmin",
    "rdstopmgr",
    "rdswriteforwarduser",
  ],
  // Customers' roles are made members of the others, or are told by them.
  onlyPlatform: ["rdsadmin", "rdsrepladmin", "rdstopmgr", "rdswriteforwarduser"],
  ...nothingInside,
  workingRole: "rds_superuser",
};

/** Roles of groups and of workforce identities are there where sign-in by IAM is on. */
export const GOOGLE_CLOUD_SQL: PlatformProfile = {
  name: "google-cloud-sql",
  title: "Google Cloud SQL",
  sources: [
    "https://cloud.google.com/sql/docs/postgres/users",
    "https://github.com/cloudfoundry/terraform-provider-csbpg/blob/main/csbpg/db_dumps_assets/gcp_pg15.sql",
  ],
  marks: { roles: ["cloudsqladmin", "cloudsqlsuperuser"], tables: [] },
  roles: [
    "cloudsqladmin",
    "cloudsqlsuperuser",
    "cloudsqlagent",
    "cloudsqlreplica",
    "cloudsqlimportexport",
    "cloudsqllogical",
    "cloudsqlobservability",
    "cloudsqlconnpooladmin",
    "cloudsqlinactiveuser",
    "cloudsqliamuser",
    "cloudsqliamserviceaccount",
    "cloudsqliamgroup",
    "cloudsqliamgroupuser",
    "cloudsqliamgroupserviceaccount",
    "cloudsqliamworkforceidentity",
  ],
  // Every administrator that a customer makes is a member of cloudsqlsuperuser.
  onlyPlatform: ["cloudsqladmin", "cloudsqlagent", "cloudsqlreplica"],
  ...nothingInside,
  workingRole: "cloudsqlsuperuser",
};
