import type { DatabaseSession } from "../../ports/database.ts";
import type { PlatformRecord } from "./record.ts";

/**
 * Names of the settings that roles have in every database of the server (`ALTER ROLE … SET`), the server's
 * own roles left out. They are in no dump of a database, and a project behaves otherwise without them. Never
 * the values, which may be secrets; those that a role has in one database stand among that database's.
 */
export async function readRoleSettings(
  session: DatabaseSession,
): Promise<NonNullable<PlatformRecord["settings"]>> {
  const rows = await session.query<{ role: string; name: string }>(`
    SELECT r.rolname::text AS role, split_part(entry, '=', 1) AS name
      FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) AS entry
     WHERE s.setdatabase = 0 AND r.rolname !~ '^pg_'
     ORDER BY r.rolname COLLATE "C", split_part(entry, '=', 1) COLLATE "C"
  `);
  return rows.map(({ role, name }): [string, string] => [role, name]);
}
