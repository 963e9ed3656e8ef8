import type { DefinitionText } from "../../../copy/artifacts/definition-script.ts";
import { rightsFindings } from "../../../copy/rights/as-if-given.ts";
import { giveSingly, type RefusedRights } from "../../../copy/rights/give-singly.ts";
import type { Finding } from "../../../../nouns/catalog/manifest.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import type { TocEntry } from "../../../../ports/dump-tools.ts";
import type { Chosen } from "../../chosen/chosen.ts";
import type { PlatformProfile } from "../../../../nouns/platform/profile.ts";
import type { BothEnds } from "../ends/choose-into.ts";
import type { ProjectEntries } from "../users/entries.ts";
import {
  databaseRightsEnds,
  databaseRightsToDo,
  putDatabaseRights,
} from "../../properties/database-rights.ts";
import { givePublicsRights, isPublicsRights } from "./public.ts";
import { restorePlatformRights } from "./platform-rights.ts";
import { resetDefaults, resetRights } from "./rights-of-made.ts";
import type { Refused } from "../definitions/run-definitions.ts";
import { grantOnPlatform } from "./said-on-platform.ts";
import { usersInPlatform } from "../users/users-part.ts";

/** What became of rights. */
export interface RightsOutcome {
  /** Rights that could not be given. */
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
  /** Of what is the user's; among the findings too. */
  readonly refused: readonly RefusedRights[];
}

/** Whose rights are given, and on what. */
export interface RightsToGive extends Pick<Chosen, "request" | "backup"> {
  readonly project: BothEnds & { readonly profile: PlatformProfile; readonly entries: ProjectEntries };
}

/**
 * Gives what is the user's the rights that it had, and no others; and his roles those that they had on
 * the platform's.
 *
 * @param define carries definitions out
 */
export async function giveRights(
  session: DatabaseSession,
  { project, backup, request }: RightsToGive,
  define: (entries: readonly TocEntry[]) => Promise<readonly Refused[]>,
  textsOf: (entries: readonly TocEntry[]) => readonly DefinitionText[],
): Promise<RightsOutcome> {
  const now = await session.query<{ name: string }>("SELECT nspname::text AS name FROM pg_namespace");
  const own = now
    .map(({ name }) => name)
    .filter(
      (name) =>
        !project.target.schemas.includes(name) && !name.startsWith("pg_") && name !== "information_schema",
    );
  const { profile, source, entries } = project;
  const others = profile.roles.filter((role) => role !== profile.workingRole);
  await resetRights(session, own, usersInPlatform(source), others);
  await resetDefaults(session, own, others);
  const { content } = backup.manifest;
  // Nobody becomes a platform's role for this.
  const singly = (lists: readonly TocEntry[]): Promise<readonly RefusedRights[]> =>
    giveSingly(session, textsOf(lists), {
      sourceMajor: content.serverMajor,
      never: profile.roles,
      platforms: profile.roles,
    });
  const failed = await define(entries.rights.filter((entry) => !isPublicsRights(entry)));
  const refused = failed.length === 0 ? [] : [...(await singly(failed.map(({ entry }) => entry)))];
  const publics = await givePublicsRights(session, backup.manifest, async () => {
    const [first] = await define(entries.rights.filter(isPublicsRights));
    if (first === undefined) return;
    const left = await singly([first.entry]);
    if (left.some(({ outOfReach }) => !outOfReach)) throw first.error;
    refused.push(...left);
  });
  const ends = databaseRightsEnds(content, profile);
  const { findings: onDatabase } = await putDatabaseRights(
    session,
    request.target.address.database,
    () => databaseRightsToDo(session, ends),
    content.database?.rights,
  );
  const roles = new Set(
    content.roles.map(({ name }) => name).filter((name) => !profile.roles.includes(name)),
  );
  const texts = textsOf(entries.rightsOnPlatform);
  const granted = await grantOnPlatform(session, texts, roles, content.serverMajor);
  const platforms = await restorePlatformRights(session, project, content, texts, roles);
  const findings = [...publics, ...onDatabase, ...granted, ...platforms.findings, ...rightsFindings(refused)];
  return { findings, notes: platforms.notes, refused };
}
