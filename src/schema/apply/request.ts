import type { Secret } from "../../kernel/secret.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import { parseDatabaseUrl } from "../../postgres/database-url.ts";
import type { Database } from "../../ports/database.ts";
import type { Ports } from "../../ports/ports.ts";
import type { ToolName } from "../books/tool.ts";
import { isVersion, versionKey } from "../../nouns/migration-files/version.ts";
import type { VersionKey } from "../../nouns/migration-files/version.ts";
import { parsePlanHash } from "../steps/plan-hash.ts";
import type { Timeouts } from "../steps/carry-out.ts";
import { folderPath } from "../../kernel/cut.ts";

/** The parsed inputs of `holdfast migrate`; durations in milliseconds. */
export interface MigrateInputs {
  readonly database: Secret;
  readonly migrations: string;
  readonly to: string | undefined;
  readonly dryRun: boolean;
  readonly wait: number;
  readonly lockTimeout: number;
  readonly statementTimeout: number;
  readonly retries: number;
  readonly allowLate: boolean;
  readonly store: string | undefined;
  readonly storeSecret: Secret | undefined;
  readonly source: string | undefined;
  readonly maxBackupAge: number;
  readonly confirm: string | undefined;
  readonly adopt: ToolName | "none" | undefined;
  readonly baseline: string | undefined;
  readonly planHash: string | undefined;
}

/** What of an apply needs of the outside. */
export type MigratePorts = Pick<
  Ports,
  | "sourceTree"
  | "openDatabase"
  | "openStore"
  | "scratchServers"
  | "log"
  | "clock"
  | "random"
  | "cancelled"
  | "run"
  | "version"
>;

/** What is to be applied where; nothing was asked yet. */
export interface MigrateRequest {
  readonly database: Database;
  readonly folder: string;
  /** The last version to apply; all when absent. */
  readonly to: { readonly version: string; readonly key: VersionKey } | undefined;
  readonly waitMs: number;
  readonly timeouts: Timeouts;
  /** How many more times a transaction that met a lock is tried. */
  readonly retries: number;
  readonly allowLate: boolean;
  /** Where verified backups are looked for; opened only when something destructive is pending. */
  readonly store: { readonly url: string; readonly secret: Secret | undefined } | undefined;
  readonly source: string | undefined;
  /** How old the snapshot of a backup may be that protects what is destroyed. */
  readonly maxBackupAgeMs: number;
  /** The database's name, where the loss is confirmed. */
  readonly confirm: string | undefined;
  /** The tool whose history is taken over; `none`: none is looked at. */
  readonly adopt: ToolName | "none" | undefined;
  /** Up to which version the database has everything already. */
  readonly baseline: MigrateRequest["to"];
  /** Of the plan that was approved; undefined: whatever is pending is meant. */
  readonly planHash: string | undefined;
  /** The plan is shown, and not carried out. */
  readonly dryRun: boolean;
}

export async function parseMigrateRequest(
  inputs: MigrateInputs,
  ports: MigratePorts,
): Promise<MigrateRequest> {
  if (inputs.baseline !== undefined && inputs.adopt !== undefined) {
    throw new HoldfastError("input.conflict", "both --baseline and --adopt are given", {
      hint: "Leave one of the two out.",
    });
  }
  const takesOver = inputs.baseline !== undefined || (inputs.adopt ?? "none") !== "none";
  if (takesOver && inputs.planHash !== undefined) {
    throw new HoldfastError("input.conflict", "--plan-hash is given, and a history is to be taken over", {
      hint: "Take it over first, by a run of its own; a plan can be approved after it.",
    });
  }
  return {
    database: await ports.openDatabase(parseDatabaseUrl(inputs.database.reveal(), "database")),
    folder: folderPath(inputs.migrations),
    to: versionOf("to", inputs.to),
    waitMs: inputs.wait,
    timeouts: { lockMs: inputs.lockTimeout, statementMs: inputs.statementTimeout },
    retries: inputs.retries,
    allowLate: inputs.allowLate,
    store: inputs.store === undefined ? undefined : { url: inputs.store, secret: inputs.storeSecret },
    source: inputs.source,
    maxBackupAgeMs: inputs.maxBackupAge,
    confirm: inputs.confirm,
    adopt: inputs.adopt,
    baseline: versionOf("baseline", inputs.baseline),
    planHash: parsePlanHash(inputs.planHash),
    dryRun: inputs.dryRun,
  };
}

function versionOf(input: string, version: string | undefined): MigrateRequest["to"] {
  if (version === undefined) return undefined;
  if (isVersion(version)) return { version, key: versionKey(version) };
  throw new HoldfastError("input.malformed", `${input} is '${version}', which is no version`, {
    hint: "Give the digits at the beginning of a migration's file name.",
  });
}
