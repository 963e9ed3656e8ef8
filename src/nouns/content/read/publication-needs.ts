import type { DatabaseSession } from "../../../ports/database.ts";

/**
 * Stands before a publication's name where a record says which extensions its tables need: the publication
 * itself needs none.
 */
export const PUBLICATION_TABLES = "publication-tables";

/**
 * Which extensions the tables of each publication need, and what is written beside a table of it. Those that
 * need none are there too: who compares has to know that the record speaks of them.
 *
 * @param places `<catalog> <oid>` → `<kind> <identity>` of what is in scope
 * @param needs `<catalog> <oid>` → names of extensions
 * @returns in the words of {@link PUBLICATION_TABLES}
 */
export async function readPublicationNeeds(
  session: DatabaseSession,
  places: ReadonlyMap<string, string>,
  needs: ReadonlyMap<string, readonly string[]>,
): Promise<[string, string[]][]> {
  const rows = await session.query<{ publication: string; members: string[] }>(MEMBERS);
  return rows.flatMap(({ publication, members }): [string, string[]][] => {
    const object = places.get(publication);
    if (object === undefined) return [];
    const names = new Set(members.flatMap((member) => needs.get(member) ?? []));
    return [[object.replace(/^publication /, `${PUBLICATION_TABLES} `), [...names].sort()]];
  });
}

/** A member depends on its table, and on what its filter calls. */
const MEMBERS = `
  SELECT 'pg_publication'::regclass || ' ' || p.oid AS publication,
         coalesce(array_agg('pg_publication_rel'::regclass || ' ' || r.oid) FILTER (WHERE r.oid IS NOT NULL),
                  '{}') AS members
    FROM pg_publication p LEFT JOIN pg_publication_rel r ON r.prpubid = p.oid
   GROUP BY p.oid
`;
