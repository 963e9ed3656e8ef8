import { isHoldfastError } from "../../../kernel/errors.ts";
import { quoteIdentifier } from "../../../postgres/quoting.ts";
import type { Manifest } from "../../../nouns/catalog/manifest.ts";
import type { ContentRecord, ExtensionRecord } from "../../../nouns/content/record.ts";
import type { Database, DatabaseSession } from "../../../ports/database.ts";
import type { TocEntry } from "../../../ports/dump-tools.ts";
import { createExtensions, type UnavailableExtension } from "./extensions.ts";
import type { ListedProblem } from "./listed-problem.ts";
import { preparePublicSchema } from "./public-schema.ts";
import { ownerInEntry } from "../artifacts/schema-entry.ts";
import { serverWords } from "../../../postgres/server-words.ts";
import { likelyNamesOf } from "../artifacts/toc-names.ts";

/** An empty database that was made ready for an archive. */
export interface Prepared {
  /** Extensions that this server refuses to make. */
  readonly unavailable: readonly UnavailableExtension[];
  /** Schemas that stand now and that the archive must not make again, see {@link withoutSchemas}. */
  readonly standing: readonly string[];
  readonly problems: readonly ListedProblem[];
  /**
   * Extensions that stand and belong to a role that this one cannot be: it cannot comment on them, and they
   * have brought their comment.
   */
  readonly othersExtensions: ReadonlySet<string>;
}

/**
 * Makes what an archive counts on, before it is loaded: `public` as at the source, the extensions, and the
 * schemas they live in.
 *
 * Extensions come first of all because what the server says to each decides what can be proved. As soon as
 * schemas are named, pg_dump writes no extension at all; when schemas are left out, it writes every one, also
 * one whose schema it leaves out.
 *
 * @param entries of the archive that makes the schema
 */
export async function prepare(
  database: Database,
  manifest: Manifest,
  entries: readonly TocEntry[],
  noOwner: boolean,
): Promise<Prepared> {
  await using session = await database.connect({ purpose: "restore" });
  const ofPublic = await preparePublicSchema(session, manifest, entries, noOwner);
  const { extensions } = manifest.content;
  const { standing, problems } = await makeSchemas(session, extensions, manifest, entries, noOwner);
  const unavailable = await createExtensions(database, extensions);
  const others = await session.query<{ name: string }>(`
    SELECT extname::text AS name
      FROM pg_catalog.pg_extension
     WHERE NOT pg_catalog.pg_has_role(extowner, 'USAGE')
  `);
  return {
    standing,
    problems: [...(ofPublic === undefined ? [] : [ofPublic]), ...problems],
    unavailable,
    othersExtensions: new Set(others.map(({ name }) => name)),
  };
}

async function makeSchemas(
  session: DatabaseSession,
  extensions: readonly ExtensionRecord[],
  { scope, content }: Manifest,
  entries: readonly TocEntry[],
  noOwner: boolean,
): Promise<Pick<Prepared, "standing" | "problems">> {
  const rows = await session.query<{ name: string }>(
    "SELECT nspname::text AS name FROM pg_catalog.pg_namespace",
  );
  const present = new Set(rows.map((row) => row.name));
  const outside = scope.includeSchemas.length + scope.excludeSchemas.length > 0;
  const standing: string[] = [];
  const problems: ListedProblem[] = [];
  for (const name of new Set(extensions.map((extension) => extension.schema))) {
    const listed = entries.find((one) => ownerInEntry(one, name, content) !== undefined);
    const written = listed && ownerInEntry(listed, name, content);
    // One that is not in the archive of a whole database belongs to an extension, which makes it.
    if (present.has(name) || (written === undefined && !outside)) continue;
    const owner = noOwner ? undefined : written;
    const problem = await makeSchema(session, name, owner);
    if (problem !== undefined) {
      problems.push({ entry: `SCHEMA ${name}`, message: problem, ...(listed ? { listed } : {}) });
    }
    standing.push(name);
  }
  // Where a platform's extension stays, its schema does; in a new database there is none but `public`, which
  // has rules of its own.
  const made = entries.filter(({ type }) => type === "SCHEMA").map((entry) => likelyNamesOf(entry).tag);
  standing.push(...made.filter((name) => name !== "public" && present.has(name)));
  return { standing, problems };
}

/** Owned as the archive says where it says so; without its owner rather than not at all. */
async function makeSchema(
  session: DatabaseSession,
  name: string,
  owner: string | undefined,
): Promise<string | undefined> {
  const create = `CREATE SCHEMA ${quoteIdentifier(name)}`;
  if (owner === undefined) {
    await session.query(create);
    return undefined;
  }
  try {
    await session.query(`${create} AUTHORIZATION ${quoteIdentifier(owner)}`);
    return undefined;
  } catch (error) {
    if (!isHoldfastError(error, "database.query", "database.permission")) throw error;
    await session.query(create);
    return serverWords(error);
  }
}

/** The entries without those that make the named schemas; their rights and comments stay. */
export function withoutSchemas(
  entries: readonly TocEntry[],
  schemas: readonly string[],
  content: ContentRecord,
): readonly TocEntry[] {
  return entries.filter((entry) => !schemas.some((name) => ownerInEntry(entry, name, content) !== undefined));
}
