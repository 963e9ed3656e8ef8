import type { DatabaseSession } from "../../ports/database.ts";
import type { PreparedScript } from "../script/prepare.ts";
import { everyNode } from "../script/tree.ts";

/** What was seen of the tables that were there before a pair, as `schema.table`. */
export interface Touched {
  /** Those whose rows or definition the scripts may change, and sequences. */
  readonly tables: readonly string[];
  /** Those of them whose rows are written. */
  readonly written: readonly string[];
  /** Those that are read. */
  readonly read: readonly string[];
}

/** Tables that have to have rows too, so that what a pair does to rows shows. */
export interface Relatives {
  readonly names: readonly string[];
  readonly notes: readonly string[];
}

const NONE: Relatives = { names: [], notes: [] };
/** Of a table that everything points at not all are filled: each costs time. */
const CHILDREN_MAX = 60;

/**
 * Tables whose foreign keys point at these, each with the key's table; and so on where the key passes on what
 * happens to a row. The nearest first.
 */
const CHILDREN = `
  WITH RECURSIVE keys AS (
    SELECT conrelid AS child, confrelid AS parent,
           pg_catalog.bool_or(confdeltype IN ('c', 'n', 'd') OR confupdtype IN ('c', 'n', 'd')) AS passes
      FROM pg_catalog.pg_constraint
     WHERE contype = 'f' AND conparentid = 0 AND conrelid <> confrelid
     GROUP BY 1, 2),
  down AS (
    SELECT k.child, k.passes, 1 AS depth
      FROM keys k
     WHERE k.parent IN (SELECT pg_catalog.to_regclass(name)::pg_catalog.oid
                          FROM pg_catalog.unnest($1::pg_catalog.text[]) AS name)
    UNION SELECT k.child, k.passes, d.depth + 1
            FROM down d JOIN keys k ON k.parent = d.child
           WHERE d.passes AND d.depth < 8)
  SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name
    FROM down d
    JOIN pg_catalog.pg_class c ON c.oid = d.child
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p')
   GROUP BY 1
   ORDER BY pg_catalog.min(d.depth), 1
`;

/**
 * What a statement reads decides which rows it meets, and what points at a row goes with it, or holds it:
 * without rows there neither is seen. Only a pair that writes rows needs them.
 */
export async function relativesOf(
  session: DatabaseSession,
  { tables, written, read }: Touched,
  scripts: readonly PreparedScript[],
): Promise<Relatives> {
  // A loop over rows writes where there are some, and is seen to only then.
  if (written.length === 0 && !scripts.some(isOpaque)) return NONE;
  const here = new Set(tables);
  const found = scripts.some(mayRemove)
    ? await session.query<{ name: string }>(CHILDREN, [[...written]])
    : [];
  const children = found.map(({ name }) => name).filter((name) => !here.has(name));
  const left = children.length - CHILDREN_MAX;
  return {
    names: [...new Set([...read.filter((name) => !here.has(name)), ...children.slice(0, CHILDREN_MAX)])],
    notes:
      left <= 0
        ? []
        : [
            `${left} of ${children.length} tables that point at those that are changed got no rows, ` +
              `the first of them ${children[CHILDREN_MAX]!}: what becomes of their rows was not tried`,
          ],
  };
}

/** Statements that take a row away or give it another key, or of which nobody knows what they do. */
const REMOVING = new Set(["UpdateStmt", "DeleteStmt", "MergeStmt", "DoStmt", "CallStmt", "SelectStmt"]);

/** What is not written out in the file: its effects alone tell what it does. */
const OPAQUE = new Set(["DoStmt", "CallStmt", "SelectStmt"]);

/** Whether a script does what is not written out in it. */
export function isOpaque({ script }: PreparedScript): boolean {
  return script.statements.some(({ type }) => OPAQUE.has(type));
}

function mayRemove({ script }: PreparedScript): boolean {
  return script.statements.some(({ type, tree }) => {
    if (REMOVING.has(type)) return true;
    for (const { type: inner } of everyNode(tree)) {
      if (inner === "UpdateStmt" || inner === "DeleteStmt" || inner === "MergeStmt") return true;
    }
    return false;
  });
}

/** Tables that the session has a lock on, in its open transaction. */
const LOCKED = `
  SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name
    FROM pg_catalog.pg_locks l
    JOIN pg_catalog.pg_class c ON c.oid = l.relation
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE l.pid = pg_catalog.pg_backend_pid()
     AND l.locktype = 'relation'
     AND l.mode IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')
     AND l.database = (SELECT oid
                         FROM pg_catalog.pg_database
                        WHERE datname = pg_catalog.current_database())
     AND c.relkind IN ('r', 'p')
     AND c.relpersistence <> 't'
     AND n.nspname <> 'information_schema'
     AND n.nspname !~ '^pg_'
   GROUP BY 1
`;

/**
 * Tables that a script came to only now that others have rows: in a loop over them, in a trigger. To be asked
 * before the scripts, and after them.
 */
export async function lockedTables(session: DatabaseSession): Promise<ReadonlySet<string>> {
  return new Set((await session.query<{ name: string }>(LOCKED)).map(({ name }) => name));
}
