import type { Database } from "../../ports/database.ts";
import type { BlobStore } from "../../ports/blob-store.ts";
import { sourceNameOf } from "../../postgres/database-url.ts";
import type { TableRecord } from "../../nouns/content/record.ts";
import type { BackupPorts } from "./ports.ts";
import { DEFAULT_LEVEL } from "../../nouns/seal/default-level.ts";
import { planBackup } from "./plan.ts";
import { accessTierFor, kindsFor, type BackupRequest } from "./request.ts";
import { applyBackup } from "./apply.ts";

/**
 * A backup of a restore's target, made before anything in it is changed: same store, readable by whoever can
 * read the backup being restored.
 */
export async function takeSafetyBackup(
  what: {
    database: Database;
    store: BlobStore;
    recipients: readonly string[];
    jobs: number;
    snapshotLimitMs: number;
  },
  ports: BackupPorts,
): Promise<{ readonly id: string; readonly snapshotAt: string; readonly tables: readonly TableRecord[] }> {
  const request: BackupRequest = {
    ...what,
    source: sourceNameOf(what.database.address),
    tier: "safety",
    kinds: kindsFor("safety", []),
    proof: "content",
    scope: { includeSchemas: [], excludeSchemas: [] },
    level: DEFAULT_LEVEL,
    accessTier: accessTierFor("safety"),
    isAccessTierAsked: false,
    lockWaitMs: 60_000,
    installClient: false,
  };
  ports.log.stage("making a safety backup of the target");
  const { manifest } = await applyBackup(await planBackup(request, ports), ports);
  ports.log.info(
    `safety backup ${manifest.id} exists: ${what.database.address.database} as of ${manifest.snapshotAt}`,
  );
  return { id: manifest.id, snapshotAt: manifest.snapshotAt, tables: manifest.content.tables };
}
