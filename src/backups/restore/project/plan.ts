import { missingRoles } from "../../copy/databases/roles.ts";
import { doubtsOf } from "../../../nouns/platform/doubtful.ts";
import { profileOf } from "../../../nouns/platform/profiles.ts";
import { whoseIs } from "../../../nouns/platform/whose.ts";
import type { RestorePorts } from "../request/ports.ts";
import {
  databaseRightsEnds,
  databaseRightsNotes,
  databaseRightsToDo,
} from "../properties/database-rights.ts";
import { FILL_SETTINGS } from "../rows/fill-tables.ts";
import { LOCK_TIMEOUT } from "../care/lock-timeout.ts";
import { whatIsBrought } from "./users/brought.ts";
import type { BothEnds } from "./ends/choose-into.ts";
import { doubtNotes, gapsOfOwned } from "./doubts.ts";
import { extensionsNeeded } from "./users/entries.ts";
import { keysBehind, notesOfKeys } from "./rows/keys-behind.ts";
import { furtherMembers, readMembers } from "./users/members.ts";
import { gapsOfMisfits, gapsOfStaying, refusalsOfMisfits } from "./rows/misfits.ts";
import { notMade } from "./not-made/not-made.ts";
import { usersOwnersOutOfReach } from "./definitions/owners-out-of-reach.ts";
import { behindNotes, quietNotes, versionNotes } from "./plan-notes.ts";
import { openArchive } from "./archive/project-archive.ts";
import type { ProjectPlan, ProjectInputs } from "./project-plan.ts";
import { lostDefaults, publicsOwnerNotes } from "./rights/public.ts";
import { mayQuieten } from "./rows/quiet.ts";
import { rebuildKit } from "./rebuild-kit.ts";
import { rehearseRows } from "./rows/rehearse-rows.ts";
import { removedObjects } from "./ground/removed.ts";
import { settingsToDo } from "./settings-to-do.ts";
import { readTargetObjects } from "./users/target-objects.ts";
import { usersIn } from "./ground/users-in.ts";

/**
 * Reads and asks; the backup's rows of the platform's tables are held against the target's in a transaction
 * that is taken back.
 */
export async function planProject(inputs: ProjectInputs, ports: RestorePorts): Promise<ProjectPlan> {
  const { request, backup, target, ends } = inputs;
  const profile = profileOf(ends.source.name);
  const archive = await openArchive(inputs, ports);
  const { content, context, contents, definitionsIn, rowsIn, rows } = archive;
  await using session = await request.target.connect({ purpose: "restore plan", settings: FILL_SETTINGS });
  // Looking must not wait for ever behind somebody who changes a table.
  await session.query(`SET lock_timeout = '${LOCK_TIMEOUT}'`);
  const here = await readTargetObjects(session, backup.manifest.scope);
  const { gaps, notes, ...brought } = await whatIsBrought(session, archive, ends, here);
  const { entries } = brought;
  const { foreseen, defaults } = await rehearseRows(session, archive, entries);
  const quiet = await mayQuieten(session);
  const members = await readMembers(session, ends.target);
  const { notAllowed, stays } = await notMade(session, archive, ends, entries, members);
  const behind = await keysBehind(context, definitionsIn, contents, entries.after, {
    content,
    rows,
    jobs: foreseen.numberedAnew,
  });
  const published = furtherMembers(members, entries.after).map(({ title }) => title);
  const {
    objects,
    keys,
    rows: userRows,
  } = await usersIn(session, profile, ends.target, backup.manifest.scope);
  // All of them, needed by an object or not: a project has its server to itself, and a role may be there to
  // be signed in as.
  const roles = (await missingRoles(session, content.roles)).filter(
    ({ name }) => !profile.roles.includes(name),
  );
  const left = new Set(notAllowed.map(({ title }) => title));
  const ownersOut = request.noOwner
    ? []
    : (
        await usersOwnersOutOfReach(session, {
          entries: [...entries.before, ...entries.after],
          roles,
          standing: new Set([...ends.target.schemas, "public"]),
        })
      ).filter(({ title }) => !left.has(title));
  const publicNotes = await publicsOwnerNotes(
    session,
    request.noOwner ? undefined : entries.publicOwner,
    target.facts.role,
  );
  const rightsNotes = request.noPrivileges
    ? []
    : databaseRightsNotes(await databaseRightsToDo(session, databaseRightsEnds(content, profile)));
  const misfits = { notAllowed, unwritable: foreseen.unwritable, ownersOut, keysBehind: behind };
  return {
    ...ends,
    ...brought,
    profile,
    extensionsNeeded: extensionsNeeded(contents),
    rows,
    definitionsIn,
    rowsIn,
    foreseen,
    defaults,
    fresh: objects.length === 0 && userRows.length === 0 && published.length === 0,
    holds: [...userRows, ...objects, ...published].slice(0, 5),
    usersObjects: objects,
    removed: [...removedObjects(here, ends.target, content, keys), ...published],
    notAllowed,
    stays,
    ownersOut,
    keysBehind: behind,
    roles,
    gaps: [
      ...gaps,
      ...lostDefaults(ends),
      ...gapsOfOwned(ends.source, rows),
      ...gapsOfStaying(rows, content.largeObjects.count),
      ...(request.allowGaps ? gapsOfMisfits(misfits, target.facts.role) : []),
    ],
    notes: [
      ...notes,
      ...foreseen.notes,
      ...versionNotes(ends),
      ...doubtNotes(doubtsOf(ends.source, ends.target)),
      ...behindNotes(rows),
      ...quietNotes(quiet, target.facts.role),
      ...publicNotes,
      ...rightsNotes,
      ...(request.allowGaps ? notesOfKeys(behind) : []),
    ],
    kit: [...rebuildKit(ends.source, content), ...(await settingsToDo(session, ends.source, ends.target))],
    refusals: [
      ...foreseen.refusals,
      ...(request.allowGaps ? [] : refusalsOfMisfits(misfits, target.facts.role)),
    ],
  };
}

/** Extensions of the backup that the user enabled: the platform's own are the target's business. */
export function usersExtensions<T extends { readonly name: string }>(
  extensions: readonly T[],
  { source }: BothEnds,
): readonly T[] {
  return extensions.filter(({ name }) => name !== "plpgsql" && whoseIs(source, "extension", name) === "user");
}
