import type { Standing } from "../history/standing.ts";

/**
 * Whether the live schema is not what its last migration left. Not where the history does not tell, nor
 * where half of a file is done, which is no drift.
 */
export function isDrift(live: string, { begun, last }: Standing): boolean {
  if (begun.length > 0) return false;
  const left = last?.fingerprintAfter ?? undefined;
  return left !== undefined && live !== left;
}
