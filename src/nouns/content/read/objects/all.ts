import type { ObjectKind } from "../../record.ts";
import { COLLATION_CLASSES } from "./collations.ts";
import { FOREIGN_DATA_CLASSES } from "./foreign-data.ts";
import { FUNCTION_CLASSES } from "./functions.ts";
import { GRANT_CLASSES } from "./grants.ts";
import { INDEX_CLASSES } from "./indexes.ts";
import type { ObjectClass, ObjectField } from "./object-class.ts";
import { OPERATOR_CLASSES } from "./operators.ts";
import { REPLICATION_CLASSES } from "./replication.ts";
import { LARGE_OBJECT_CLASSES, SCHEMA_CLASSES, SEQUENCE_CLASSES } from "./schemas.ts";
import { TABLE_CLASSES } from "./tables.ts";
import { TEXT_SEARCH_CLASSES } from "./text-search.ts";
import { TRIGGER_CLASSES } from "./triggers.ts";
import { TYPE_CLASSES } from "./types.ts";
import { VIEW_CLASSES } from "./views.ts";

/** Every class of objects that is read by a query of its own. */
export const OBJECT_CLASSES: readonly ObjectClass[] = [
  ...SCHEMA_CLASSES,
  ...TABLE_CLASSES,
  ...SEQUENCE_CLASSES,
  ...INDEX_CLASSES,
  ...TRIGGER_CLASSES,
  ...VIEW_CLASSES,
  ...FUNCTION_CLASSES,
  ...TYPE_CLASSES,
  ...OPERATOR_CLASSES,
  ...COLLATION_CLASSES,
  ...TEXT_SEARCH_CLASSES,
  ...FOREIGN_DATA_CLASSES,
  ...REPLICATION_CLASSES,
  ...GRANT_CLASSES,
  ...LARGE_OBJECT_CLASSES,
];

type Described = Pick<ObjectField, "name" | "set" | "compared" | "since" | "whenSet">;

/** Classes that are read beside the others: what is said of objects. */
export const ATTACHED: Readonly<Partial<Record<ObjectKind, Described>>> = {
  owner: { name: "owner", set: "`OWNER TO`", compared: "always" },
  comment: { name: "text", set: "`COMMENT ON`", compared: "always" },
  "security-label": { name: "label", set: "`SECURITY LABEL`", compared: "always" },
};

const FIELDS = new Map<string, Described>([
  ...Object.entries(ATTACHED).map(([kind, field]) => [`${kind} ${field.name}`, field] as const),
  ...OBJECT_CLASSES.flatMap(({ kind, fields }) =>
    fields.map((field) => [`${kind} ${field.name}`, field] as const),
  ),
]);

/** What is known of a kind's field; undefined for one that a newer Holdfast wrote. */
export function fieldOf(kind: ObjectKind, name: string): Described | undefined {
  return FIELDS.get(`${kind} ${name}`);
}
