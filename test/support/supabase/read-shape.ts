import type { Project } from "./project.ts";
import type { Shape } from "./shape.ts";

const SCHEMAS = "('auth', 'storage', 'extensions', 'graphql_public', 'public', 'realtime')";

/** Whether an object is an extension's; those come and go with it. */
function isMember(catalog: string, oid: string): string {
  return `EXISTS (SELECT FROM pg_depend d WHERE d.classid = '${catalog}'::regclass AND d.objid = ${oid} AND d.deptype = 'e')`;
}

const READ: Readonly<Record<keyof Shape, string>> = {
  roles: `
    SELECT rolname AS name, array_remove(ARRAY[
      CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN rolcanlogin THEN 'LOGIN' END, CASE WHEN rolcreatedb THEN 'CREATEDB' END,
      CASE WHEN rolcreaterole THEN 'CREATEROLE' END, CASE WHEN rolreplication THEN 'REPLICATION' END,
      CASE WHEN rolbypassrls THEN 'BYPASSRLS' END, CASE WHEN NOT rolinherit THEN 'NOINHERIT' END], NULL) AS attributes,
      coalesce(rolconfig, '{}') AS settings
    FROM pg_roles WHERE rolname !~ '^pg_'`,
  memberships: `
    SELECT m.roleid::regrole::text AS role, m.member::regrole::text AS member FROM pg_auth_members m
    WHERE NOT (m.roleid::regrole::text ~ '^pg_' AND m.member::regrole::text ~ '^pg_') AND NOT m.admin_option`,
  schemas: `
    SELECT nspname AS name, nspowner::regrole::text AS owner, nspacl::text[] AS acl FROM pg_namespace
    WHERE nspname IN ${SCHEMAS}`,
  extensions: "SELECT extname AS name, extnamespace::regnamespace::text AS schema, extowner::regrole::text AS owner FROM pg_extension",
  types: `
    SELECT t.oid::regtype::text AS name, t.typowner::regrole::text AS owner,
      (SELECT array_agg(enumlabel::text ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid) AS labels
    FROM pg_type t WHERE t.typtype = 'e' AND t.typnamespace::regnamespace::text IN ${SCHEMAS}`,
  tables: `
    SELECT c.oid::regclass::text AS name, c.relowner::regrole::text AS owner, c.relrowsecurity AS rls, c.relacl::text[] AS acl,
      (SELECT array_agg(attname || ' ' || format_type(atttypid, atttypmod)
        || CASE WHEN attgenerated <> '' THEN ' generated' ELSE '' END || CASE WHEN attnotnull THEN ' not null' ELSE '' END
        ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns,
      ARRAY(SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = c.oid AND contype IN ('p', 'u', 'f')) AS keys,
      ARRAY(SELECT tgname || ' ' || p.pronamespace::regnamespace || '.' || p.proname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
        WHERE t.tgrelid = c.oid AND NOT t.tgisinternal) AS triggers
    FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace::regnamespace::text IN ${SCHEMAS}`,
  functions: `
    SELECT p.oid::regprocedure::text AS name, p.proowner::regrole::text AS owner, l.lanname AS language,
      p.prosecdef AS "securityDefiner", p.proacl::text[] AS acl
    FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
    WHERE p.pronamespace::regnamespace::text IN ${SCHEMAS} AND NOT ${isMember("pg_proc", "p.oid")}`,
  eventTriggers: `
    SELECT e.evtname AS name, e.evtowner::regrole::text AS owner, e.evtevent AS event, e.evttags AS tags,
      e.evtfoid::regprocedure::text AS function FROM pg_event_trigger e`,
  defaultPrivileges: `
    SELECT defaclrole::regrole::text AS grantor, defaclnamespace::regnamespace::text AS schema, defaclobjtype AS objects,
      defaclacl::text[] AS acl FROM pg_default_acl`,
};

/**
 * What a database consists of in the platform's schemas and on its server, by the catalog. In a new project it is the
 * {@link Shape} that it was made from; what people added in these schemas is in it too.
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
    const objects = (all as readonly object[]).map((object) => {
      const lists = Object.entries(object).map(([field, value]) => {
        return ["keys", "triggers", "attributes"].includes(field) ? [field, [...(value as string[])].sort()] : [field, value];
      });
      return Object.fromEntries(lists) as object;
    });
    return [noun, objects.sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))];
  });
  return Object.fromEntries(sorted) as Shape;
}

function sortKey(object: object): string {
  const { name = "", role = "", member = "", grantor = "", schema = "", objects = "" } = object as Record<string, string>;
  return [name, role, member, grantor, schema, objects].join(" ");
}
