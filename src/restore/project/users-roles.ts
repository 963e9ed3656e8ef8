import { quoteIdentifier } from "../../kernel/sql.ts";
import { createRoles } from "../../archive/roles.ts";
import { serverWords } from "../../archive/server-words.ts";
import type { Finding } from "../../catalog/manifest.ts";
import { refusal } from "../../content/refusal.ts";
import type { RoleRecord } from "../../content/record.ts";
import type { DatabaseSession } from "../../ports/database.ts";

/**
 * Makes the user's roles that the project lacks, without login, and makes them members of what they were members of, and others of them: the
 * API's login role becomes a role of the user's only as its member.
 *
 * @param all roles of the source
 * @returns memberships that could not be given
 */
export async function makeUsersRoles(
  session: DatabaseSession, roles: readonly RoleRecord[], all: readonly RoleRecord[],
): Promise<readonly Finding[]> {
  await createRoles(session, roles);
  const made = new Set(roles.map(({ name }) => name));
  const findings: Finding[] = [];
  for (const { name: member, memberOf } of all) {
    // Those among roles that were made are there already.
    for (const group of memberOf.filter((each) => made.has(member) !== made.has(each))) {
      const refused = await refusal(session, () => session.query(`GRANT ${quoteIdentifier(group)} TO ${quoteIdentifier(member)}`));
      if (refused === undefined) continue;
      findings.push({ severity: "gap", about: "role", name: member, message: `could not be made a member of ${group}: ${serverWords(refused)}` });
    }
  }
  return findings;
}
