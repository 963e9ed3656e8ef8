import type { DatabaseSession } from "../../../ports/database.ts";
import type { ContentScope } from "../record.ts";
import { IN_SCOPE, notInExtension, scopeValues } from "../scope.ts";

/**
 * pg_dump makes a child table with `INHERITS`, and the server
 * then puts inherited columns first, in the order of the parents
 * (https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-PARMS-INHERITS). A child
 * whose columns stand otherwise, because it was made to inherit later or its parent got a column later, has
 * another order after a restore. No value is lost, and nothing but the order of columns tells; what relies on
 * it breaks. Partitions keep theirs.
 */

/** Warnings that a report holds; of more the number is told. */
const WARNINGS_MAX = 20;

/** Tables that inherit, and those that are inherited from, with their columns in order. */
const RELATIVES = `
  SELECT c.oid::int8::text AS oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name,
         c.relkind IN ('r', 'f')
           AND ${IN_SCOPE}
           AND ${notInExtension("pg_class", "c.oid")} AS dumped,
         ARRAY(SELECT i.inhparent::int8::text
                 FROM pg_inherits i
                WHERE i.inhrelid = c.oid AND NOT c.relispartition
                ORDER BY i.inhseqno) AS parents,
         ARRAY(SELECT quote_ident(a.attname)
                 FROM pg_attribute a
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                ORDER BY a.attnum) AS columns
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.oid IN (SELECT unnest(ARRAY[i.inhrelid, i.inhparent])
                     FROM pg_inherits i JOIN pg_class child ON child.oid = i.inhrelid
                    WHERE child.relkind IN ('r', 'f') AND NOT child.relispartition)
   ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
`;

interface Relative {
  readonly oid: string;
  readonly name: string;
  /** The dump makes it. */
  readonly dumped: boolean;
  readonly parents: readonly string[];
  readonly columns: readonly string[];
}

/** One sentence for every table whose columns stand in another order after a restore. */
export async function columnOrderWarnings(session: DatabaseSession, scope: ContentScope): Promise<string[]> {
  const relatives = await session.query<Relative & Record<string, unknown>>(RELATIVES, scopeValues(scope));
  const byOid = new Map(relatives.map((relative) => [relative.oid, relative]));
  const known = new Map<string, readonly string[]>();
  const moved = relatives.flatMap((relative) => {
    const restored = restoredOrder(relative, byOid, known);
    return restored.join() === relative.columns.join() ? [] : [warningOf(relative, restored)];
  });
  if (moved.length <= WARNINGS_MAX) return moved;
  return [
    ...moved.slice(0, WARNINGS_MAX),
    `${moved.length - WARNINGS_MAX} more tables that inherit have their columns in another order ` +
      "after a restore",
  ];
}

/** Parents have been made before, and may have had to change their order too. */
function restoredOrder(
  relative: Relative,
  byOid: ReadonlyMap<string, Relative>,
  known: Map<string, readonly string[]>,
): readonly string[] {
  if (!relative.dumped) return relative.columns;
  const found = known.get(relative.oid);
  if (found !== undefined) return found;
  const parents = relative.parents.map((oid) => byOid.get(oid)).filter((parent) => parent !== undefined);
  const own = new Set(relative.columns);
  const inherited = parents
    .flatMap((parent) => restoredOrder(parent, byOid, known))
    .filter((name) => own.has(name));
  const order = [...new Set([...inherited, ...relative.columns])];
  known.set(relative.oid, order);
  return order;
}

function warningOf({ name, columns }: Relative, restored: readonly string[]): string {
  const first = columns.findIndex((column, at) => column !== restored[at]);
  return (
    `table ${name} inherits, and a restore puts inherited columns first: ` +
    `column ${first + 1} is ${columns[first]} here and ${restored[first]} after a restore; whatever relies ` +
    "on the order of its columns, such as INSERT or COPY without column names, has to name them"
  );
}
