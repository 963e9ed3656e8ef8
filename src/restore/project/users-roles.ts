import { quoteIdentifier } from "../../kernel/sql.ts";
import { createRoles } from "../../archive/roles.ts";
import { serverWords } from "../../archive/server-words.ts";
import type { Finding } from "../../catalog/manifest.ts";
import { refusal } from "../../content/refusal.ts";
import type { RoleRecord } from "../../content/record.ts";
import type { PlatformProfile } from "../../platform/profile.ts";
import type { DatabaseSession } from "../../ports/database.ts";

/**
 * Makes the user's roles that the project lacks, without login, and gives every membership that one of his roles had or was the group of: the API's
 * login role becomes a role of the user's only as its member. A role that is there may have lost one since.
 *
 * @param all roles of the source
 * @returns memberships that could not be given, and notes on those that the target has besides
 */
export async function makeUsersRoles(
  session: DatabaseSession, roles: readonly RoleRecord[], all: readonly RoleRecord[], profile: PlatformProfile,
): Promise<{ readonly findings: readonly Finding[]; readonly notes: readonly string[] }> {
  await createRoles(session, roles);
  const platform = new Set(profile.roles);
  const findings: Finding[] = [];
  const notes: string[] = [];
  const now = await memberships(session);
  for (const { name: member, memberOf } of all) {
    for (const group of memberOf.filter((each) => !platform.has(member) || !platform.has(each))) {
      if (now.get(member)?.includes(group) === true) continue;
      const refused = await refusal(session, () => session.query(`GRANT ${quoteIdentifier(group)} TO ${quoteIdentifier(member)}`));
      if (refused === undefined) continue;
      findings.push({ severity: "gap", about: "role", name: member, message: `could not be made a member of ${group}: ${serverWords(refused)}` });
    }
    // The platform's own roles are members of whatever people make there, and of what its versions make.
    if (platform.has(member)) continue;
    for (const group of (now.get(member) ?? []).filter((each) => !memberOf.includes(each))) {
      notes.push(`role ${member} is a member of ${group} here, other than at the source; where it should not be: ` +
        `REVOKE ${quoteIdentifier(group)} FROM ${quoteIdentifier(member)}`);
    }
  }
  return { findings, notes };
}

/** Role → what it is a member of. */
async function memberships(session: DatabaseSession): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await session.query<{ member: string; groups: string[] }>(
    `SELECT r.rolname::text AS member, array_agg(DISTINCT g.rolname::text) AS groups
       FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member JOIN pg_roles g ON g.oid = m.roleid GROUP BY 1`,
  );
  return new Map(rows.map(({ member, groups }) => [member, groups]));
}
