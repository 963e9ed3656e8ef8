import { displayName, unquoted } from "../../../postgres/display-name.ts";
import type { ContentRecord, ObjectKind } from "../record.ts";

/** As {@link unquoted} has them: only for telling which objects belong to a table. */
export function missingTables(expected: ContentRecord, actual: ContentRecord): Set<string> {
  const names = (record: ContentRecord): string[] =>
    record.tables.map((table) => unquoted(displayName(table)));
  const present = new Set(names(actual));
  return new Set(names(expected).filter((name) => !present.has(name)));
}

/** Kinds whose identity begins with their table's. */
const OF_A_TABLE: ReadonlySet<ObjectKind> = new Set([
  "table",
  "column",
  "constraint",
  "trigger",
  "policy",
  "row-security",
  "rule",
]);

/** Whether an object is one of these tables, or is a part of one. */
export function isPartOf(kind: ObjectKind, identity: string, tables: ReadonlySet<string>): boolean {
  if (tables.size === 0) return false;
  const name = kind === "owner" || kind === "grant" ? identity.replace(/^(?:table|column) /, "") : identity;
  if (!OF_A_TABLE.has(kind) && name === identity) return false;
  const plain = unquoted(name);
  return [...tables].some((table) => plain === table || plain.startsWith(`${table}.`));
}

/** Kinds that a table has from those above it; their names begin with the table's. */
const INHERITED: ReadonlySet<ObjectKind> = new Set(["column", "constraint", "trigger"]);

/** A table that was made below one that was there before gets what that one has by now. */
export function isInherited(
  kind: ObjectKind,
  name: string,
  { objects }: Pick<ContentRecord, "objects">,
): boolean {
  if (!INHERITED.has(kind)) return false;
  const tables = Object.entries(objects.table ?? {});
  const below = tables.filter(([, fields]) => /(?:^| )parents=/.test(fields));
  return below.some(([table]) => name.startsWith(`${table}.`));
}
