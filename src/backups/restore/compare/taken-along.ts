import { displayName } from "../../../postgres/display-name.ts";
import { belongingTo } from "../../../nouns/content/objects-of-tables.ts";
import type { ContentRecord, ObjectKind, TableRecord } from "../../../nouns/content/record.ts";

/** What `DROP TABLE … CASCADE` takes along although it is on another table, or a relation of its own. */
const DEPENDING: readonly ObjectKind[] = ["constraint", "policy", "rule", "trigger"];
const VIEWS: readonly ObjectKind[] = ["view", "materialized-view"];
/** Names shown in the note. */
const NAMES_MAX = 8;

/**
 * What the backup has on other tables and the target lacks, after named tables were made again: whoever
 * dropped one with CASCADE dropped the foreign keys to it and the views over it as well, and those are no
 * part of the table.
 *
 * @param named tables that were asked for; what is on them was compared
 * @param made of these, the ones that the restore made; without any, nothing can have been taken along
 *   by dropping them
 * @returns how many there are, and one note that names the first of them, or none
 */
export function takenAlong(
  expected: ContentRecord,
  actual: ContentRecord,
  named: readonly TableRecord[],
  made: readonly TableRecord[],
): { readonly missing: number; readonly notes: readonly string[] } {
  if (made.length === 0) return { missing: 0, notes: [] };
  const isNamed = ({ schema, name }: TableRecord): boolean =>
    named.some((one) => one.schema === schema && one.name === name);
  // Rows are measured of the named tables only, definitions of all.
  const isThere = (table: TableRecord): boolean =>
    Object.hasOwn(actual.objects.table ?? {}, displayName(table));
  const onOthers = belongingTo(expected, (table) => !isNamed(table) && isThere(table));
  const lacks = (kind: ObjectKind, identity: string): boolean =>
    !Object.hasOwn(actual.objects[kind] ?? {}, identity);
  const gone = [
    ...DEPENDING.flatMap((kind) =>
      names(expected, kind)
        .filter((name) => onOthers(kind, name) && lacks(kind, name))
        .map((name) => `${kind} ${name}`),
    ),
    ...VIEWS.flatMap((kind) =>
      names(expected, kind)
        .filter((name) => lacks(kind, name))
        .map((name) => `${kind.replace("-", " ")} ${name}`),
    ),
  ];
  if (gone.length === 0) return { missing: 0, notes: [] };
  const shown =
    gone.slice(0, NAMES_MAX).join(", ") +
    (gone.length > NAMES_MAX ? ` and ${gone.length - NAMES_MAX} more` : "");
  const note =
    "the target also lacks what the backup has outside the named tables, and which DROP … CASCADE takes " +
    `along: ${shown}; make them by hand (docs/formats.md, "Restore without Holdfast", has the three ` +
    "commands that print their statements: `pg_restore --schema-only`), or restore the whole";
  return { missing: gone.length, notes: [note] };
}

function names({ objects }: ContentRecord, kind: ObjectKind): string[] {
  return Object.keys(objects[kind] ?? {});
}
