import { WHOLE_DATABASE } from "../../scope.ts";
import type { ObjectKind } from "../../record.ts";
import type { ServerFacts } from "./object-class.ts";
import { textColumn } from "./server-text.ts";

/** Something said of an object. */
export interface AttachmentRow {
  /** Before the object's name: the provider of a security label. */
  readonly prefix: string;
  /** `<catalog> <oid>` of the object; a composite type's is in `pg_type`, and not its relation's. */
  readonly place: string;
  /** The column it is said of. */
  readonly column: string | null;
  /** Object id of a large object, which has no place. */
  readonly large: string | null;
  readonly text: string;
}

/** One kind of thing that is said of objects. */
export interface Attachment {
  readonly kind: ObjectKind;
  readonly field: string;
  readonly sql: (server: ServerFacts) => string;
}

/**
 * Objects that came with the server have what it gives them. The schema `public` and languages may
 * have been changed.
 */
const OWN = "(d.objoid >= 16384 OR d.classoid = 'pg_namespace'::regclass)";

function attached(catalog: string, prefix: string, text: string): Attachment["sql"] {
  return (server) => `
    SELECT ${prefix} AS prefix,
           CASE WHEN c.relkind = 'c' THEN 'pg_type ' || c.reltype
                ELSE d.classoid::regclass || ' ' || d.objoid END AS place,
           ${textColumn(server, "quote_ident(a.attname)")} AS "column",
           CASE WHEN d.classoid = 'pg_largeobject'::regclass THEN d.objoid::text END AS large,
           ${textColumn(server, text)} AS text
      FROM ${catalog} d
      LEFT JOIN pg_class c ON d.classoid = 'pg_class'::regclass AND c.oid = d.objoid AND d.objsubid > 0
      LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid
     WHERE ${OWN}
       AND (d.classoid <> 'pg_largeobject'::regclass OR ${WHOLE_DATABASE})
       AND cardinality($2::text[]) >= 0
  `;
}

/** Comments and security labels of the objects found before; those of others are out of scope. */
export const ATTACHMENTS: readonly Attachment[] = [
  { kind: "comment", field: "text", sql: attached("pg_description", "''", "d.description") },
  {
    kind: "security-label",
    field: "label",
    sql: attached("pg_seclabel", "quote_ident(d.provider)", "d.label"),
  },
];
