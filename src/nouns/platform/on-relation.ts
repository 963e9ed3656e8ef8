import type { ObjectKind } from "../content/record.ts";

/**
 * Kinds of a content record that stand on a relation, whose schema and name begin their identity: they are
 * whose the relation is.
 */
export const ON_RELATION: ReadonlySet<string> = new Set<ObjectKind>([
  "column",
  "constraint",
  "trigger",
  "policy",
  "rule",
  "row-security",
]);
