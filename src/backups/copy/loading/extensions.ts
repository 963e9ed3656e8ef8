import { isHoldfastError, type HoldfastError } from "../../../kernel/errors.ts";
import { quoteIdentifier } from "../../../postgres/quoting.ts";
import type { ContentRecord, ExtensionRecord } from "../../../nouns/content/record.ts";
import { extensionsOf, extensionsOfSequence } from "../../../nouns/content/compare/extension-sequences.ts";
import type { Database, DatabaseSession } from "../../../ports/database.ts";
import type { TocEntry } from "../../../ports/dump-tools.ts";
import { serverWords } from "../../../postgres/server-words.ts";
import { likelyNamesOf } from "../artifacts/toc-names.ts";

/** An extension of the source that cannot be had here, and why. */
export interface UnavailableExtension extends ExtensionRecord {
  /** The server's own words; absent when it was only looked for in its list. */
  readonly reason?: string;
}

/**
 * Extensions of the manifest that are not even in this server's list, whatever the version. A first look:
 * only {@link createExtensions} knows.
 */
export async function unavailableExtensions(
  session: DatabaseSession,
  extensions: readonly ExtensionRecord[],
): Promise<readonly ExtensionRecord[]> {
  const rows = await session.query<{ name: string }>(`
    SELECT name::text AS name FROM pg_catalog.pg_available_extensions
     UNION SELECT extname::text FROM pg_catalog.pg_extension
  `);
  const available = new Set(rows.map((row) => row.name));
  return extensions.filter((extension) => !available.has(extension.name));
}

/**
 * Creates extensions by trying, each in a transaction of its own. That the files are there says little: some
 * must be preloaded, some only work in one database, some only a superuser may create. One may need another,
 * so those that fail are tried again as long as any succeeds.
 *
 * @returns those the server refused, with its reason
 */
export async function createExtensions(
  database: Database,
  extensions: readonly ExtensionRecord[],
): Promise<readonly UnavailableExtension[]> {
  let waiting: readonly UnavailableExtension[] = extensions;
  let tried = Number.POSITIVE_INFINITY;
  while (waiting.length > 0 && waiting.length < tried) {
    tried = waiting.length;
    const failed: UnavailableExtension[] = [];
    for (const extension of waiting) {
      const refusal = await tryOne(database, extension);
      if (refusal === undefined) continue;
      const { name, version, schema } = extension;
      failed.push({ name, version, schema, reason: serverWords(refusal) });
    }
    waiting = failed;
  }
  return waiting;
}

/** In a session of its own: some that were not preloaded refuse with FATAL, which ends it. */
async function tryOne(
  database: Database,
  { name, schema }: ExtensionRecord,
): Promise<HoldfastError | undefined> {
  await using session = await database.connect({ purpose: "restore" });
  try {
    await session.query(
      `CREATE EXTENSION IF NOT EXISTS ${quoteIdentifier(name)} SCHEMA ${quoteIdentifier(schema)}`,
    );
    return undefined;
  } catch (error) {
    if (!isHoldfastError(error, "database.query", "database.permission")) throw error;
    return error;
  }
}

/**
 * Leaves out what cannot work: the unavailable extensions, their comments, and rows and values of their
 * own tables. What depends on them otherwise fails by itself and is reported, so that nothing is left
 * out in silence.
 */
export function withoutExtensions(
  entries: readonly TocEntry[],
  unavailable: readonly ExtensionRecord[],
  source?: Pick<ContentRecord, "tables" | "objects" | "sequences" | "extensions" | "objectExtensions">,
): readonly TocEntry[] {
  if (unavailable.length === 0) return entries;
  const names = new Set(unavailable.map((extension) => extension.name));
  const own = (source?.tables ?? []).filter(
    (table) => table.ofExtension === true && extensionsOf(table).some((name) => names.has(name)),
  );
  // One that may be of an extension that is here is loaded, and fails by itself where it is not: a value that
  // is left out is handed out twice.
  const isGone = (its: readonly string[]): boolean => its.length > 0 && its.every((name) => names.has(name));
  const gone = (source?.sequences ?? []).filter((sequence) =>
    isGone(extensionsOfSequence(source!, sequence)),
  );
  const values = new Set(gone.map(({ schema, name }) => JSON.stringify([schema, name])));
  return withoutComments(entries, names).filter((entry) => {
    const { schema, tag } = likelyNamesOf(entry);
    if (entry.type === "EXTENSION") return !names.has(tag);
    if (entry.type === "SEQUENCE SET") {
      return (
        !values.has(JSON.stringify([schema, tag])) &&
        !own.some((table) => table.schema === schema && table.sequences?.includes(tag) === true)
      );
    }
    return entry.type !== "TABLE DATA" || !own.some((table) => table.schema === schema && table.name === tag);
  });
}

/** The entries without comments on these extensions. */
export function withoutComments(
  entries: readonly TocEntry[],
  extensions: ReadonlySet<string>,
): readonly TocEntry[] {
  const tags = new Set(
    [...extensions].flatMap((name) => [`EXTENSION ${name}`, `EXTENSION ${quoteIdentifier(name)}`]),
  );
  return entries.filter((entry) => entry.type !== "COMMENT" || !tags.has(likelyNamesOf(entry).tag));
}
