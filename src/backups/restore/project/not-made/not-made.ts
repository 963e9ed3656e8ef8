import { quantity } from "../../../../kernel/quantity.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import { profileOf } from "../../../../nouns/platform/profiles.ts";
import { askRights } from "./ask-rights.ts";
import type { BothEnds } from "../ends/choose-into.ts";
import type { ProjectEntries } from "../users/entries.ts";
import { nameKey } from "../archive/name-key.ts";
import type { Member } from "../users/members.ts";
import { withNeeding } from "../../rights/needing.ts";
import { othersAlone } from "./others-alone.ts";
import type { ProjectArchive } from "../archive/project-archive.ts";
import type { NotAllowed } from "../../rights/not-allowed.ts";

/** What a project does not get because of what this role may not. */
export interface NotMade {
  /** What this role may not make there. */
  readonly notAllowed: readonly NotAllowed[];
  /** Keys (`nameKey`) of what is there and may not be made again: it is not dropped, and is compared. */
  readonly stays: ReadonlySet<string>;
}

/** Asks what of the backup this role may not make at the target. */
export async function notMade(
  session: DatabaseSession,
  archive: ProjectArchive,
  { source, target }: BothEnds,
  entries: ProjectEntries,
  members: readonly Member[],
): Promise<NotMade> {
  const { content, contents, rows } = archive;
  const platformTables = content.tables.filter(
    (table) => source.schemas.includes(table.schema) && !rows.isOwn(table),
  );
  // What is there already and may not be made by this role may not be dropped by it either: it stays,
  // and is compared.
  const there = new Set([
    ...target.users.map(([kind, identity]) => nameKey(kind, identity)),
    ...members.map(({ key }) => key),
  ]);
  const definitions = [...entries.before, ...entries.after];
  const asked = await askRights(session, {
    contents,
    entries: definitions,
    onPlatform: entries.onPlatform,
    tables: platformTables,
    platformSchemas: source.schemas,
    webhookFunctions: profileOf(source.name).webhookFunctions,
    content,
    members,
  });
  const held = new Map(
    content.tables.map(({ schema, name, rows: count }) => [`table ${schema} ${name}`, count ?? 0]),
  );
  const others = await othersAlone(session, entries.after);
  const notAllowed = withNeeding(definitions, [...asked.filter(({ key }) => !there.has(key)), ...others]).map(
    (one) =>
      (held.get(one.key) ?? 0) > 0
        ? { ...one, why: `${one.why}; ${quantity(held.get(one.key)!, "row")} with it` }
        : one,
  );
  return {
    notAllowed,
    stays: new Set([
      ...asked.map(({ key }) => key).filter((key) => there.has(key)),
      ...others.map(({ key }) => key),
    ]),
  };
}
