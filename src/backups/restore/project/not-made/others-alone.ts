import type { DatabaseSession } from "../../../../ports/database.ts";
import type { TocEntry } from "../../../../ports/dump-tools.ts";
import type { NotAllowed } from "../../rights/not-allowed.ts";
import { entryKey, entryPlace, entryTitle, namesOf } from "../../../copy/artifacts/toc-names.ts";

/**
 * Publications of roles that this one cannot be. Event triggers of others stay with the functions that they
 * call, and are compared.
 */
const OTHERS = `
  SELECT 'PUBLICATION' AS type, pubname::text AS name, pg_get_userbyid(pubowner)::text AS owner
    FROM pg_publication
   WHERE NOT pg_has_role(pubowner, 'USAGE')
`;

/**
 * What no schema holds is known by its name alone: where the target has one that belongs to another role, it
 * can be neither replaced nor made beside.
 *
 * @param entries what is to be made
 */
export async function othersAlone(
  session: DatabaseSession,
  entries: readonly TocEntry[],
): Promise<readonly NotAllowed[]> {
  const others = await session.query<{ type: string; name: string; owner: string }>(OTHERS);
  return entries.flatMap((entry) => {
    const other = others.find(({ type, name }) => isOf(entry, type, name));
    return other === undefined
      ? []
      : [
          {
            id: entry.id,
            title: entryTitle(entry),
            key: entryKey(entry),
            place: entryPlace(entry),
            why: `the target has one that belongs to ${other.owner}, whom this role cannot be`,
          },
        ];
  });
}

/** The thing itself, or a table in it, whose tag is `shop notes`. */
function isOf(entry: TocEntry, other: string, name: string): boolean {
  const { tag } = namesOf(entry);
  return entry.type === other ? tag === name : entry.type === `${other} TABLE` && tag.startsWith(`${name} `);
}
