import type { DatabaseSession } from "../../../ports/database.ts";
import type { ExtensionRecord, RoleRecord } from "../record.ts";
import { isUsersSchema } from "../../../postgres/schemas.ts";

/**
 * A role that something in this database depends on. The server does not record what depends on its first
 * superuser, so that one is needed where it owns something that is not the server's own.
 */
const NEEDED = `
  (EXISTS (SELECT FROM pg_shdepend d
            WHERE d.refclassid = 'pg_authid'::regclass
              AND d.refobjid = r.oid
              AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()))
   OR r.oid = 10
      AND (EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                    WHERE c.relowner = 10 AND ${isUsersSchema()})
           OR EXISTS (SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                       WHERE p.proowner = 10 AND ${isUsersSchema()})
           OR EXISTS (SELECT FROM pg_namespace n WHERE n.nspowner = 10 AND ${isUsersSchema()})))
`;

/** By several grantors together; the options that came with 16 are read through `to_jsonb`. */
const MEMBERSHIPS = `
  coalesce((SELECT json_agg(x ORDER BY x.role COLLATE "C")
              FROM (
                    SELECT g.rolname::text AS role, bool_or(m.admin_option) AS admin,
                           bool_or((to_jsonb(m.*) ->> 'inherit_option')::boolean) AS inherit,
                           bool_or((to_jsonb(m.*) ->> 'set_option')::boolean) AS set
                      FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
                     WHERE m.member = r.oid
                     GROUP BY 1) x),
           '[]'::json)
`;

/** Every role but the server's own (`pg_…`), with its attributes and memberships; never passwords. */
export async function readRoles(session: DatabaseSession): Promise<RoleRecord[]> {
  return await session.queryPrepared<RoleRecord>(
    `
    SELECT r.rolname AS name, r.rolsuper AS superuser, r.rolcreaterole AS "createRole",
           r.rolcreatedb AS "createDb", r.rolcanlogin AS login, r.rolreplication AS replication,
           r.rolbypassrls AS "bypassRls", r.rolinherit AS inherit, r.rolconnlimit AS "connectionLimit",
           ARRAY(SELECT DISTINCT g.rolname::text
                   FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
                  WHERE m.member = r.oid
                  ORDER BY 1) AS "memberOf",
           ${MEMBERSHIPS} AS memberships,
           CASE WHEN isfinite(r.rolvaliduntil) THEN to_char(
             r.rolvaliduntil AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US+00 BC')
                ELSE r.rolvaliduntil::text END AS "validUntil",
           ${NEEDED} AS needed
      FROM pg_roles r
     WHERE r.rolname !~ '^pg_'
     ORDER BY r.rolname COLLATE "C"
  `,
    [],
  );
}

/**
 * Installed extensions with their versions.
 *
 * @param needed only these, and those they need themselves; all when absent
 */
export async function readExtensions(
  session: DatabaseSession,
  needed?: ReadonlySet<string>,
): Promise<ExtensionRecord[]> {
  const all = await session.queryPrepared<ExtensionRecord & { requires: string[] }>(
    `
    SELECT x.extname AS name, x.extversion AS version, n.nspname AS schema,
           ARRAY(SELECT r.extname::text
                   FROM pg_depend d JOIN pg_extension r ON r.oid = d.refobjid
                  WHERE d.classid = 'pg_extension'::regclass
                    AND d.objid = x.oid
                    AND d.refclassid = 'pg_extension'::regclass) AS requires
      FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace
     ORDER BY x.extname COLLATE "C"
  `,
    [],
  );
  const wanted =
    needed === undefined
      ? undefined
      : withRequired(needed, new Map(all.map((extension) => [extension.name, extension.requires])));
  return all
    .filter((extension) => wanted?.has(extension.name) ?? true)
    .map(({ name, version, schema }) => ({ name, version, schema }));
}

function withRequired(
  names: ReadonlySet<string>,
  requires: ReadonlyMap<string, readonly string[]>,
): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (name: string): void => {
    if (found.has(name)) return;
    found.add(name);
    requires.get(name)?.forEach(add);
  };
  names.forEach(add);
  return found;
}
