import { quoteIdentifier, quoteLiteral } from "../../../postgres/quoting.ts";
import type { RoleRecord } from "../../../nouns/content/record.ts";
import type { DatabaseSession } from "../../../ports/database.ts";

/** Roles of the manifest that the server does not have. */
export async function missingRoles(
  session: DatabaseSession,
  roles: readonly RoleRecord[],
): Promise<readonly RoleRecord[]> {
  const rows = await session.query<{ name: string }>("SELECT rolname::text AS name FROM pg_catalog.pg_roles");
  const present = new Set(rows.map((row) => row.name));
  return roles.filter((role) => !present.has(role.name));
}

/**
 * Makes a role without login, password or power; what it had less than others (NOINHERIT, limits),
 * it has again.
 */
export function createRoleSql({ name, inherit, connectionLimit, validUntil }: RoleRecord): string {
  return [
    `CREATE ROLE ${quoteIdentifier(name)} NOLOGIN`,
    ...(inherit ? [] : ["NOINHERIT"]),
    ...(connectionLimit < 0 ? [] : [`CONNECTION LIMIT ${connectionLimit}`]),
    ...(validUntil === undefined || validUntil === null ? [] : [`VALID UNTIL ${quoteLiteral(validUntil)}`]),
  ].join(" ");
}

/**
 * Creates roles so that ownership and grants can be restored: without login, password or power. What a role
 * may do beyond the database is the administrator's decision, not a backup's.
 */
export async function createRoles(session: DatabaseSession, roles: readonly RoleRecord[]): Promise<void> {
  for (const role of roles) await session.query(createRoleSql(role));
  await grantMemberships(session, roles);
}

/**
 * Memberships among roles that were made, when all of them exist; a policy or default privilege may
 * depend on them.
 */
export async function grantMemberships(
  session: DatabaseSession,
  roles: readonly RoleRecord[],
): Promise<void> {
  const made = new Set(roles.map((role) => role.name));
  for (const role of roles) {
    for (const group of role.memberOf.filter((name) => made.has(name))) {
      await session.query(`GRANT ${quoteIdentifier(group)} TO ${quoteIdentifier(role.name)}`);
    }
  }
}
