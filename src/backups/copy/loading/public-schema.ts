import { isHoldfastError } from "../../../kernel/errors.ts";
import { quoteIdentifier } from "../../../postgres/quoting.ts";
import type { ContentRecord, ContentScope } from "../../../nouns/content/record.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import type { TocEntry } from "../../../ports/dump-tools.ts";
import type { ListedProblem } from "./listed-problem.ts";
import { ownerInEntry } from "../artifacts/schema-entry.ts";
import { serverWords } from "../../../postgres/server-words.ts";

/**
 * Every new database has a schema `public`, and pg_dump treats it as half the server's: rights on it are
 * written as differences from those that a new database gives, and a CREATE SCHEMA only when it was asked
 * for by name (pg_dump.c, selectDumpableNamespace: "no-mans-land between being a system object and a user
 * object"). So the one that is there stays and is given the source's owner, and an archive's own CREATE
 * SCHEMA, which would make it without those rights, is left out.
 */

/** What was backed up, as far as it matters here. */
export interface PublicSchemaSource {
  readonly content: ContentRecord;
  readonly scope: ContentScope;
}

/**
 * Makes `public` as the archive expects it: owned as at the source, or gone where the source had none.
 * A hosting platform's superuser may own it there, whom nobody else can be: then it keeps the owner that
 * it has here.
 *
 * @returns why it could not be given to its owner
 */
export async function preparePublicSchema(
  session: DatabaseSession,
  source: PublicSchemaSource,
  entries: readonly TocEntry[],
  noOwner = false,
): Promise<ListedProblem | undefined> {
  const { includeSchemas, excludeSchemas } = source.scope;
  // A backup of other schemas says nothing about this one.
  if (
    (includeSchemas.length > 0 && !includeSchemas.includes("public")) ||
    excludeSchemas.includes("public")
  ) {
    return undefined;
  }
  const schemas = source.content.objects.schema;
  // Without CASCADE: if it holds anything, this fails instead of destroying it.
  if (schemas !== undefined && !("public" in schemas)) await session.query("DROP SCHEMA IF EXISTS public");
  if (hasBarePublic(source.content)) await takeComment(session);
  const listed = entries.find((entry) => ownerInEntry(entry, "public", source.content) !== undefined);
  const owner = listed && ownerInEntry(listed, "public", source.content);
  if (listed === undefined || owner === undefined || noOwner) return undefined;
  const [row] = await session.query<{ owner: string }>(`
    SELECT pg_catalog.pg_get_userbyid(nspowner)::text AS owner
      FROM pg_catalog.pg_namespace
     WHERE nspname = 'public'
  `);
  if (row === undefined || row.owner === owner) return undefined;
  try {
    await session.query(`ALTER SCHEMA public OWNER TO ${quoteIdentifier(owner)}`);
    return undefined;
  } catch (error) {
    if (!isHoldfastError(error, "database.query", "database.permission") || session.lost.aborted) throw error;
    return { entry: "SCHEMA public", message: serverWords(error), listed };
  }
}

/**
 * Whether `public` had no comment at the source. Of a schema that was asked for by name pg_dump writes the
 * comment that it has, and nothing where it has none; but a new database's has the standard one (pg_dump.c,
 * dumpNamespace).
 */
export function hasBarePublic({ digests, objects }: ContentRecord): boolean {
  return (
    digests === 2 &&
    objects.schema?.["public"] !== undefined &&
    objects.comment !== undefined &&
    !("schema public" in objects.comment)
  );
}

/** Where this role may not, the comparison says so. */
async function takeComment(session: DatabaseSession): Promise<void> {
  const rows = await session.query(`
    SELECT FROM pg_catalog.pg_namespace
     WHERE nspname = 'public'
       AND pg_catalog.obj_description(oid, 'pg_namespace') IS NOT NULL
       AND pg_catalog.pg_has_role(nspowner, 'USAGE')
  `);
  if (rows.length > 0) await session.query("COMMENT ON SCHEMA public IS NULL");
}

/** The entries without the one that makes `public`. */
export function withoutPublicSchema(
  entries: readonly TocEntry[],
  content: ContentRecord,
): readonly TocEntry[] {
  return entries.filter((entry) => ownerInEntry(entry, "public", content) === undefined);
}
