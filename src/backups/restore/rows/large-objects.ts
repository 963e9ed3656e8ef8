import { HoldfastError } from "../../../kernel/errors.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import type { TocEntry } from "../../../ports/dump-tools.ts";

/**
 * Rows alone are loaded into large objects that exist; making them is a matter of the schema.
 *
 * @throws database.lacks naming the first that is gone
 */
export async function requireLargeObjects(
  session: DatabaseSession,
  entries: readonly TocEntry[],
): Promise<void> {
  // `- 12345 owner`; from PostgreSQL 17 on also `- 12345..12399 owner` for many, of which the first
  // is looked for.
  const wanted = entries.flatMap(({ type, rest }) =>
    type === "BLOB" || type === "BLOB METADATA" ? (/^- (\d+)/.exec(rest)?.[1] ?? []) : [],
  );
  if (wanted.length === 0) return;
  const [gone] = await session.query<{ oid: string }>(
    `
      SELECT o AS oid
        FROM unnest($1::text[]) AS o
       WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata l WHERE l.oid = o::oid)
       LIMIT 1
    `,
    [wanted],
  );
  if (!gone) return;
  throw new HoldfastError("database.lacks", `the target has no large object ${gone.oid} to put bytes into`, {
    hint:
      "Restore the whole backup, or name the tables to restore; rows alone are loaded into large objects " +
      "that exist. Nothing was touched.",
  });
}
