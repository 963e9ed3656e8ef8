import type { ObjectClass, ObjectField, ServerFacts } from "./object-class.ts";
import { textColumn } from "./server-text.ts";

/** A row of {@link objectQuery}; `f0`, `f1` … are the fields' texts in the order of {@link fieldsOn}. */
export interface ObjectRow extends Readonly<Record<string, string | null>> {
  /** `<catalog> <oid>`, where comments are attached. */
  readonly place: string | null;
  readonly identity: string;
  readonly owner: string | null;
}

/**
 * The fields that this server has.
 *
 * @param alike leave out what can only be said to servers of another major: of no use where both are of one
 */
export function fieldsOn(server: ServerFacts, objects: ObjectClass, alike = false): readonly ObjectField[] {
  const needed = ({ compared, inDefinition }: ObjectField): boolean =>
    compared !== "other-major" && inDefinition !== true;
  return objects.fields.filter(
    (field) => (field.since === undefined || field.since <= server.major) && (!alike || needed(field)),
  );
}

/** `?` where the role may not read it. */
const HIDDEN_FIELD = "'?'";

/** Reads these fields of the objects of one class; `$1`, `$2` are the scope. */
export function objectQuery(
  server: ServerFacts,
  objects: ObjectClass,
  read = fieldsOn(server, objects),
): string {
  const fields = read.map((field, at) => {
    const text = textColumn(server, field.sql);
    return `
      ${field.hidden === undefined ? text : `CASE WHEN ${field.hidden} THEN ${HIDDEN_FIELD} ELSE ${text} END`}
        AS f${at}
    `;
  });
  const place = objects.place === undefined ? "NULL" : `'${objects.place.catalog} ' || ${objects.place.oid}`;
  const columns = [
    `${place} AS place`,
    `${textColumn(server, objects.identity)} AS identity`,
    `${objects.owner === undefined ? "NULL" : textColumn(server, objects.owner)} AS owner`,
    ...fields,
  ];
  return `SELECT ${columns.join(",\n  ")}\n${objects.from}`;
}
