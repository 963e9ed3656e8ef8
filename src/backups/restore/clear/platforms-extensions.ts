import { detectPlatform } from "../../../nouns/platform/detect.ts";
import type { DatabaseSession } from "../../../ports/database.ts";

/** What of the platform's stays where a database is emptied. */
export interface PlatformsExtensions {
  readonly names: ReadonlySet<string>;
  /**
   * Schemas in which parts of them stand, or that are parts themselves: dropping one would take the
   * extension along.
   */
  readonly schemas: ReadonlySet<string>;
}

/**
 * Extensions that one of the platform's roles owns and this role may not drop. A managed server makes them
 * for its customers, who could not make all of them again. Another person's extension is none of them:
 * whoever cannot drop that cannot empty the database.
 */
export async function platformsExtensions(session: DatabaseSession): Promise<PlatformsExtensions> {
  const profile = await detectPlatform(session);
  if (profile === undefined) return { names: new Set(), schemas: new Set() };
  const extensions = await session.query<{ name: string }>(
    `
      SELECT x.extname::text AS name
        FROM pg_catalog.pg_extension x JOIN pg_catalog.pg_roles r ON r.oid = x.extowner
       WHERE r.rolname = ANY ($1::text[]) AND NOT pg_catalog.pg_has_role(x.extowner, 'USAGE')
    `,
    [[...profile.roles]],
  );
  const names = extensions.map(({ name }) => name);
  const schemas = await session.query<{ name: string }>(
    `
      SELECT n.nspname::text AS name
        FROM pg_catalog.pg_extension x JOIN pg_catalog.pg_namespace n ON n.oid = x.extnamespace
       WHERE x.extname = ANY ($1::text[])
      UNION SELECT coalesce(i.schema, CASE i.type WHEN 'schema' THEN i.name END) AS name
              FROM pg_catalog.pg_extension x
              JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
                   AND d.refobjid = x.oid
                   AND d.deptype = 'e', pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) i
             WHERE x.extname = ANY ($1::text[])
               AND coalesce(i.schema, CASE i.type WHEN 'schema' THEN i.name END) IS NOT NULL
    `,
    [names],
  );
  return { names: new Set(names), schemas: new Set(schemas.map(({ name }) => name)) };
}
