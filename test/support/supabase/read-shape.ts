import type { Project } from "./project.ts";
import type { Shape } from "./shape.ts";

const SCHEMAS = "('auth', 'storage', 'extensions', 'graphql_public', 'public', 'realtime')";

const READ: Readonly<Record<keyof Shape, string>> = {
  roles: `
    SELECT rolname AS name, coalesce(rolconfig, '{}') AS settings, array_remove(ARRAY[
      CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN rolcanlogin THEN 'LOGIN' END,
      CASE WHEN rolcreatedb THEN 'CREATEDB' END, CASE WHEN rolcreaterole THEN 'CREATEROLE' END,
      CASE WHEN rolreplication THEN 'REPLICATION' END, CASE WHEN rolbypassrls THEN 'BYPASSRLS' END,
      CASE WHEN NOT rolinherit THEN 'NOINHERIT' END], NULL) AS attributes
    FROM pg_roles WHERE rolname !~ '^pg_'
  `,
  // With ADMIN OPTION from PostgreSQL 16 on: postgres of the roles it made. The platform's own have none.
  memberships: `
    SELECT roleid::regrole::text AS role, member::regrole::text AS member FROM pg_auth_members
    WHERE member::regrole::text !~ '^pg_' AND NOT admin_option
  `,
  schemas: `
    SELECT nspname AS name, nspowner::regrole::text AS owner, nspacl::text[] AS acl FROM pg_namespace
    WHERE nspname IN ${SCHEMAS}
  `,
  extensions: `
    SELECT extname AS name, extnamespace::regnamespace::text AS schema, extowner::regrole::text AS owner
    FROM pg_extension
  `,
  types: `
    SELECT oid::regtype::text AS name, typowner::regrole::text AS owner,
      ARRAY(SELECT enumlabel::text FROM pg_enum WHERE enumtypid = t.oid ORDER BY enumsortorder) AS labels
    FROM pg_type t WHERE typtype = 'e' AND typnamespace::regnamespace::text IN ${SCHEMAS}
  `,
  tables: `
    SELECT c.oid::regclass::text AS name, relowner::regrole::text AS owner, relrowsecurity AS rls,
      relacl::text[] AS acl,
      ARRAY(
        SELECT attname || ' ' || format_type(atttypid, atttypmod)
          || CASE WHEN attgenerated = '' THEN '' ELSE ' generated' END
          || CASE WHEN attnotnull THEN ' not null' ELSE '' END
        FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum
      ) AS columns,
      ARRAY(
        SELECT pg_get_constraintdef(oid) FROM pg_constraint
        WHERE conrelid = c.oid AND contype IN ('p', 'u', 'f')
      ) AS keys,
      ARRAY(
        SELECT tgname || ' ' || pronamespace::regnamespace || '.' || proname
        FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE tgrelid = c.oid AND NOT tgisinternal
      ) AS triggers
    FROM pg_class c WHERE relkind IN ('r', 'p') AND relnamespace::regnamespace::text IN ${SCHEMAS}
  `,
  // What belongs to an extension comes and goes with it.
  functions: `
    SELECT p.oid::regprocedure::text AS name, proowner::regrole::text AS owner, lanname AS language,
      prosecdef AS "securityDefiner", proacl::text[] AS acl
    FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
    WHERE pronamespace::regnamespace::text IN ${SCHEMAS} AND NOT EXISTS (
      SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e'
    )
  `,
  eventTriggers: `
    SELECT evtname AS name, evtowner::regrole::text AS owner, evtevent AS event, evttags AS tags,
      evtfoid::regprocedure::text AS function
    FROM pg_event_trigger
  `,
  defaultPrivileges: `
    SELECT defaclrole::regrole::text AS grantor, defaclnamespace::regnamespace::text AS schema,
      defaclobjtype AS objects, defaclacl::text[] AS acl
    FROM pg_default_acl
  `,
};

/** Lists within an object that have no order of their own. */
const UNORDERED = ["keys", "triggers", "attributes"];

/**
 * What a database consists of in the platform's schemas and on its server, by the catalog. In a new project
 * it is the {@link Shape} that it was made from; what people added in these schemas is in it too.
 */
export async function readShape(project: Project): Promise<Shape> {
  const read = Object.entries(READ).map(async ([noun, sql]) => {
    // With no search path names are qualified, and types and functions written with their schemas.
    const rows = await project.admin(`SET search_path = ''; ${sql}`);
    return [noun, rows] as const;
  });
  return inOrder(Object.fromEntries(await Promise.all(read)) as unknown as Shape);
}

/** The same with every list that has no order of its own sorted, for comparing. */
export function inOrder(shape: Shape): Shape {
  const sorted = Object.entries(shape).map(([noun, all]) => {
    const objects = (all as readonly Record<string, unknown>[]).map((object) => {
      const fields = Object.entries(object).map(([field, value]) => {
        return [field, UNORDERED.includes(field) ? (value as string[]).toSorted() : value];
      });
      return Object.fromEntries(fields) as Record<string, unknown>;
    });
    return [noun, objects.toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))];
  });
  return Object.fromEntries(sorted) as Shape;
}

/** What tells an object from others of its kind. */
function sortKey(object: Record<string, unknown>): string {
  const fields = ["name", "role", "member", "grantor", "schema", "objects"];
  return fields.map((field) => String(object[field])).join(" ");
}
