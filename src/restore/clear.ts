import { quoteIdentifier } from "../kernel/sql.ts";
import type { ContentScope } from "../content/record.ts";
import type { DatabaseSession } from "../ports/database.ts";
import { listOutside, requireUntouched } from "./outside-scope.ts";
import { isWholeDatabase } from "./scope.ts";

/** A busy table's lock is waited for this long; the applications using it should have been stopped. */
const LOCK_TIMEOUT = "30s";

/**
 * Empties the part of a database that a backup covers, in one transaction: if anything refuses to go (a right, a lock, a managed schema), or something
 * outside the backup's schemas would go with it, everything stays as it was.
 *
 * @param remade extensions that the restore makes again
 */
export async function clearScope(session: DatabaseSession, scope: ContentScope, remade: readonly string[]): Promise<void> {
  await session.query("BEGIN");
  try {
    await session.query(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`);
    if (isWholeDatabase(scope)) await clearEverything(session);
    else await clearSchemas(session, scope, remade);
    await session.query("COMMIT");
  } catch (error) {
    await session.query("ROLLBACK");
    throw error;
  }
}

async function clearEverything(session: DatabaseSession): Promise<void> {
  await dropUnschemed(session);
  for (const extension of await extensions(session)) await session.query(`DROP EXTENSION IF EXISTS ${quoteIdentifier(extension)} CASCADE`);
  await dropSchemas(session, await coveredSchemas(session, { includeSchemas: [], excludeSchemas: [] }));
}

async function clearSchemas(session: DatabaseSession, scope: ContentScope, remade: readonly string[]): Promise<void> {
  const schemas = await coveredSchemas(session, scope);
  const before = await listOutside(session, schemas);
  await dropSchemas(session, schemas);
  requireUntouched(before, await listOutside(session, schemas), remade);
}

async function dropSchemas(session: DatabaseSession, schemas: readonly string[]): Promise<void> {
  for (const schema of schemas) await session.query(`DROP SCHEMA IF EXISTS ${quoteIdentifier(schema)} CASCADE`);
  if (schemas.includes("public")) await remakePublic(session);
}

async function coveredSchemas(session: DatabaseSession, scope: ContentScope): Promise<string[]> {
  const rows = await session.query<{ name: string }>(
    `SELECT nspname::text AS name FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1`,
  );
  const names = rows.map((row) => row.name);
  if (scope.includeSchemas.length > 0) return names.filter((name) => scope.includeSchemas.includes(name));
  return names.filter((name) => !scope.excludeSchemas.includes(name));
}

async function extensions(session: DatabaseSession): Promise<string[]> {
  const rows = await session.query<{ name: string }>("SELECT extname::text AS name FROM pg_catalog.pg_extension WHERE extname <> 'plpgsql' ORDER BY oid DESC");
  return rows.map((row) => row.name);
}

/** Things that belong to no schema: event triggers, publications, foreign servers, default privileges, large objects. */
async function dropUnschemed(session: DatabaseSession): Promise<void> {
  const names = async (sql: string): Promise<string[]> => (await session.query<{ name: string }>(sql)).map((row) => quoteIdentifier(row.name));
  for (const name of await names("SELECT evtname::text AS name FROM pg_catalog.pg_event_trigger")) await session.query(`DROP EVENT TRIGGER ${name} CASCADE`);
  for (const name of await names("SELECT pubname::text AS name FROM pg_catalog.pg_publication")) await session.query(`DROP PUBLICATION ${name} CASCADE`);
  // Those of extensions go with them; what belongs to the platform stays.
  const foreign = (catalog: string, prefix: string): string =>
    `SELECT ${prefix}name::text AS name FROM pg_catalog.${catalog} f WHERE pg_catalog.pg_has_role(${prefix}owner, 'USAGE')
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.${catalog}'::regclass AND d.objid = f.oid AND d.deptype = 'e')`;
  for (const name of await names(foreign("pg_foreign_server", "srv"))) await session.query(`DROP SERVER ${name} CASCADE`);
  for (const name of await names(foreign("pg_foreign_data_wrapper", "fdw"))) await session.query(`DROP FOREIGN DATA WRAPPER ${name} CASCADE`);
  await resetDefaultPrivileges(session);
  await session.query("SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata");
}

/**
 * Default privileges of the whole database would act on everything the restore makes. Each is set back to what the server has built in, which removes
 * it; those of a schema go with the schema. https://www.postgresql.org/docs/current/catalog-pg-default-acl.html
 */
async function resetDefaultPrivileges(session: DatabaseSession): Promise<void> {
  const statements = await session.query<{ sql: string }>(
    `WITH own AS (
       SELECT defaclrole, defaclacl, CASE defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' END AS things,
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

/** `public` as a new database has it: https://www.postgresql.org/docs/15/ddl-schemas.html#DDL-SCHEMAS-PATTERNS */
async function remakePublic(session: DatabaseSession): Promise<void> {
  const [row] = await session.query<{ num: number }>("SELECT current_setting('server_version_num')::int AS num");
  await session.query("CREATE SCHEMA public");
  await session.query("COMMENT ON SCHEMA public IS 'standard public schema'");
  if ((row?.num ?? 0) >= 150_000) {
    await session.query("ALTER SCHEMA public OWNER TO pg_database_owner");
    await session.query("GRANT USAGE ON SCHEMA public TO PUBLIC");
  } else {
    await session.query("GRANT ALL ON SCHEMA public TO PUBLIC");
  }
}
