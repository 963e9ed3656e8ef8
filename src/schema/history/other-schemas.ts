import type { DatabaseSession } from "../../ports/database.ts";

/**
 * Schemas that were another application's when a history was taken over, as `quote_ident` writes them: no
 * file of the folder named them. What its migrations do there is no drift of ours, then and later.
 */
export async function otherSchemas(session: DatabaseSession): Promise<readonly string[]> {
  const [there] = await session.query<{ there: boolean }>(
    "SELECT pg_catalog.to_regclass('holdfast.format') IS NOT NULL AS there",
  );
  if (!there!.there) return [];
  // Tables of an earlier version lack the column.
  const [row] = await session.query<{ others: readonly string[] | null }>(
    `
      SELECT pg_catalog.jsonb_extract_path(pg_catalog.to_jsonb(f), 'other_schemas') AS others
        FROM holdfast.format f
    `,
  );
  return row?.others ?? [];
}

/** Leaves these schemas out from now on, besides those that are left out already. */
export async function leaveOut(session: DatabaseSession, schemas: readonly string[]): Promise<void> {
  if (schemas.length === 0) return;
  await session.query(
    `
      UPDATE holdfast.format
        SET other_schemas = ARRAY(SELECT pg_catalog.unnest(other_schemas)
                                  UNION SELECT pg_catalog.unnest($1::pg_catalog.text[])
                                   ORDER BY 1)
    `,
    [schemas],
  );
}
