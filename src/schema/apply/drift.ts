import type { DatabaseSession } from "../../ports/database.ts";
import { compareKeys, versionKey } from "../folder/version.ts";
import type { Standing } from "../history/standing.ts";
import { schemaFingerprint } from "../proof/schema-fingerprint.ts";
import { readState } from "../proof/state.ts";

/**
 * The live schema's fingerprint where it is not what its last migration left; undefined where it is, where
 * the history does not tell, and where half of a file is done, which is no drift.
 */
export async function driftOf(session: DatabaseSession, standing: Standing): Promise<string | undefined> {
  if (standing.begun.length > 0) return undefined;
  const history = [...standing.applied.map(({ entry }) => entry), ...standing.missing].sort((one, other) =>
    compareKeys(versionKey(one.version), versionKey(other.version)),
  );
  const left = history.at(-1)?.fingerprintAfter ?? undefined;
  if (left === undefined) return undefined;
  const live = schemaFingerprint(await readState(session)).hash;
  return live === left ? undefined : live;
}
