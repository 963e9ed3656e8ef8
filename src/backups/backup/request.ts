import { HoldfastError } from "../../kernel/errors.ts";
import { parseDatabaseUrl, sourceNameOf } from "../../postgres/database-url.ts";
import type { Secret } from "../../kernel/secret.ts";
import { KINDS, type CatalogTier, type Kind, type Tier } from "../../nouns/catalog/manifest.ts";
import type { ContentScope } from "../../nouns/content/record.ts";
import type { BlobStore, PutOptions } from "../../ports/blob-store.ts";
import type { Database } from "../../ports/database.ts";
import type { BackupPorts } from "./ports.ts";
import { parseRecipient } from "../../nouns/seal/age.ts";

/** The parsed inputs of `holdfast backup`; durations in milliseconds. */
export interface BackupInputs {
  readonly database: Secret;
  readonly store: string;
  readonly storeSecret: Secret | undefined;
  readonly source: string | undefined;
  readonly tier: Tier;
  readonly kinds: readonly Kind[];
  readonly recipients: readonly string[];
  readonly allowUnencrypted: boolean;
  readonly proof: "content" | "rows" | "none";
  readonly schemas: readonly string[];
  readonly excludeSchemas: readonly string[];
  readonly jobs: number;
  readonly compressionLevel: number;
  readonly accessTier: AccessTier | "Default" | undefined;
  readonly lockWait: number;
  readonly snapshotLimit: number;
  readonly installClient: boolean;
  readonly dryRun: boolean;
}

export type AccessTier = NonNullable<PutOptions["accessTier"]>;

/** What is to be backed up, where to and how: checked, with the outside opened but not yet asked. */
export interface BackupRequest {
  readonly database: Database;
  readonly store: BlobStore;
  readonly source: string;
  readonly tier: CatalogTier;
  readonly kinds: readonly Kind[];
  readonly recipients: readonly string[];
  readonly proof: "content" | "rows" | "none";
  readonly scope: ContentScope;
  readonly jobs: number;
  readonly level: number;
  /** Undefined leaves it to the account. */
  readonly accessTier: AccessTier | undefined;
  /** Whether somebody asked for that one; what is only ours gives way where an account has no such tier. */
  readonly isAccessTierAsked: boolean;
  readonly lockWaitMs: number;
  readonly snapshotLimitMs: number;
  readonly installClient: boolean;
}

/** Strategy F2: what each tier holds by itself. */
const KINDS_OF_TIER: Readonly<Record<CatalogTier, readonly Kind[]>> = {
  tier1: ["schema", "data"],
  tier2: ["full"],
  tier3: ["schema", "data", "full"],
  tier4: ["schema", "data", "full"],
  safety: ["full"],
};

/**
 * Strategy F1, but for tier3: it is committed hot and moved to Archive by the account's lifecycle rule,
 * because an archived blob cannot be read back for hours and a backup that was never read back is not proved.
 */
const ACCESS_TIER: Readonly<Record<CatalogTier, AccessTier>> = {
  tier1: "Hot",
  tier2: "Cool",
  tier3: "Hot",
  tier4: "Cool",
  safety: "Hot",
};

/**
 * `data` alone cannot be restored: the schema of the same snapshot always comes with it. In the order
 * they are dumped.
 */
export function kindsFor(tier: CatalogTier, asked: readonly Kind[]): readonly Kind[] {
  const wanted = new Set(asked.length > 0 ? asked : KINDS_OF_TIER[tier]);
  if (wanted.has("data")) wanted.add("schema");
  return KINDS.filter((kind) => wanted.has(kind));
}

export function accessTierFor(tier: CatalogTier): AccessTier {
  return ACCESS_TIER[tier];
}

/**
 * Turns inputs into a request. Everything that can be wrong with the inputs alone is found here (exit 2 or
 * 7), before anything is opened.
 */
export async function parseBackupRequest(
  inputs: BackupInputs,
  ports: Pick<BackupPorts, "openDatabase" | "openStore">,
): Promise<BackupRequest> {
  const address = parseDatabaseUrl(inputs.database.reveal(), "database");
  const recipients = [...new Set(await Promise.all(inputs.recipients.map(parseRecipient)))];
  if (recipients.length === 0 && !inputs.allowUnencrypted) {
    throw new HoldfastError(
      "refused.unencrypted",
      "no recipients were given, so the backup would lie in the store unencrypted",
      {
        hint:
          "Make a key with `holdfast keygen` and give its public key as recipients; " +
          "--allow-unencrypted writes the backup in the clear.",
      },
    );
  }
  if (inputs.schemas.length > 0 && inputs.excludeSchemas.length > 0) {
    throw new HoldfastError("input.conflict", "schemas and exclude-schemas are both given", {
      hint: "Name either the schemas to keep or those to leave out.",
    });
  }
  return {
    database: await ports.openDatabase(address),
    store: await ports.openStore(inputs.store, inputs.storeSecret),
    source: inputs.source ?? sourceNameOf(address),
    tier: inputs.tier,
    kinds: kindsFor(inputs.tier, inputs.kinds),
    recipients,
    proof: inputs.proof,
    scope: { includeSchemas: inputs.schemas, excludeSchemas: inputs.excludeSchemas },
    jobs: inputs.jobs,
    level: inputs.compressionLevel,
    accessTier:
      inputs.accessTier === "Default" ? undefined : (inputs.accessTier ?? accessTierFor(inputs.tier)),
    isAccessTierAsked: inputs.accessTier !== undefined,
    lockWaitMs: inputs.lockWait,
    snapshotLimitMs: inputs.snapshotLimit,
    installClient: inputs.installClient,
  };
}
