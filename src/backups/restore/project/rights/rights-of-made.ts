import { refusal } from "../../../../nouns/server/refusal.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import { defaultPrivileges } from "../../clear/default-privileges.ts";

/**
 * Sets the rights on what was made back to those that the server gives of itself. The platform's default
 * privileges in `public` give everything to its API's roles as soon as it is made, and an archive says only
 * what was granted: a right that had been taken away at the source would be back. What the archive grants
 * comes after this.
 *
 * @param schemas of the user's; `public` itself is for {@link publicsRights}
 * @param others what is the user's in other schemas: schema and name
 * @param except roles of the platform's, whose objects of such a name are not meant
 */
export async function resetRights(
  session: DatabaseSession,
  schemas: readonly string[],
  others: readonly (readonly [schema: string, name: string])[],
  except: readonly string[],
): Promise<void> {
  const values = [
    [...schemas],
    others.map(([schema]) => schema),
    others.map(([, name]) => name),
    [...except],
  ];
  const statements = await session.query<{ sql: string }>(STATEMENTS, values);
  // One statement text for all of them: there may be thousands.
  if (statements.length > 0) await session.query(statements.map(({ sql }) => sql).join(";\n"));
}

const MEANT = (prefix: string): string => `
  (o.${prefix}namespace IN (SELECT oid FROM pg_namespace WHERE nspname = ANY ($1))
   OR (o.${prefix}namespace::regnamespace::text, o.${prefix}name::text) IN (SELECT quote_ident(s), n
       FROM unnest($2::text[], $3::text[]) AS other (s, n))
      AND pg_get_userbyid(o.${prefix}owner) <> ALL ($4::text[]))
`;
const NOT_MEMBER = (catalog: string): string => `
  NOT EXISTS (SELECT FROM pg_depend d
               WHERE d.classid = '${catalog}'::regclass AND d.objid = o.oid AND d.deptype = 'e')
`;

const STATEMENTS = `
  WITH made AS (
    SELECT CASE o.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS what, o.oid::regclass::text AS name,
           o.relacl AS acl, o.relowner AS owner,
           acldefault(CASE o.relkind WHEN 'S' THEN 's'::"char" ELSE 'r'::"char" END, o.relowner) AS standard
      FROM pg_class o
     WHERE ${MEANT("rel")} AND o.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND ${NOT_MEMBER("pg_class")}
    UNION ALL
    SELECT 'ROUTINE', o.oid::regprocedure::text, o.proacl, o.proowner, acldefault('f', o.proowner)
      FROM pg_proc o WHERE ${MEANT("pro")} AND ${NOT_MEMBER("pg_proc")}
    UNION ALL
    SELECT 'TYPE', o.oid::regtype::text, o.typacl, o.typowner, acldefault('T', o.typowner)
      FROM pg_type o
     WHERE ${MEANT("typ")} AND o.typtype IN ('c', 'd', 'e', 'r', 'b') AND ${NOT_MEMBER("pg_type")}
       AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = o.oid)
       AND (o.typrelid = 0 OR EXISTS (SELECT FROM pg_class c WHERE c.oid = o.typrelid AND c.relkind = 'c'))
    UNION ALL
    SELECT 'SCHEMA', quote_ident(o.nspname), o.nspacl, o.nspowner, acldefault('n', o.nspowner)
      FROM pg_namespace o WHERE o.nspname = ANY ($1) AND o.nspname <> 'public'
  ), touched AS (
    SELECT * FROM made WHERE acl IS NOT NULL AND pg_has_role(owner, 'USAGE')
  )
  SELECT format('REVOKE ALL ON %s %s FROM %s', what, name,
                CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END) AS sql
    FROM (SELECT DISTINCT t.what, t.name, t.standard, a.grantee FROM touched t, aclexplode(t.acl) a) x
   WHERE NOT EXISTS (SELECT FROM aclexplode(x.standard) s WHERE s.grantee = x.grantee)
  UNION ALL
  SELECT format('GRANT %s ON %s %s TO %s', s.privilege_type, t.what, t.name,
                CASE s.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(s.grantee)) END)
    FROM touched t, aclexplode(t.standard) s
   WHERE NOT EXISTS (SELECT FROM aclexplode(t.acl) a
                      WHERE a.grantee = s.grantee AND a.privilege_type = s.privilege_type)
`;

/**
 * Takes back every right that future objects get at the target of the user's roles, in his schemas and
 * everywhere, so that the archive's own default privileges are all there is: an archive says nothing of one
 * that was taken away wholly. What this role may not change is compared at the end.
 *
 * @param schemas of the user's, `public` among them
 * @param except roles of the platform's: their future objects are its own matter
 */
export async function resetDefaults(
  session: DatabaseSession,
  schemas: readonly string[],
  except: readonly string[],
): Promise<void> {
  for (const { role, reset } of await defaultPrivileges(session, [null, ...schemas])) {
    if (!except.includes(role)) {
      await refusal(session, () => session.query(reset), "database.permission", "database.query");
    }
  }
}
