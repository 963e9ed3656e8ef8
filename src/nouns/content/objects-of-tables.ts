import type { ContentRecord, ObjectKind, TableRecord } from "./record.ts";

/** Kinds whose identity is a table's, and those that begin with it. */
const ON_A_TABLE: ReadonlySet<string> = new Set([
  "table",
  "row-security",
  "column",
  "constraint",
  "trigger",
  "policy",
  "rule",
]);
/** Kinds of which the record of a table names its own. */
type Listed = "index" | "sequence" | "statistics";
/** Kinds that stand beside an object, whose kind begins their identity. */
const BESIDE: ReadonlySet<ObjectKind> = new Set(["grant", "owner", "comment"]);

/**
 * Tells which objects belong to some of the source's tables: what is on them, their indexes, sequences and
 * statistics, and whose all that is.
 *
 * @param sequences that are wanted besides those of the tables
 */
export function belongingTo(
  source: ContentRecord,
  wanted: (table: TableRecord) => boolean,
  sequences: readonly Pick<TableRecord, "schema" | "name">[] = [],
): (kind: ObjectKind, identity: string) => boolean {
  const tables = source.tables.filter(wanted);
  const names = new Set(tables.map(({ schema, name }) => key(schema, name)));
  const inItsSchema = (list: "indexes" | "sequences"): Set<string> =>
    new Set(tables.flatMap((table) => (table[list] ?? []).map((name) => key(table.schema, name))));
  const others: Readonly<Record<Listed, ReadonlySet<string>>> = {
    index: inItsSchema("indexes"),
    sequence: new Set([
      ...inItsSchema("sequences"),
      ...sequences.map(({ schema, name }) => key(schema, name)),
    ]),
    statistics: new Set(
      tables.flatMap((table) => (table.statistics ?? []).map(([schema, name]) => key(schema, name))),
    ),
  };
  const belongs = (kind: string, identity: string): boolean => {
    const [schema = "", name = ""] = namesIn(identity);
    if (ON_A_TABLE.has(kind)) return names.has(key(schema, name));
    return Object.hasOwn(others, kind) && others[kind as Listed].has(key(schema, name));
  };
  return (kind, identity) => {
    if (!BESIDE.has(kind)) return belongs(kind, identity);
    const [object = ""] = identity.split(" ", 1);
    return belongs(object, identity.slice(object.length + 1));
  };
}

function key(schema: string, name: string): string {
  return JSON.stringify([schema, name]);
}

/** The names of a dotted identity, without the quotes that SQL needs. */
function namesIn(identity: string): string[] {
  const parts = identity.match(/"(?:[^"]|"")*"|[^."]+/g) ?? [];
  return parts.map((part) => (part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part));
}
