import type { PlatformProfile } from "../platform/profile.ts";
import { readDatabaseRecord } from "../content/database-record.ts";
import type { DatabaseSession } from "../ports/database.ts";
import { rolesAmong } from "./settings-into-database.ts";
import { isSame, sentence, type DatabaseRight, type DatabaseRightsToDo } from "./database-rights.ts";

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
 * Rights are only added, to roles that exist; the one thing that is taken is what was taken from PUBLIC at the
 * source, and only where the target was empty: elsewhere somebody may count on it, so it is said. What PUBLIC has by
 * itself is never given: who took it away at the target meant it. The source's owner had his rights by owning; where
 * the target is another's he gets what he could not do otherwise.
 */
export async function rightsIntoDatabase(
  session: DatabaseSession, { rights, owner, profile, isNew, made }: RightsSource,
): Promise<RightsIntoDatabase> {
  const here = (await readDatabaseRecord(session)).rights ?? [];
  const platforms = new Set(profile?.roles.filter((role) => role !== profile.workingRole));
  const wanted = rights
    .filter((right) => !here.some((one) => isSame(one, right) && one[2] >= right[2]))
    .filter(([role, right]) => (role === null ? !BY_ITSELF.has(right) : !platforms.has(role)));
  const there = await rolesAmong(session, wanted.flatMap(([role]) => role ?? []));
  const exists = ([role]: DatabaseRight): boolean => role === null || there.has(role) || made.has(role);
  const given: DatabaseRight[] = [];
  for (const right of wanted.filter(exists)) {
    if (right[0] === owner && (made.has(owner) ? BY_ITSELF.has(right[1]) : await canDo(session, owner, right[1]))) continue;
    given.push(right);
  }
  const open = here.filter((right) => right[0] === null && !rights.some((one) => isSame(one, right)));
  const missing = wanted.filter((right) => !exists(right) && right[0] !== owner);
  const notes = [
    ...(missing.length === 0 ? [] : [`rights on the database itself of roles that do not exist here were not given: ${named(missing)}`]),
    ...(isNew || open.length === 0 ? [] : [
      `the database itself is more open than the source was: ${named(open)}; ` +
        "it stays so because the target was not empty (REVOKE … ON DATABASE … FROM PUBLIC)",
    ]),
  ];
  return { given, taken: isNew ? open : [], notes };
}

function named(rights: readonly DatabaseRight[]): string {
  return rights.map(sentence).join(", ");
}

async function canDo(session: DatabaseSession, role: string, right: string): Promise<boolean> {
  const [row] = await session.query<{ can: boolean }>("SELECT has_database_privilege($1::name, current_database(), $2) AS can", [role, right]);
  return row!.can;
}
