import type { ContentScope } from "../../../nouns/content/record.ts";

/**
 * Whether a backup covers everything but the server's own schemas; only then may it take the place of a
 * whole database.
 */
export function isWholeDatabase(scope: ContentScope): boolean {
  return scope.includeSchemas.length === 0 && scope.excludeSchemas.length === 0;
}
