import type { DatabaseSession } from "../ports/database.ts";

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
