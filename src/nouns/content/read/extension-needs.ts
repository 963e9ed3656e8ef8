import type { DatabaseSession } from "../../../ports/database.ts";

/**
 * Which objects cannot exist without which extensions: a member of the extension is a part of what they are,
 * directly or through other objects. https://www.postgresql.org/docs/current/catalog-pg-depend.html
 *
 * The catalog's arrows do not always point at the object whose creation fails, so four are added: a view
 * needs what its rule needs, a table what its columns' defaults and its check constraints need, a composite
 * type what its columns need.
 */
const NEEDS = `
  WITH RECURSIVE arrow AS (
    SELECT classid, objid, refclassid, refobjid
      FROM pg_depend
     WHERE deptype IN ('n', 'a', 'i') AND classid <> 'pg_extension'::regclass
    UNION ALL
    SELECT 'pg_class'::regclass, ev_class, 'pg_rewrite'::regclass, oid
      FROM pg_rewrite
     WHERE rulename = '_RETURN'
    UNION ALL
    SELECT 'pg_class'::regclass, adrelid, 'pg_attrdef'::regclass, oid FROM pg_attrdef
    UNION ALL
    SELECT 'pg_class'::regclass, conrelid, 'pg_constraint'::regclass, oid
      FROM pg_constraint
     WHERE contype = 'c' AND conrelid <> 0
    UNION ALL
    SELECT 'pg_type'::regclass, reltype, 'pg_class'::regclass, oid FROM pg_class WHERE relkind = 'c'
  ), need AS (
    SELECT classid, objid, refobjid AS extension
      FROM pg_depend
     WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
    UNION
    SELECT arrow.classid, arrow.objid, need.extension
      FROM need JOIN arrow ON arrow.refclassid = need.classid AND arrow.refobjid = need.objid
  )
  SELECT need.classid::regclass || ' ' || need.objid AS object,
         array_agg(x.extname::text ORDER BY x.extname COLLATE "C") AS extensions
    FROM need JOIN pg_extension x ON x.oid = need.extension GROUP BY 1
`;

/**
 * Object (`catalog oid`, such as `pg_class 16401`) → names of the extensions it needs; for those
 * that need any.
 */
export async function readExtensionNeeds(
  session: DatabaseSession,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await session.query<{ object: string; extensions: string[] }>(NEEDS);
  return new Map(rows.map((row) => [row.object, row.extensions]));
}
