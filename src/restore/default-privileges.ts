import type { DatabaseSession } from "../ports/database.ts";
import type { Named } from "./live-tables.ts";

/**
 * Default privileges of the whole database would act on everything the restore makes. Each is set back to what the server has built in, which removes
 * it; those of a schema go with the schema. https://www.postgresql.org/docs/current/catalog-pg-default-acl.html
 */
export async function resetDefaultPrivileges(session: DatabaseSession): Promise<void> {
  const statements = await session.query<{ sql: string }>(
    `WITH own AS (
       SELECT defaclrole, defaclacl, CASE defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS'
                WHEN 'L' THEN 'LARGE OBJECTS' END AS things,
              pg_catalog.acldefault(CASE defaclobjtype WHEN 'S' THEN 's' ELSE defaclobjtype END, defaclrole) AS builtin
         FROM pg_catalog.pg_default_acl WHERE defaclnamespace = 0 AND pg_catalog.pg_has_role(defaclrole, 'USAGE')
     ), step AS (
       SELECT 1 AS turn, defaclrole, things, 'REVOKE ALL ON ' || things || ' FROM ' AS what, a.grantee FROM own, aclexplode(defaclacl) a WHERE things IS NOT NULL
       UNION
       SELECT 2, defaclrole, things, 'GRANT ' || a.privilege_type || ' ON ' || things || ' TO ', a.grantee FROM own, aclexplode(builtin) a WHERE things IS NOT NULL
     )
     SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE %I %s%s', pg_catalog.pg_get_userbyid(defaclrole), what,
                   CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_catalog.pg_get_userbyid(grantee)) END) AS sql
       FROM step ORDER BY defaclrole, things, turn, what`,
  );
  for (const { sql } of statements) await session.query(sql);
}

/** Whether some role's default privileges may give rights on a new table or sequence. */
export async function hasDefaultPrivileges(session: DatabaseSession): Promise<boolean> {
  const [row] = await session.query<{ found: boolean }>(
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_default_acl WHERE defaclobjtype IN ('r', 'S')) AS found",
  );
  return row?.found === true;
}

/**
 * Takes from tables just made, and from their sequences, what default privileges gave them. pg_dump writes only
 * rights that are not the built-in ones, so a table without rights of its own has no entry that would take others
 * away.
 */
export async function takeDefaultsBack(session: DatabaseSession, made: readonly Named[]): Promise<void> {
  const statements = await session.query<{ sql: string }>(
    `WITH made AS (
       SELECT c.oid FROM unnest($1::text[], $2::text[]) AS wanted (schema, name)
         JOIN pg_namespace n ON n.nspname = wanted.schema
         JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.name
     ), given AS (
       SELECT c.oid, c.relowner AS owner, c.relacl AS acl,
              CASE WHEN c.relkind = 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || format('%I.%I', n.nspname, c.relname) AS what
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relacl IS NOT NULL AND c.relkind IN ('r', 'p', 'S') AND (c.oid IN (SELECT oid FROM made)
           OR c.relkind = 'S' AND EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
             AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid IN (SELECT oid FROM made) AND d.deptype IN ('a', 'i')))
     ), step AS (
       SELECT oid, 1 AS turn, 'REVOKE ALL ON ' || what || ' FROM ' AS change, x.grantee FROM given, aclexplode(acl) x
       UNION
       SELECT oid, 2, 'GRANT ALL ON ' || what || ' TO ', owner FROM given
     )
     SELECT change || CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END AS sql
       FROM step ORDER BY oid, turn, sql`,
    [made.map(({ schema }) => schema), made.map(({ name }) => name)],
  );
  for (const { sql } of statements) await session.query(sql);
}
