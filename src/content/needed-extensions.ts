import { isHoldfastError } from "../kernel/errors.ts";
import { quoteIdentifier } from "../kernel/sql.ts";
import type { DatabaseSession } from "../ports/database.ts";
import type { TocEntry } from "../ports/dump-tools.ts";
import type { ContentScope, ExtensionRecord } from "./record.ts";

/**
 * Extensions of a backup of some schemas. As soon as schemas are named, pg_dump writes no extension; when schemas are left out, it writes every
 * extension, also one whose schema it leaves out. Both archives count on something being there already.
 */

/**
 * Makes what such an archive counts on, before it is loaded: the extensions, and the schemas they live in, owned as the archive says where it says so.
 * Nothing is done for a backup of everything, which makes all of it itself.
 *
 * @param extensions those of the backup that the server has; of a backup of named schemas only those that its objects need
 * @param entries of the archive that makes the schema
 * @returns schemas that stand now and that the archive must not make again, see {@link withoutSchemas}
 */
export async function createNeededExtensions(
  session: DatabaseSession, extensions: readonly ExtensionRecord[], scope: ContentScope, entries: readonly TocEntry[], noOwner = false,
): Promise<readonly string[]> {
  if (scope.includeSchemas.length + scope.excludeSchemas.length === 0) return [];
  const wanted = scope.includeSchemas.length > 0 ? extensions : extensions.filter((extension) => scope.excludeSchemas.includes(extension.schema));
  const made: string[] = [];
  const present = new Set((await session.query<{ name: string }>("SELECT nspname::text AS name FROM pg_catalog.pg_namespace")).map((row) => row.name));
  for (const name of new Set(wanted.map((extension) => extension.schema))) {
    if (present.has(name)) continue;
    const owner = noOwner ? undefined : entries.find((entry) => makes(entry, name))?.rest.slice(`- ${name} `.length);
    await session.query(`CREATE SCHEMA ${quoteIdentifier(name)}${owner === undefined ? "" : ` AUTHORIZATION ${quoteIdentifier(owner)}`}`);
    made.push(name);
  }
  await createAll(session, wanted);
  return made;
}

/** An extension may need another one; those that fail are tried again as long as any succeeds. */
async function createAll(session: DatabaseSession, extensions: readonly ExtensionRecord[]): Promise<void> {
  let waiting = extensions;
  while (waiting.length > 0) {
    const failed: ExtensionRecord[] = [];
    let failure: unknown;
    for (const extension of waiting) {
      try {
        await session.query(`CREATE EXTENSION IF NOT EXISTS ${quoteIdentifier(extension.name)} SCHEMA ${quoteIdentifier(extension.schema)}`);
      } catch (error) {
        if (!isHoldfastError(error, "database.query")) throw error;
        failed.push(extension);
        failure = error;
      }
    }
    if (failed.length === waiting.length) throw failure;
    waiting = failed;
  }
}

/** The entries without those that make the named schemas; their rights and comments stay. */
export function withoutSchemas(entries: readonly TocEntry[], schemas: readonly string[]): readonly TocEntry[] {
  return schemas.length === 0 ? entries : entries.filter((entry) => !schemas.some((name) => makes(entry, name)));
}

function makes({ type, rest }: TocEntry, schema: string): boolean {
  return type === "SCHEMA" && rest.startsWith(`- ${schema} `);
}
