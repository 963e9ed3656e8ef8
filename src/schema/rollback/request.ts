import type { Secret } from "../../kernel/secret.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import { parseDatabaseUrl } from "../../postgres/database-url.ts";
import type { BlobStore } from "../../ports/blob-store.ts";
import type { Database } from "../../ports/database.ts";
import type { RollbackPorts } from "./ports.ts";
import type { VersionKey } from "../../nouns/migration-files/version.ts";
import { versionKey } from "../../nouns/migration-files/version.ts";
import { parsePlanHash } from "../steps/plan-hash.ts";
import type { Timeouts } from "../steps/carry-out.ts";
import { folderPath } from "../../kernel/cut.ts";

/** The parsed inputs of `holdfast migrate-rollback`; durations in milliseconds. */
export interface MigrateRollbackInputs {
  readonly database: Secret;
  readonly migrations: string;
  /** Or {@link fromBackup}; one of the two. */
  readonly to: string | undefined;
  readonly fromBackup: string | undefined;
  readonly confirm: string | undefined;
  readonly store: string | undefined;
  readonly storeSecret: Secret | undefined;
  readonly recipients: readonly string[];
  readonly identity: Secret | undefined;
  readonly allowUnencrypted: boolean;
  readonly withoutBackup: boolean;
  readonly allowUnproved: boolean;
  readonly reason: string | undefined;
  readonly dryRun: boolean;
  readonly wait: number;
  readonly lockTimeout: number;
  readonly statementTimeout: number;
  readonly retries: number;
  readonly planHash: string | undefined;
}

/** What is to be taken back; nothing was asked yet. */
export interface RollbackRequest {
  readonly database: Database;
  readonly folder: string;
  /** The version that stays; undefined: everything goes. */
  readonly to: { readonly version: string; readonly key: VersionKey } | undefined;
  readonly confirm: string | undefined;
  /** Where the safety backup goes; undefined where there is to be none. */
  readonly store: BlobStore | undefined;
  readonly recipients: readonly string[];
  readonly allowUnproved: boolean;
  readonly reason: string;
  readonly waitMs: number;
  readonly timeouts: Timeouts;
  readonly retries: number;
  /** Of the plan that was approved; undefined: what is found is meant. */
  readonly planHash: string | undefined;
}

/** Everything goes, back to before the first migration. */
const NOTHING = "nothing";

/**
 * @throws input.malformed, input.missing, input.conflict, refused.unencrypted
 */
export async function parseRollbackRequest(
  inputs: MigrateRollbackInputs & { readonly to: string },
  ports: RollbackPorts,
): Promise<RollbackRequest> {
  if (inputs.to !== NOTHING && !/^\d[\d._-]*$/.test(inputs.to)) {
    throw new HoldfastError("input.malformed", `to is '${inputs.to}', which is no version`, {
      hint:
        "Give the digits at the beginning of the file name of the migration that stays, or 'nothing' " +
        "to take back all.",
    });
  }
  return {
    database: await ports.openDatabase(parseDatabaseUrl(inputs.database.reveal(), "database")),
    folder: folderPath(inputs.migrations),
    to: inputs.to === NOTHING ? undefined : { version: inputs.to, key: versionKey(inputs.to) },
    confirm: inputs.confirm,
    store: await storeOf(inputs, ports),
    recipients: inputs.recipients,
    allowUnproved: inputs.allowUnproved,
    reason: inputs.reason ?? "",
    waitMs: inputs.wait,
    timeouts: { lockMs: inputs.lockTimeout, statementMs: inputs.statementTimeout },
    retries: inputs.retries,
    planHash: parsePlanHash(inputs.planHash),
  };
}

async function storeOf(
  { store, storeSecret, withoutBackup, recipients, allowUnencrypted }: MigrateRollbackInputs,
  ports: RollbackPorts,
): Promise<BlobStore | undefined> {
  if (withoutBackup) {
    if (store === undefined) return undefined;
    throw new HoldfastError("input.conflict", "both --store and --without-backup are given", {
      hint: "Leave one of the two out.",
    });
  }
  if (store === undefined) {
    throw new HoldfastError("input.missing", "no store was given for the safety backup", {
      hint: "Give --store; or, where losing what the rollback destroys is what you want, --without-backup.",
    });
  }
  if (recipients.length === 0 && !allowUnencrypted) {
    throw new HoldfastError("refused.unencrypted", "the safety backup has no recipients", {
      hint:
        "Give --recipients with the age public keys that shall be able to open it, " +
        "or --allow-unencrypted.",
    });
  }
  return await ports.openStore(store, storeSecret);
}

/** @throws input.missing, input.conflict where the two roads are mixed up */
export function requireOneRoad({ to, fromBackup, store }: MigrateRollbackInputs): void {
  if (to === undefined && fromBackup === undefined) {
    throw new HoldfastError("input.missing", "neither --to nor --from-backup was given", {
      hint:
        "Say with --to which version stays, and what came after it is taken back by its scripts; " +
        "or with --from-backup which backup is to be restored.",
    });
  }
  if (to !== undefined && fromBackup !== undefined) {
    throw new HoldfastError("input.conflict", "both --to and --from-backup are given", {
      hint: "Scripts take back what came after a version, a restore brings back a backup: choose one.",
    });
  }
  if (fromBackup !== undefined && store === undefined) {
    throw new HoldfastError("input.missing", "no store was given, and the backup lies in one", {
      hint: "Give --store.",
    });
  }
}
