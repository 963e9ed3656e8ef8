import { quoteIdentifier } from "../../../postgres/quoting.ts";
import { refusal } from "../../../nouns/server/refusal.ts";
import type { DatabaseSession } from "../../../ports/database.ts";

/**
 * Roles whose things a session gives away, drops and grants rights on. It has to be able to become each, so
 * inside a transaction it makes itself a member where it may, and gives the membership back before the end:
 * nobody else ever sees it.
 *
 * https://www.postgresql.org/docs/current/sql-altertable.html (OWNER)
 */

/**
 * Makes the session's role able to become these, inside a transaction.
 *
 * @returns the memberships to give back with {@link leaveRoles}
 */
export async function reachRoles(
  session: DatabaseSession,
  roles: Iterable<string>,
): Promise<readonly string[]> {
  const joined: string[] = [];
  for (const role of roles) {
    if ((await mayBecome(session, role)) !== false || (await hasOwnGrant(session, role))) continue;
    const options = (await tellsOptions(session)) ? " WITH INHERIT TRUE, SET TRUE" : "";
    const refused = await refusal(session, () =>
      session.query(`GRANT ${quoteIdentifier(role)} TO CURRENT_USER${options}`),
    );
    if (refused === undefined) joined.push(role);
  }
  return joined;
}

export async function leaveRoles(session: DatabaseSession, joined: readonly string[]): Promise<void> {
  for (const role of joined) await session.query(`REVOKE ${quoteIdentifier(role)} FROM CURRENT_USER`);
}

/**
 * Whether the session's role can give things to this one, and act as the owner of what is its; undefined
 * where there is no such role.
 */
export async function mayBecome(session: DatabaseSession, role: string): Promise<boolean | undefined> {
  const how = (await tellsOptions(session)) ? "SET" : "MEMBER";
  const [row] = await session.query<{ may: boolean }>(
    `
      SELECT pg_has_role(r.oid, '${how}') AND pg_has_role(r.oid, 'USAGE') AS may
        FROM pg_roles r
       WHERE r.rolname = $1
    `,
    [role],
  );
  return row?.may;
}

/** Since 16 a membership says whether its member may become the role. */
async function tellsOptions(session: DatabaseSession): Promise<boolean> {
  const [row] = await session.query<{ tells: boolean }>(
    "SELECT current_setting('server_version_num')::int >= 160000 AS tells",
  );
  return row!.tells;
}

/** One that the role gave itself without these options; to change it and change it back is not ours. */
async function hasOwnGrant(session: DatabaseSession, role: string): Promise<boolean> {
  const found = await session.query(
    `
      SELECT FROM pg_auth_members m
        JOIN pg_roles r ON r.oid = m.roleid
        JOIN pg_roles u ON u.oid = m.member AND u.oid = m.grantor
       WHERE r.rolname = $1 AND u.rolname = current_user
    `,
    [role],
  );
  return found.length > 0;
}

/** Roles that own something in this database. */
export async function owningRoles(session: DatabaseSession): Promise<readonly string[]> {
  const rows = await session.query<{ name: string }>(`
    SELECT DISTINCT r.rolname::text AS name
      FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid
     WHERE d.refclassid = 'pg_authid'::regclass
       AND d.deptype = 'o'
       AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
     ORDER BY 1
  `);
  return rows.map(({ name }) => name);
}
