import type { DatabaseSession } from "../../ports/database.ts";
import { isUsersSchema } from "../../postgres/schemas.ts";

/**
 * A word for a database that has tables and no history of migrations: files that have made them already would
 * be carried out again. Undefined where it is empty.
 */
export async function unrecorded(session: DatabaseSession): Promise<string | undefined> {
  const [row] = await session.query<{ tables: number }>(`
    SELECT count(*)::int AS tables
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND n.nspname <> 'holdfast' AND ${isUsersSchema()}
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                        WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
                          AND d.deptype = 'e')
  `);
  if (row!.tables === 0) return undefined;
  return (
    "the database has tables, and no history of migrations: where files of the folder have made them " +
    "already, migrate --baseline <version> takes it over at the last of these"
  );
}
