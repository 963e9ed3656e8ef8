import type { DefinitionText } from "../../../copy/artifacts/definition-script.ts";
import { readContents } from "../../../copy/artifacts/load.ts";
import { ownerOfPublic } from "../../../copy/artifacts/schema-entry.ts";
import type { Finding } from "../../../../nouns/catalog/manifest.ts";
import type { PlatformRecord } from "../../../../nouns/platform/record.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import type { TocEntry } from "../../../../ports/dump-tools.ts";
import type { BothEnds } from "../ends/choose-into.ts";
import { projectEntries, type ProjectEntries } from "./entries.ts";
import { filledByUsers } from "./members.ts";
import { rowSecurityOfPlatform } from "./platform-row-security.ts";
import { comparePlatformTables, type NamedObject } from "./platform-tables.ts";
import type { ProjectArchive } from "../archive/project-archive.ts";
import { publicationsToDo, withoutFull, type PublicationsToDo } from "./publication-options.ts";
import { readTableParts } from "./table-parts.ts";
import type { TargetObjects } from "./target-objects.ts";

/** What is brought into a project: its entries, and what of the user's stands on the platform's own. */
export interface Brought {
  readonly source: PlatformRecord;
  /**
   * What stands on the platform's tables and was told to be the user's by holding it against the target's;
   * among the source's `users`.
   */
  readonly brought: readonly NamedObject[];
  /** Texts of entries that are no entries of the archive: parts of tables of the platform's. */
  readonly parts: readonly DefinitionText[];
  readonly entries: ProjectEntries;
  /** How publications of the platform's have to publish. */
  readonly publications: PublicationsToDo;
  readonly gaps: readonly Finding[];
  readonly notes: readonly string[];
}

/** Holds what both ends have of the platform against each other. */
export async function whatIsBrought(
  session: DatabaseSession,
  archive: ProjectArchive,
  ends: BothEnds,
  here: TargetObjects,
): Promise<Brought> {
  const { content, context, definitionsIn, rowsIn, contents, rows } = archive;
  const tables = comparePlatformTables(ends.source, ends.target, content, here);
  const rowSecurity = rowSecurityOfPlatform(ends, content, here);
  // A publication of the platform's that somebody dropped is made again, to be filled.
  const lacking = filledByUsers(ends.source).filter(
    (name) => !ends.target.own.some(([kind, own]) => kind === "publication" && own === name),
  );
  const brought: readonly NamedObject[] = [
    ...tables.brought,
    ...lacking.map((name): NamedObject => ["publication", name]),
  ];
  const source = {
    ...ends.source,
    users: [...ends.source.users, ...brought.map(([kind, identity]): [string, string] => [kind, identity])],
  };
  // What of a table calls something of the user's: where the archive has no entry of it, it is in
  // the table's own.
  const calling = ends.source.users.filter(
    ([kind, identity]) =>
      kind === "constraint" || (kind === "column" && Object.hasOwn(here.objects.column ?? {}, identity)),
  );
  const parts = await readTableParts([...(calling as readonly NamedObject[]), ...tables.brought], {
    context,
    artifact: definitionsIn,
    contents,
    content,
  });
  const entriesOf = (all: readonly TocEntry[]): ProjectEntries =>
    projectEntries(all, source, content, (schema, table) => rows.staged(schema, table) !== undefined);
  const entries = entriesOf(contents);
  const made = parts.texts.map(({ entry }) => entry);
  const publications = await publicationsToDo(session, ends.target, content, here);
  return {
    source,
    brought,
    parts: parts.texts,
    publications,
    entries: {
      ...entries,
      publicOwner: ownerOfPublic(contents, content),
      after: withoutFull([...made, ...entries.after], publications),
      onPlatform: withoutFull([...made, ...entries.onPlatform], publications),
      rows: rowsIn === definitionsIn ? entries.rows : entriesOf(await readContents(context, rowsIn)).rows,
    },
    gaps: [...publications.gaps, ...rowSecurity.gaps],
    notes: [...tables.notes, ...rowSecurity.notes, ...publications.notes, ...lostNotes(parts.lost)],
  };
}

/** What could not be read of the platform's tables. */
function lostNotes(lost: readonly string[]): string[] {
  return lost.length === 0
    ? []
    : [
        "on tables of the platform's, and the archive's definition of them was not understood, so left " +
          `as the target has it: ${lost.join(", ")}`,
      ];
}
