import type { DatabaseSession } from "../../ports/database.ts";
import { compareKeys, versionKey } from "../folder/version.ts";
import type { Standing } from "../history/standing.ts";
import { schemaFingerprint } from "../proof/schema-fingerprint.ts";
import { readState } from "../proof/state.ts";

/**
 * Whether the live schema is not what its last migration left. False where the history does not tell, and
 * where half of a file is done, which is no drift.
 */
export async function hasDrifted(session: DatabaseSession, standing: Standing): Promise<boolean> {
  if (standing.begun.length > 0) return false;
  const history = [...standing.applied.map(({ entry }) => entry), ...standing.missing].sort((one, other) =>
    compareKeys(versionKey(one.version), versionKey(other.version)),
  );
  const left = history.at(-1)?.fingerprintAfter ?? undefined;
  return left !== undefined && schemaFingerprint(await readState(session)).hash !== left;
}
