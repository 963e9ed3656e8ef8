import type { InputSpec } from "./define.ts";

/**
 * Inputs that mean the same in every command that has them, so that a person learns them once. The choices
 * are written out instead of imported from the catalog: that would load its schemas before `--help` can be
 * printed; a test keeps them equal.
 */

export const store = {
  type: "string",
  required: true,
  text: "Where backups are kept: `azure://<account>/<container>[/<prefix>]` or `file:///<folder>`.",
  example: "azure://mybackups/holdfast/prod",
  pattern: /^(azure|file):\/\/.+/,
  accepts: "azure://<account>/<container>[/<prefix>] or file:///<folder>",
} as const satisfies InputSpec;

export const storeSecret = {
  type: "secret",
  text:
    "Azure connection string or SAS token of the store. Without it AZURE_STORAGE_CONNECTION_STRING, " +
    "AZURE_STORAGE_SAS_TOKEN and then the signed-in identity (the job's own by AZURE_CLIENT_ID and " +
    "AZURE_TENANT_ID with `id-token: write`, azure/login, managed identity, Azure CLI) are used. Not " +
    "needed for file:// stores.",
} as const satisfies InputSpec;

export const source = {
  type: "string",
  text: "Name under which the backups of one database are kept together, in lower case.",
  example: "shop",
  pattern: /^[a-z0-9][a-z0-9._-]{0,62}$/,
  accepts: "lower-case letters, digits, '.', '_' and '-', at most 63, starting with a letter or digit",
} as const satisfies InputSpec;

/**
 * How an environment may be called: as at GitHub, which takes at most 255 characters and makes no difference
 * between small letters and capitals. https://docs.github.com/actions/reference/environments
 */
export const environmentName = {
  pattern: /^[^\u0000-\u001f\u007f-\u009f]{1,255}$/u,
  accepts: "the name of an environment: at most 255 characters, none of them a control character",
} as const;

/** The tier filter of commands that read; `safety` holds the backups made automatically before a restore. */
export const tierFilter = {
  type: "choice",
  choices: ["tier1", "tier2", "tier3", "tier4", "safety"],
  text: "Only backups of this tier; every tier but `safety` when left out.",
} as const satisfies InputSpec;

export const identity = {
  type: "secret",
  text:
    "age identity (`AGE-SECRET-KEY-1…`) that opens the backup; several may be given, one a line. " +
    "Only needed for encrypted backups.",
} as const satisfies InputSpec;

export const snapshotLimit = {
  type: "duration",
  default: "5h",
  text:
    "Longest time a snapshot is held open at the database; an open snapshot keeps VACUUM from cleaning up. " +
    "Past it the run fails and leaves no backup.",
} as const satisfies InputSpec;

export const dryRun = {
  type: "boolean",
  default: false,
  text: "Show what would be done and stop before anything is changed.",
} as const satisfies InputSpec;

export const installClient = {
  type: "boolean",
  default: false,
  only: "action",
  text:
    "Install the distribution's PostgreSQL client of the server's major version when " +
    "the runner has none that is new enough, and keep it between runs with the Actions cache. " +
    "Needs a Debian or Ubuntu runner with sudo.",
} as const satisfies InputSpec;
