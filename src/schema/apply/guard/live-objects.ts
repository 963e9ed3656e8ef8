import type { DatabaseSession } from "../../../ports/database.ts";
import type { Destroyed } from "../../script/destroys.ts";

/** A table of the live database that loses rows or values. */
export interface Losing {
  readonly schema: string;
  readonly name: string;
  readonly kind: "table" | "partitioned";
  /** Of a column: its name; undefined where rows go. */
  readonly column: string | undefined;
}

/**
 * Tables that are hit: by name, by their schema, or by a column of a type; then those that hang on them. A
 * name without a schema may be in any, because a script may set its own search path.
 */
const HIT = `
  WITH RECURSIVE hit AS (
    SELECT c.oid
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'holdfast')
       AND n.nspname !~ '^pg_(toast|temp)'
       AND CASE
         WHEN $1 = 'database' THEN $3 = pg_catalog.current_database()
         WHEN $1 = 'schema' THEN n.nspname = $3
         WHEN $1 = 'type' THEN EXISTS (
           SELECT
             FROM pg_catalog.pg_attribute a
             JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
             LEFT JOIN pg_catalog.pg_type e ON e.typarray = t.oid
            WHERE a.attrelid = c.oid AND NOT a.attisdropped AND $3 IN (t.typname, e.typname))
         WHEN $1 = 'extension' THEN EXISTS (
           SELECT
             FROM pg_catalog.pg_depend d
             JOIN pg_catalog.pg_extension x ON x.oid = d.refobjid AND x.extname = $3
             LEFT JOIN pg_catalog.pg_type t
               ON d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid IN (t.oid, t.typelem)
             LEFT JOIN pg_catalog.pg_attribute a
               ON a.atttypid = t.oid AND a.attrelid = c.oid AND NOT a.attisdropped
            WHERE d.deptype = 'e' AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
              AND (a.attrelid IS NOT NULL
                   OR d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid))
         ELSE c.relname = $3 AND ($2::text IS NULL OR n.nspname = $2)
       END
    UNION
    SELECT next.oid
      FROM hit
      JOIN LATERAL (
        SELECT i.inhrelid AS oid FROM pg_catalog.pg_inherits i WHERE i.inhparent = hit.oid
        UNION ALL
        SELECT k.conrelid
          FROM pg_catalog.pg_constraint k
         WHERE k.confrelid = hit.oid AND k.contype = 'f'
           AND ($4 OR ($1 = 'rows' AND k.confdeltype IN ('c', 'n', 'd')))
      ) next ON true
  )
  SELECT n.nspname AS schema, c.relname AS name, c.relkind = 'p' AS partitioned,
         pg_catalog.format_type(a.atttypid, a.atttypmod) AS type
    FROM hit
    JOIN pg_catalog.pg_class c ON c.oid = hit.oid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = $5 AND NOT a.attisdropped
   ORDER BY 1, 2
`;

interface Row {
  readonly schema: string;
  readonly name: string;
  readonly partitioned: boolean;
  readonly type: string | null;
}

/**
 * The tables that hold what is destroyed, as they are now; none where there is no such table, or where a new
 * type takes every value of the old one.
 */
export async function losingNow(
  session: DatabaseSession,
  { what, name, column, cascades, to }: Destroyed,
): Promise<readonly Losing[]> {
  const rows = await session.query<Row>(HIT, [
    what,
    name.length > 1 ? name.at(-2) : null,
    name.at(-1) ?? "",
    cascades === true,
    column ?? null,
  ]);
  return rows
    .filter(({ type }) => column === undefined || type !== null)
    .filter(({ type }) => what !== "values" || type === null || to === undefined || !takesAll(type, to))
    .map(({ schema, name: table, partitioned }) => ({
      schema,
      name: table,
      kind: partitioned ? "partitioned" : "table",
      column,
    }));
}

/** Types with those that take each of their values as it is. */
const WIDER: Readonly<Record<string, readonly string[]>> = {
  smallint: ["int4", "int8", "numeric"],
  integer: ["int8", "numeric"],
  bigint: ["numeric"],
  real: ["float8"],
  "character varying": ["text"],
  date: ["timestamp", "timestamptz"],
  cidr: ["inet"],
};

function takesAll(from: string, { type, modifiers }: NonNullable<Destroyed["to"]>): boolean {
  const [, base, length] = /^([^(]+)(?:\((\d+)\))?$/.exec(from) ?? [];
  if (base === undefined) return false;
  if (base === "character varying" && type === "varchar") {
    return modifiers.length === 0 || (length !== undefined && Number(length) <= modifiers[0]!);
  }
  return (
    modifiers.length === 0 &&
    (WIDER[base]?.includes(type) === true || (base === "text" && type === "varchar"))
  );
}
