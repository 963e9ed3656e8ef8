import type { PlatformProfile } from "../../../nouns/platform/profile.ts";
import { readDatabaseRecord } from "../../../nouns/content/read/database-record.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import { rolesAmong } from "./settings-into-database.ts";
import {
  connectOf,
  isSame,
  losingConnect,
  sentence,
  type DatabaseRight,
  type DatabaseRightsToDo,
} from "./database-rights.ts";

/** What decides which rights on the source's database one that is no project gets. */
export interface RightsSource {
  readonly rights: readonly DatabaseRight[];
  readonly owner: string;
  /** The platform's, if any: its roles' rights are its business. */
  readonly profile: PlatformProfile | undefined;
  /** Nothing was in the target: nobody counts on what PUBLIC may there. */
  readonly isNew: boolean;
  /** Roles that the restore makes. */
  readonly made: ReadonlySet<string>;
}

/** What is done, and what is only said. */
export interface RightsIntoDatabase extends DatabaseRightsToDo {
  readonly notes: readonly string[];
}

/** What every database gives PUBLIC when it is made, which is no grant of anybody's. */
const BY_ITSELF: ReadonlySet<string> = new Set(["CONNECT", "TEMPORARY"]);

/**
 * Rights are only added, to roles that exist; the one thing that is taken is what was taken from PUBLIC at
 * the source, and only where the target was empty: elsewhere somebody may count on it, so it is said. What
 * PUBLIC has by itself is never given: who took it away at the target meant it. The source's owner had his
 * rights by owning; where the target is another's he gets what he could not do otherwise, once PUBLIC has
 * lost what is taken from it.
 */
export async function rightsIntoDatabase(
  session: DatabaseSession,
  { rights, owner, profile, isNew, made }: RightsSource,
): Promise<RightsIntoDatabase> {
  const here = (await readDatabaseRecord(session)).rights ?? [];
  const platforms = new Set(profile?.roles.filter((role) => role !== profile.workingRole));
  const wanted = rights
    .filter((right) => !here.some((one) => isSame(one, right) && one[2] >= right[2]))
    .filter(([role, right]) => (role === null ? !BY_ITSELF.has(right) : !platforms.has(role)));
  const there = await rolesAmong(
    session,
    wanted.flatMap(([role]) => role ?? []),
  );
  const exists = ([role]: DatabaseRight): boolean => role === null || there.has(role) || made.has(role);
  const open = here.filter((right) => right[0] === null && !rights.some((one) => isSame(one, right)));
  const taken = isNew ? open : [];
  const stays = new Set(
    here.filter((right) => right[0] === null && !taken.includes(right)).map(([, right]) => right),
  );
  // Of one that is still to be made nothing can be asked: he is nobody's member, and may what everybody may.
  const canAnyway = async (right: string): Promise<boolean> =>
    stays.has(right) || (there.has(owner) && (await mayWithoutPublic(session, owner, right)));
  const given: DatabaseRight[] = [];
  for (const right of wanted.filter(exists)) {
    if (right[0] !== owner || !(await canAnyway(right[1]))) given.push(right);
  }
  // A service's own roles come in by PUBLIC alone, and their service needs them.
  const losing = await losingConnect(session, { taken, given });
  given.push(...losing.filter((role) => platforms.has(role)).map(connectOf));
  const missing = wanted.filter((right) => !exists(right) && right[0] !== owner);
  const notes = [
    ...(missing.length === 0
      ? []
      : [`rights on the database itself of roles that do not exist here were not given: ${named(missing)}`]),
    ...(isNew || open.length === 0
      ? []
      : [
          `the database itself is more open than the source was: ${named(open)}; ` +
            "it stays so because the target was not empty (REVOKE … ON DATABASE … FROM PUBLIC)",
        ]),
  ];
  return { given, taken, notes };
}

function named(rights: readonly DatabaseRight[]): string {
  return rights.map(sentence).join(", ");
}

/**
 * As a superuser, or by a right of its own or of a role whose rights it has; what PUBLIC may does not count.
 */
async function mayWithoutPublic(session: DatabaseSession, role: string, right: string): Promise<boolean> {
  const [row] = await session.query<{ may: boolean }>(
    `
      SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1::name AND rolsuper) OR EXISTS (
        SELECT FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) x
         WHERE d.datname = current_database() AND x.grantee <> 0 AND x.privilege_type = $2
           AND pg_has_role($1::name, x.grantee, 'USAGE')) AS may
    `,
    [role, right],
  );
  return row!.may;
}
