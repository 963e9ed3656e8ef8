import { displayName, displayPart, unquoted } from "../../../postgres/display-name.ts";
import { fieldDigest, readDigests } from "../read/objects/field-digests.ts";
import type { ContentRecord, TableRecord } from "../record.ts";

/**
 * Columns whose type is not the source's any more. Rows that were put into them are the backup's as the new
 * type has them, and a hash goes by the type: whole numbers are then read as the source's type, which is
 * exact; of others nothing can be said where the hashes differ.
 */

/** As which type of the source's whole numbers are read that are of another one here. */
export type ReadAs = "int4" | "int8";

/** What a type is called, and so digested, at the source. */
const WHOLE: ReadonlyMap<string, ReadAs> = new Map(
  (
    [
      ["smallint", "int4"],
      ["integer", "int4"],
      ["bigint", "int8"],
    ] as const
  ).map(([name, as]) => [fieldDigest(name, false)!, as]),
);

type Record = Pick<ContentRecord, "objects" | "digests">;
type Column = (table: Pick<TableRecord, "schema" | "name">, column: string) => ReadAs | undefined;

/** The type as which a column's values were hashed at the source, where that was a whole number. */
export function recordedAs(source: Record): Column {
  const types = typesOf(source);
  return ({ schema, name }, column) => WHOLE.get(types.get(columnKey(schema, name, column)) ?? "");
}

/** Tells the columns of a table that are of another type in the copy than at the source. */
export function retypedColumns(source: Record, copy: Record): (table: TableRecord) => ReadonlySet<string> {
  const [before, now] = [typesOf(source), typesOf(copy)];
  return ({ schema, name, columns = [] }) =>
    new Set(
      columns
        .map(([column]) => column)
        .filter((column) => {
          const identity = columnKey(schema, name, column);
          const [was, is] = [before.get(identity), now.get(identity)];
          return was !== undefined && is !== undefined && was !== is;
        }),
    );
}

/** Whether a type, as the server prints it, is another one than the digested column's. */
export function isRetyped(digests: string, type: string): boolean {
  const was = readDigests(digests).get("type");
  return was !== undefined && was !== fieldDigest(type, false);
}

function columnKey(schema: string, table: string, column: string): string {
  return unquoted(`${displayName({ schema, name: table })}.${displayPart(column)}`);
}

/** Column → digest of its type. Digests 1 have none: theirs is one of the column's whole definition. */
function typesOf({ objects, digests }: Record): ReadonlyMap<string, string> {
  if (digests !== 2) return new Map();
  return new Map(
    Object.entries(objects.column ?? {}).flatMap(([identity, fields]) => {
      const type = readDigests(fields).get("type");
      return type === undefined ? [] : [[unquoted(identity), type]];
    }),
  );
}
