import type { DatabaseSession } from "../../../ports/database.ts";
import type { TocEntry } from "../../../ports/dump-tools.ts";
import type { Difference } from "../compare/difference.ts";
import type { LeftOut } from "../left-out.ts";
import type { ContentRecord, ContentScope, ObjectKind } from "../record.ts";
import { undumpedExtensionRows, unreadableExtensionTables } from "./undumped-rows.ts";
import { findIncomplete } from "./incomplete.ts";
import { hiddenSubscriptions, hiddenUserMappings, leftOutLargeObjects } from "./hidden.ts";
import { findUnlisted } from "./unlisted.ts";

/** An archive of definitions. */
export interface Listed {
  readonly entries: readonly TocEntry[];
}

/**
 * Everything the database has at the snapshot that a backup's archives do not hold: what pg_dump leaves
 * out without failing. Each is a gap; what differs between two archives of one backup is missing if
 * either lacks it.
 *
 * @param session with the pinned settings, inside the transaction whose snapshot was dumped
 * @param content the inventory of that snapshot
 * @param archives those that hold definitions
 * @param leftOut relations that pg_dump was told to leave out
 */
export async function findOmissions(
  session: DatabaseSession,
  scope: ContentScope,
  content: ContentRecord,
  archives: readonly Listed[],
  leftOut: readonly LeftOut[] = [],
): Promise<Difference[]> {
  const holds = (kind: ObjectKind, identity: string): boolean =>
    Object.hasOwn(content.objects[kind] ?? {}, identity);
  const found: Difference[] = [
    ...(await leftOutLargeObjects(session, scope)),
    ...unreadableExtensionTables(content),
    ...undumpedExtensionRows(content),
    ...(await findIncomplete(session, scope, leftOut, holds)),
  ];
  for (const { entries } of archives) {
    found.push(
      ...(await hiddenUserMappings(session, scope, entries)),
      ...(await hiddenSubscriptions(session, scope, entries)),
      ...(await findUnlisted(session, scope, entries, leftOut)),
    );
  }
  return [...new Map(found.map((one) => [`${one.about} ${one.name} ${one.message}`, one])).values()];
}
