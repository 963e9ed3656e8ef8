import { displayName } from "../../../postgres/display-name.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import type { ContentScope } from "../record.ts";
import { IN_SCOPE, scopeValues } from "../scope.ts";

/**
 * Whose the sequences are that extensions have marked for dumping: a dump holds their values and not their
 * definitions, so nothing else in a record tells it of one that no column owns.
 *
 * @returns `sequence <identity>` → the extension
 */
export async function readMarkedSequences(
  session: DatabaseSession,
  scope: ContentScope,
): Promise<[string, string[]][]> {
  const rows = await session.query<{ schema: string; name: string; extension: string }>(
    MARKED,
    scopeValues(scope),
  );
  return rows.map(({ schema, name, extension }) => [
    `sequence ${displayName({ schema, name })}`,
    [extension],
  ]);
}

/** An extension can only mark what is its own. */
const MARKED = `
  SELECT n.nspname::text AS schema, c.relname::text AS name, x.extname::text AS extension
    FROM pg_extension x
    JOIN pg_class c ON c.oid = ANY (x.extconfig)
    JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind = 'S' AND ${IN_SCOPE}
`;
