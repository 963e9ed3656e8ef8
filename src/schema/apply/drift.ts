import { compareKeys, versionKey } from "../folder/version.ts";
import type { Standing } from "../history/standing.ts";

/**
 * Whether the live schema is not what its last migration left. Not where the history does not tell, nor
 * where half of a file is done, which is no drift.
 */
export function isDrift(live: string, standing: Standing): boolean {
  if (standing.begun.length > 0) return false;
  const history = [...standing.applied.map(({ entry }) => entry), ...standing.missing].sort((one, other) =>
    compareKeys(versionKey(one.version), versionKey(other.version)),
  );
  const left = history.at(-1)?.fingerprintAfter ?? undefined;
  return left !== undefined && live !== left;
}
