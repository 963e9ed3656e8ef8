import { listed } from "../../kernel/listed.ts";
import type { DatabaseSession } from "../../ports/database.ts";

/**
 * Why the role that a dry run has looked with could not carry the plan out: planning needs no right to write,
 * and often has none on purpose. What the files themselves need nobody knows before they run.
 */
export async function onlyPlans(session: DatabaseSession): Promise<string | undefined> {
  const [row] = await session.query<{ role: string; missing: readonly string[] | null }>(`
    SELECT current_user AS role,
           CASE
             WHEN pg_catalog.to_regclass('holdfast.migrations') IS NULL THEN
               CASE WHEN NOT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')
                 THEN ARRAY['CREATE on the database'] END
             ELSE ARRAY(
               SELECT w.privilege || ' on holdfast.' || c.relname
                 FROM (VALUES ('migrations', 1, 'INSERT'), ('migrations', 2, 'UPDATE'),
                              ('lease', 3, 'SELECT'), ('lease', 4, 'INSERT'), ('lease', 5, 'UPDATE'),
                              ('lease', 6, 'DELETE'))
                        AS w(name, place, privilege)
                 JOIN pg_catalog.pg_class c ON c.relname = w.name
                 JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'holdfast'
                WHERE NOT pg_catalog.has_table_privilege(c.oid, w.privilege)
                ORDER BY w.place)
           END AS missing
  `);
  const { role, missing } = row!;
  return missing === null || missing.length === 0
    ? undefined
    : `the role ${role} may plan this and not carry it out: it has no right ${listed(missing, 10)}`;
}
