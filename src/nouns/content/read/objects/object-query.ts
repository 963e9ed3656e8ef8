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
  return objects.fields.filter(
    ({ since, compared }) =>
      (since === undefined || since <= server.major) && !(alike && compared === "other-major"),
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
    const readable =
      field.hidden === undefined ? text : `CASE WHEN ${field.hidden} THEN ${HIDDEN_FIELD} ELSE ${text} END`;
    return `${readable} AS f${at}`;
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
