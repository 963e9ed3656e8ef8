import { displayName } from "../../postgres/display-name.ts";
import { unquoted } from "../../postgres/display-name.ts";
import type { ContentRecord } from "./record.ts";

/**
 * To which of some extensions a sequence belongs. A record has the value of one that an extension has marked for dumping, and not its definition. Whose
 * it is it says where a marked table's column owns it; otherwise those are meant that have tables in its schema, and where none has, any may be (the
 * sequence from which `pg_cron` numbers its jobs is owned by no column).
 *
 * @returns none where the sequence is nobody's but the user's, or the record does not tell
 */
export function extensionsOfSequence(
  { tables, objects }: Pick<ContentRecord, "tables" | "objects">, sequence: { readonly schema: string; readonly name: string }, among: readonly string[],
): readonly string[] {
  const { schema, name } = sequence;
  const definitions = objects.sequence;
  const title = unquoted(displayName(sequence));
  if (definitions === undefined || Object.keys(definitions).some((identity) => unquoted(identity) === title)) return [];
  const owning = tables.find((table) => table.schema === schema && table.sequences?.includes(name) === true);
  if (owning !== undefined) return among.filter((extension) => extensionsOf(owning).includes(extension));
  const beside = new Set(tables.filter((table) => table.schema === schema && table.ofExtension === true).flatMap(extensionsOf));
  return beside.size === 0 ? among : among.filter((extension) => beside.has(extension));
}

/** An older record says of an extension's table only what it needs. */
export function extensionsOf({ extension, extensions = [] }: ContentRecord["tables"][number]): readonly string[] {
  return extension === undefined ? extensions : [extension];
}
