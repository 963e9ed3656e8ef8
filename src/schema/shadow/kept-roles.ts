import type { DatabaseSession } from "../../ports/database.ts";
import { quoteIdentifier, quoteLiteral } from "../../postgres/quoting.ts";
import { copySettings } from "./database-properties.ts";

/** A role as it is, with everything of it that belongs to the whole server. */
export interface KeptRole {
  readonly name: string;
  /** Words of ALTER ROLE, in one order for all. */
  readonly attributes: readonly string[];
  readonly memberships: readonly {
    readonly role: string;
    readonly admin: boolean;
    readonly inherit: boolean | null;
    readonly set: boolean | null;
  }[];
  /** Of no database alone: `name=value`. */
  readonly settings: readonly string[];
  readonly comment: string | null;
}

const ROLES = `
  SELECT r.rolname::text AS name,
         ARRAY[CASE WHEN r.rolsuper THEN 'SUPERUSER' ELSE 'NOSUPERUSER' END,
                              CASE WHEN r.rolinherit THEN 'INHERIT' ELSE 'NOINHERIT' END,
                              CASE WHEN r.rolcreaterole THEN 'CREATEROLE' ELSE 'NOCREATEROLE' END,
                              CASE WHEN r.rolcreatedb THEN 'CREATEDB' ELSE 'NOCREATEDB' END,
                              CASE WHEN r.rolcanlogin THEN 'LOGIN' ELSE 'NOLOGIN' END,
                              CASE WHEN r.rolreplication THEN 'REPLICATION' ELSE 'NOREPLICATION' END,
                              CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' ELSE 'NOBYPASSRLS' END,
                              'CONNECTION LIMIT ' || r.rolconnlimit,
                              'VALID UNTIL '
                                || pg_catalog.quote_literal(coalesce(r.rolvaliduntil::text,
                                                                     'infinity'))] AS attributes,
         coalesce((SELECT pg_catalog.json_agg(x ORDER BY x.role)
                     FROM (
                           SELECT g.rolname::text AS role, pg_catalog.bool_or(m.admin_option) AS admin,
                                  pg_catalog.bool_or((pg_catalog.to_jsonb(m.*) ->> 'inherit_option')::boolean)
                           AS inherit,
                                  pg_catalog.bool_or((pg_catalog.to_jsonb(m.*) ->> 'set_option')::boolean) AS
                           set
                             FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles g ON g.oid = m.roleid
                            WHERE m.member = r.oid
                            GROUP BY 1) x),
                  '[]'::json) AS memberships,
         coalesce((SELECT s.setconfig
                     FROM pg_catalog.pg_db_role_setting s
                    WHERE s.setrole = r.oid AND s.setdatabase = 0),
                  '{}'::text[]) AS settings,
         pg_catalog.shobj_description(r.oid, 'pg_authid') AS comment
    FROM pg_catalog.pg_roles r
   WHERE r.rolname !~ '^pg_'
   ORDER BY 1
`;

/** Every role but the server's own; passwords are nobody's business. */
export async function readKeptRoles(session: DatabaseSession): Promise<readonly KeptRole[]> {
  return await session.query<KeptRole>(ROLES);
}

/**
 * Makes the server's roles what they were: what is tried in a copy of a database and committed there may
 * change roles, which are the whole server's, and would be found in every other database.
 *
 * @param session of the maintenance database, outside of a transaction; what the new roles owned
 *   is gone already
 * @param spared roles that stay although they are new
 * @param isOurs whether a role may have been changed by what was tried; on a server that others use too, what
 *   happens to all others is their doing
 */
export async function restoreRoles(
  session: DatabaseSession,
  kept: readonly KeptRole[],
  spared: readonly string[],
  isOurs: (name: string) => boolean = () => true,
): Promise<void> {
  const before = new Set(kept.map(({ name }) => name));
  for (const { name } of await readKeptRoles(session)) {
    if (!before.has(name) && !spared.includes(name) && isOurs(name)) {
      await session.execute(`DROP ROLE IF EXISTS ${quoteIdentifier(name)}`);
    }
  }
  // Memberships went with the roles that were dropped.
  const now = new Map((await readKeptRoles(session)).map((role) => [role.name, role]));
  const ours = kept.filter(({ name }) => isOurs(name));
  for (const role of ours) {
    if (!now.has(role.name)) await session.query(`CREATE ROLE ${quoteIdentifier(role.name)}`);
  }
  for (const role of ours) await restoreRole(session, role, now.get(role.name));
}

async function restoreRole(session: DatabaseSession, was: KeptRole, is: KeptRole | undefined): Promise<void> {
  const name = quoteIdentifier(was.name);
  // Only what is another: who is no superuser may not say the rest, and a role without an end gets one.
  const others = was.attributes.filter((word, at) => word !== is?.attributes[at]);
  if (others.length > 0) await session.query(`ALTER ROLE ${name} ${others.join(" ")}`);
  if (was.comment !== (is?.comment ?? null)) {
    await session.query(
      `COMMENT ON ROLE ${name} IS ${was.comment === null ? "NULL" : quoteLiteral(was.comment)}`,
    );
  }
  if (JSON.stringify(was.settings) !== JSON.stringify(is?.settings ?? [])) {
    await session.query(`ALTER ROLE ${name} RESET ALL`);
    await copySettings(session, `ROLE ${name}`, was.settings);
  }
  const same =
    (one: KeptRole["memberships"][number]) =>
    (other: KeptRole["memberships"][number]): boolean =>
      JSON.stringify(one) === JSON.stringify(other);
  const memberships = is?.memberships ?? [];
  for (const each of memberships.filter((one) => !was.memberships.some(same(one)))) {
    await session.query(`REVOKE ${quoteIdentifier(each.role)} FROM ${name}`);
  }
  for (const each of was.memberships.filter((one) => !memberships.some(same(one)))) {
    // The options came with 16, and are told where the server has them.
    const options =
      each.inherit === null
        ? each.admin
          ? " WITH ADMIN OPTION"
          : ""
        : ` WITH ADMIN ${word(each.admin)}, INHERIT ${word(each.inherit)}, SET ${word(each.set === true)}`;
    await session.query(`GRANT ${quoteIdentifier(each.role)} TO ${name}${options}`);
  }
}

function word(value: boolean): string {
  return value ? "TRUE" : "FALSE";
}
