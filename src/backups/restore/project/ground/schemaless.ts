import { entryKey, entryPlace, entryTitle, namesOf } from "../../../copy/artifacts/toc-names.ts";
import type { ContentRecord } from "../../../../nouns/content/record.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import type { TocEntry } from "../../../../ports/dump-tools.ts";
import { askTypes, ofSuperusers } from "../../rights/superuser-only.ts";
import { nameKey } from "../archive/name-key.ts";
import type { NotAllowed } from "../../rights/not-allowed.ts";

/**
 * What no schema holds and, on most servers, only a superuser may make, by types of an archive's entries: how
 * the target is asked whether it has one. What is there and cannot be made again must not be dropped.
 */
const CLASSES: Readonly<Record<string, { readonly kind: string; readonly names: string }>> = {
  "FOREIGN DATA WRAPPER": {
    kind: "foreign-data-wrapper",
    names: "SELECT quote_ident(fdwname) AS name FROM pg_foreign_data_wrapper",
  },
  "ACCESS METHOD": { kind: "access-method", names: "SELECT quote_ident(amname) AS name FROM pg_am" },
  "EVENT TRIGGER": {
    kind: "event-trigger",
    names: "SELECT quote_ident(evtname) AS name FROM pg_event_trigger",
  },
};

/** Keys of what the target has of these, as {@link nameKey} has them. */
export async function readSchemaless(session: DatabaseSession): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const { kind, names } of Object.values(CLASSES)) {
    for (const { name } of await session.query<{ name: string }>(names)) found.add(nameKey(kind, name));
  }
  return found;
}

/**
 * Types of entries that this role may not make here.
 *
 * @param session in a transaction
 */
export async function entriesNotMade(
  session: DatabaseSession,
  entries: readonly TocEntry[],
): Promise<ReadonlySet<string>> {
  const types = Object.keys(CLASSES).filter((type) => entries.some((entry) => entry.type === type));
  const { refused } = await askTypes(session, types);
  return refused;
}

/**
 * Entries that this role may not make, the target has not, and with them everything that needs them: a server
 * needs its foreign-data wrapper, a foreign table its server.
 *
 * @param session in a transaction
 * @returns each with why
 */
export async function withoutSchemaless(
  session: DatabaseSession,
  entries: readonly TocEntry[],
): Promise<
  readonly {
    readonly id: string;
    readonly title: string;
    readonly key: string;
    readonly place: string;
    readonly why: string;
  }[]
> {
  const types = await entriesNotMade(session, entries);
  if (types.size === 0) return [];
  const there = await readSchemaless(session);
  const lacking = new Map(
    entries
      .filter((one) => types.has(one.type) && !there.has(entryKey(one)))
      .map((one) => [one.id, entryTitle(one)]),
  );
  const needing = new Map<string, string>();
  // Everything comes after what it needs.
  for (const entry of entries) {
    const { id, type } = entry;
    // A table is kept in another way then, and that is told by itself.
    if (type === "TABLE" || type.startsWith("MATERIALIZED VIEW")) continue;
    const first = needsOf(entry, entries).find((one) => lacking.has(one) || needing.has(one));
    if (first !== undefined) needing.set(id, lacking.get(first) ?? needing.get(first)!);
  }
  return entries.flatMap((entry) => {
    const of = needing.get(entry.id);
    const why = lacking.has(entry.id)
      ? "the server lets only a superuser make one, and the target has none of that name"
      : of === undefined
        ? undefined
        : `it needs ${of}`;
    return why === undefined
      ? []
      : [{ id: entry.id, title: entryTitle(entry), key: entryKey(entry), place: entryPlace(entry), why }];
  });
}

/**
 * What else only a superuser may make: publications of all tables and of whole schemas, operator classes,
 * base types, functions in C and the like.
 *
 * @param session in a transaction
 * @param known keys of entries that were asked about by name
 */
export async function furtherNotMade(
  session: DatabaseSession,
  entries: readonly TocEntry[],
  content: ContentRecord,
  known: ReadonlySet<string>,
): Promise<readonly NotAllowed[]> {
  const of = ofSuperusers(entries, content).filter(
    ({ entry }) => !Object.hasOwn(CLASSES, entry.type) && !known.has(entryKey(entry)),
  );
  const { refused } = await askTypes(
    session,
    of.map(({ asked }) => asked),
  );
  return of
    .filter(({ asked }) => refused.has(asked))
    .map(({ entry }) => ({
      id: entry.id,
      title: entryTitle(entry),
      key: entryKey(entry),
      place: entryPlace(entry),
      why: "the server lets only a superuser make one",
    }));
}

/** An archive does not say that a user mapping needs its server, which its name has. */
function needsOf(entry: TocEntry, entries: readonly TocEntry[]): readonly string[] {
  const { type, needs } = entry;
  if (type !== "USER MAPPING") return needs;
  const { tag } = namesOf(entry);
  return [
    ...needs,
    ...entries
      .filter((one) => one.type === "SERVER" && tag.endsWith(` SERVER ${namesOf(one).tag}`))
      .map(({ id }) => id),
  ];
}
