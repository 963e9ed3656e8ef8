import type { DatabaseSession } from "../../ports/database.ts";

/**
 * Why the role that a dry run has looked with could not carry the plan out: planning needs no right to write,
 * and often has none on purpose. What the files themselves need nobody knows before they run.
 */
export async function onlyPlans(session: DatabaseSession): Promise<string | undefined> {
  const [row] = await session.query<{ role: string; missing: string | null }>(`
    SELECT current_user AS role,
           CASE
             WHEN pg_catalog.to_regclass('holdfast.migrations') IS NULL THEN
               CASE WHEN NOT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')
                 THEN 'CREATE on the database' END
             WHEN NOT pg_catalog.has_schema_privilege('holdfast', 'USAGE') THEN 'USAGE on the schema holdfast'
             WHEN NOT pg_catalog.has_table_privilege('holdfast.migrations', 'INSERT') THEN
               'INSERT on holdfast.migrations'
           END AS missing
  `);
  const { role, missing } = row!;
  return missing === null
    ? undefined
    : `the role ${role} may plan this and not carry it out: it has no right ${missing}`;
}
