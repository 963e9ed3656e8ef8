import { displayName, unquoted } from "../../../postgres/display-name.ts";
import type { ContentRecord } from "../record.ts";

/** Makes no sequence, and is everywhere. */
const WITHOUT_SEQUENCES = "plpgsql";

/**
 * To which extension of the source a sequence belongs. A record has the value of one that an extension has
 * marked for dumping, and not its definition. Whose it is stands among what objects need; an older record
 * says it only where a marked table's column owns the sequence, and may otherwise mean several: those that
 * have tables in its schema or were made there, and where none is, any (the sequence from which `pg_cron`
 * numbers its jobs is owned by no column).
 *
 * Asked among all of the source's and not only those that are missing somewhere: else another one's sequence
 * is taken for theirs.
 *
 * @returns more than one where any of them may be; none where the sequence is nobody's but the user's, or the
 *   record does not tell
 */
export function extensionsOfSequence(
  source: Pick<ContentRecord, "tables" | "objects" | "extensions" | "objectExtensions">,
  sequence: { readonly schema: string; readonly name: string },
): readonly string[] {
  const { tables, objects, extensions, objectExtensions = {} } = source;
  const { schema, name } = sequence;
  const definitions = objects.sequence;
  const title = displayName(sequence);
  if (
    definitions === undefined ||
    Object.keys(definitions).some((identity) => unquoted(identity) === unquoted(title))
  ) {
    return [];
  }
  const recorded = Object.hasOwn(objectExtensions, `sequence ${title}`)
    ? objectExtensions[`sequence ${title}`]!
    : [];
  if (recorded.length > 0) return recorded;
  const owning = tables.find((table) => table.schema === schema && table.sequences?.includes(name) === true);
  if (owning !== undefined) return extensionsOf(owning);
  const beside = new Set([
    ...tables.filter((table) => table.schema === schema && table.ofExtension === true).flatMap(extensionsOf),
    ...extensions.filter((extension) => extension.schema === schema).map((extension) => extension.name),
  ]);
  const all = extensions
    .map((extension) => extension.name)
    .filter((extension) => extension !== WITHOUT_SEQUENCES);
  return beside.size === 0 ? all : all.filter((extension) => beside.has(extension));
}

/** An older record says of an extension's table only what it needs. */
export function extensionsOf({
  extension,
  extensions = [],
}: ContentRecord["tables"][number]): readonly string[] {
  return extension === undefined ? extensions : [extension];
}
