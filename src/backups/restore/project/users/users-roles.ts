import { quoteIdentifier } from "../../../../postgres/quoting.ts";
import { createRoleSql } from "../../../copy/databases/roles.ts";
import { serverWords } from "../../../../postgres/server-words.ts";
import type { Finding } from "../../../../nouns/catalog/manifest.ts";
import { refusal } from "../../../../nouns/server/refusal.ts";
import type { RoleRecord } from "../../../../nouns/content/record.ts";
import type { PlatformProfile } from "../../../../nouns/platform/profile.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import { giveMemberships } from "./memberships.ts";

/** What a role may be given beyond the database, each by itself. */
const POWERS = [
  ["createDb", "CREATEDB"],
  ["createRole", "CREATEROLE"],
  ["replication", "REPLICATION"],
  ["bypassRls", "BYPASSRLS"],
] as const;

/**
 * Makes the user's roles that the project lacks, without login, with the attributes that they had as far as
 * the server lets this role give them, and the memberships of his roles. None gets more than it had.
 *
 * @param all roles of the source
 * @returns attributes and memberships that could not be given, and notes on memberships that the
 *   target has besides
 */
export async function makeUsersRoles(
  session: DatabaseSession,
  roles: readonly RoleRecord[],
  all: readonly RoleRecord[],
  profile: PlatformProfile,
): Promise<{ readonly findings: readonly Finding[]; readonly notes: readonly string[] }> {
  const findings: Finding[] = [];
  const lacks = (name: string, word: string, why: string): void =>
    void findings.push({
      severity: "gap",
      about: "role",
      name,
      message: `lacks ${word} here, which it had at the source: ${why}`,
    });
  for (const role of roles) {
    await session.query(createRoleSql(role));
    if (role.superuser) lacks(role.name, "SUPERUSER", "no restore into a project gives it");
    for (const [, word] of POWERS.filter(([key]) => role[key])) {
      const refused = await refusal(session, () =>
        session.query(`ALTER ROLE ${quoteIdentifier(role.name)} ${word}`),
      );
      if (refused !== undefined) lacks(role.name, word, serverWords(refused));
    }
  }
  const given = await giveMemberships(session, all, profile);
  return { findings: [...findings, ...given.findings], notes: given.notes };
}
