import type { DatabaseSession } from "../../ports/database.ts";

/**
 * Versions that a rollback on record has taken back, whether or not they were applied again since. Empty
 * where there is no record, and for a role that may not read it, which then knows less.
 */
export async function takenBackVersions(
  session: DatabaseSession,
): Promise<readonly { readonly version: string }[]> {
  const [row] = await session.query<{ readable: boolean | null }>(`
    SELECT pg_catalog.has_table_privilege(pg_catalog.to_regclass('holdfast.rollbacks'), 'SELECT') AS readable
  `);
  if (row!.readable !== true) return [];
  return await session.query<{ version: string }>(
    "SELECT DISTINCT pg_catalog.unnest(done) AS version FROM holdfast.rollbacks",
  );
}
