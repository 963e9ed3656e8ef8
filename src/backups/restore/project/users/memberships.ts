import { quoteIdentifier } from "../../../../postgres/quoting.ts";
import { serverWords } from "../../../../postgres/server-words.ts";
import type { Finding } from "../../../../nouns/catalog/manifest.ts";
import { refusal } from "../../../../nouns/server/refusal.ts";
import type { RoleRecord } from "../../../../nouns/content/record.ts";
import { readRoles } from "../../../../nouns/content/read/roles.ts";
import type { PlatformProfile } from "../../../../nouns/platform/profile.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";

/** A membership and what it lets the member do: the two last are options of their own since PostgreSQL 16. */
interface Membership {
  readonly role: string;
  readonly admin: boolean;
  readonly inherit: boolean;
  readonly set: boolean;
}

/**
 * Gives every membership that one of the user's roles had or was the group of, as it was: the API's login
 * role becomes a role of the user's only as its member. A role that is there may have lost one since.
 *
 * @param all roles of the source
 * @returns memberships that could not be given, and notes on those that the target has besides
 */
export async function giveMemberships(
  session: DatabaseSession,
  all: readonly RoleRecord[],
  profile: PlatformProfile,
): Promise<{ readonly findings: readonly Finding[]; readonly notes: readonly string[] }> {
  const platform = new Set(profile.roles);
  const findings: Finding[] = [];
  const notes: string[] = [];
  const gap = (name: string, message: string): void =>
    void findings.push({ severity: "gap", about: "role", name, message });
  const [server] = await session.query<{ options: boolean }>(
    "SELECT current_setting('server_version_num')::int >= 160000 AS options",
  );
  const now = new Map((await readRoles(session)).map((role) => [role.name, membershipsOf(role)]));
  for (const member of all) {
    const known = now.get(member.name) ?? [];
    for (const wanted of membershipsOf(member).filter(
      ({ role }) => !platform.has(member.name) || !platform.has(role),
    )) {
      const has = known.find(({ role }) => role === wanted.role);
      const why = await give(session, member, wanted, has, server!.options);
      if (why !== undefined) {
        gap(
          member.name,
          `could not be made a member of ${wanted.role}${wanted.admin ? " with ADMIN OPTION" : ""}: ${why}`,
        );
      }
    }
    // The platform's own roles are members of whatever people make there, and of what its versions make.
    if (platform.has(member.name)) continue;
    for (const { role } of known.filter((each) => !member.memberOf.includes(each.role))) {
      notes.push(
        `role ${member.name} is a member of ${role} here, other than at the source; ` +
          `where it should not be: REVOKE ${quoteIdentifier(role)} FROM ${quoteIdentifier(member.name)}`,
      );
    }
  }
  return { findings, notes };
}

/** Before 16 a member inherited where the role itself did, and could always become the group. */
function membershipsOf(member: RoleRecord): readonly Membership[] {
  const recorded =
    member.memberships ?? member.memberOf.map((role) => ({ role, admin: false, inherit: null, set: null }));
  return recorded.map(({ role, admin, inherit, set }) => ({
    role,
    admin,
    inherit: inherit ?? member.inherit,
    set: set ?? true,
  }));
}

/** @returns why it could not be given as it was */
async function give(
  session: DatabaseSession,
  member: RoleRecord,
  wanted: Membership,
  has: Membership | undefined,
  options: boolean,
): Promise<string | undefined> {
  const { role, admin, inherit, set } = wanted;
  if (has !== undefined && covers(has, wanted)) return undefined;
  const statement = `GRANT ${quoteIdentifier(role)} TO ${quoteIdentifier(member.name)}`;
  // What is there already, the server's own grant to the maker of a role for example, is not given once more:
  // it may not be.
  const adds = admin && has?.admin !== true;
  if (!options) {
    if (!set || (!inherit && member.inherit)) {
      return (
        `a server before PostgreSQL 16 has no membership with INHERIT ${word(inherit)}, SET ${word(set)}, ` +
        "and it would be more than it was"
      );
    }
    return await refused(session, `${statement}${adds ? " WITH ADMIN OPTION" : ""}`);
  }
  const both = `INHERIT ${word(inherit || has?.inherit === true)}, SET ${word(set || has?.set === true)}`;
  return await refused(session, `${statement} WITH ${both}${adds ? ", ADMIN TRUE" : ""}`);
}

function covers(has: Membership, wanted: Membership): boolean {
  return (has.admin || !wanted.admin) && (has.inherit || !wanted.inherit) && (has.set || !wanted.set);
}

function word(value: boolean): string {
  return value ? "TRUE" : "FALSE";
}

async function refused(session: DatabaseSession, statement: string): Promise<string | undefined> {
  const error = await refusal(session, () => session.query(statement));
  return error === undefined ? undefined : serverWords(error);
}
