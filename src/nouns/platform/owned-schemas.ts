import type { DatabaseSession } from "../../ports/database.ts";
import type { PlatformProfile, PlatformSchema } from "./profile.ts";
import { isUsersSchema } from "../../postgres/schemas.ts";

/**
 * Schemas that a profile does not name and that can only be its platform's: one of the roles that nobody
 * else can be owns the schema and everything in it. `public` is everybody's, whoever owns it, and where an
 * extension has been made, that is an extension's.
 */
export async function ownedSchemas(
  session: DatabaseSession,
  { schemas, onlyPlatform }: PlatformProfile,
): Promise<PlatformSchema[]> {
  // A platform that is not known to keep anything inside of databases is not thought to.
  if (schemas.length === 0) return [];
  const rows = await session.query<{ name: string; owner: string }>(OWNED, [
    [...onlyPlatform],
    schemas.map(({ name }) => name),
  ]);
  return rows.map(({ name, owner }) => ({ name, purpose: `of role ${owner}`, rows: [] }));
}

const BY_OTHERS = (catalog: string, prefix: string): string => `
  EXISTS (SELECT FROM pg_catalog.${catalog} o
           WHERE o.${prefix}namespace = n.oid
             AND pg_catalog.pg_get_userbyid(o.${prefix}owner)::text <> ALL ($1::text[]))
`;

const OWNED = `
  SELECT n.nspname::text AS name, pg_catalog.pg_get_userbyid(n.nspowner)::text AS owner
    FROM pg_catalog.pg_namespace n
   WHERE pg_catalog.pg_get_userbyid(n.nspowner)::text = ANY ($1::text[])
     AND n.nspname::text <> ALL ($2::text[])
     AND ${isUsersSchema()}
     AND n.nspname <> 'public'
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE e.extnamespace = n.oid)
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
                        AND d.objid = n.oid
                        AND d.deptype = 'e')
     AND NOT ${BY_OTHERS("pg_class", "rel")}
     AND NOT ${BY_OTHERS("pg_proc", "pro")}
     AND NOT ${BY_OTHERS("pg_type", "typ")}
   ORDER BY 1
`;
