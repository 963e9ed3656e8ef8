import { entryKey } from "../../../copy/artifacts/toc-names.ts";
import type { PlatformRecord } from "../../../../nouns/platform/record.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import type { TocEntry } from "../../../../ports/dump-tools.ts";
import { dropUsersGround } from "./ground.ts";
import { Kept, keptNotes } from "./kept.ts";
import type { Chosen } from "../../chosen/chosen.ts";
import type { ProjectEntries } from "../users/entries.ts";
import { dropMembers, furtherMembers, readMembers, type Member } from "../users/members.ts";
import { entriesNotMade, readSchemaless } from "./schemaless.ts";

/** What stands at the target although it is the user's, and so is not made again. */
export interface Standing {
  readonly kept: Kept;
  readonly covers: (entry: TocEntry) => boolean;
}

/** What the ground is like when what was the user's is gone. */
export interface ClearedGround {
  readonly there: Standing;
  /** What the platform's publications hold of its own tables. */
  readonly members: readonly Member[];
  readonly notes: readonly string[];
}

/** What was planned of it. */
export interface PlannedGround extends Pick<Chosen, "backup"> {
  readonly project: {
    readonly source: PlatformRecord;
    readonly entries: ProjectEntries;
    /** The user's at the target that the backup has not: they go. */
    readonly removed: readonly string[];
    /** Keys of what stays because it may not be made again. */
    readonly stays: ReadonlySet<string>;
  };
}

/** Drops what is the user's, and what he has put into the platform's publications. */
export async function clearGround(
  session: DatabaseSession,
  plan: PlannedGround,
  now: PlatformRecord,
): Promise<ClearedGround> {
  const { project } = plan;
  const { kept, stands } = await drop(session, plan, now);
  const members = await readMembers(session, now);
  const planned = new Set(project.removed);
  await dropMembers(
    session,
    furtherMembers(members, project.entries.after).filter(({ title }) => planned.has(title)),
  );
  const stay = new Set(members.filter(({ again }) => !again).map(({ key }) => key));
  const covers = (entry: TocEntry): boolean =>
    kept.covers(entry) || stands.has(entryKey(entry)) || stay.has(entryKey(entry));
  return { there: { kept, covers }, members, notes: keptNotes(kept) };
}

/** Says what of it stands there all the same. */
async function drop(
  session: DatabaseSession,
  { project, backup }: PlannedGround,
  now: PlatformRecord,
): Promise<{ readonly kept: Kept; readonly stands: ReadonlySet<string> }> {
  const { before } = project.entries;
  const types = await entriesNotMade(session, before);
  const schemaless = new Set(before.filter(({ type }) => types.has(type)).map(entryKey));
  const kept = await Kept.of(
    session,
    await dropUsersGround(
      session,
      now,
      project.source,
      backup.manifest.scope,
      new Set([...project.stays, ...schemaless]),
    ),
  );
  const there = await readSchemaless(session);
  return { kept, stands: new Set([...schemaless].filter((key) => there.has(key))) };
}
