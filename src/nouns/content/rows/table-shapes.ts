import type { DatabaseSession } from "../../../ports/database.ts";
import type { TableRecord } from "../record.ts";
import type { HashedColumn } from "./hashed-column.ts";

/** What must be known of a table to hash it. */
export interface HashedTable {
  readonly schema: string;
  readonly name: string;
  /** In the byte order of their names. */
  readonly columns: readonly HashedColumn[];
  /** Pages of the table itself, without what is stored out of line. */
  readonly blocks: number;
  /**
   * Can be read in ranges of pages: an ordinary heap, on a server that scans such ranges directly
   * (14 and later).
   */
  readonly divisible: boolean;
  /** Locks that a query of it takes: its own and those of its indexes, which the planner opens. */
  readonly locks: number;
  /** For an extension's configuration table: the `WHERE …` of the rows pg_dump takes; else empty. */
  readonly condition: string;
}

/**
 * Object ids below are given by initdb: only a superuser can add a cast to such a type, because a cast needs
 * the ownership of one of its two types (src/include/access/transam.h, FirstNormalObjectId).
 */
const FIRST_USER_OID = 16384;

interface ShapeRow {
  readonly place: number;
  readonly blocks: string;
  readonly divisible: boolean;
  readonly locks: number;
  readonly condition: string | null;
  readonly columns: HashedColumn[] | null;
}

/** Reads the shapes of the given tables, in their order; a table that is gone is left out. */
export async function readShapes(
  session: DatabaseSession,
  tables: readonly TableRecord[],
): Promise<HashedTable[]> {
  if (tables.length === 0) return [];
  const rows = await session.query<ShapeRow>(
    `
      WITH RECURSIVE base AS (
        SELECT t.oid, t.typbasetype, t.oid AS root FROM pg_type t WHERE t.typtype = 'd'
        UNION ALL
        SELECT t.oid, t.typbasetype, base.root FROM base JOIN pg_type t ON t.oid = base.typbasetype
      ), flat AS (
        SELECT root AS oid, oid AS base FROM base WHERE typbasetype = 0
      )
      SELECT wanted.place::int AS place,
             (pg_relation_size(c.oid) / current_setting('block_size')::int)::text AS blocks,
             current_setting('server_version_num')::int >= 140000 AND am.amname = 'heap' AS divisible,
             (SELECT x.extcondition[array_position(x.extconfig, c.oid)]
                FROM pg_extension x
               WHERE c.oid = ANY (x.extconfig)
               LIMIT 1) AS condition,
             (SELECT 1 + count(*) FROM pg_index i WHERE i.indrelid = c.oid)::int AS locks,
             (SELECT json_agg(json_build_object(
               'name', a.attname, 'type', t.oid::int8, 'foreign', t.oid >= ${FIRST_USER_OID}, 'enumerated',
               t.typtype = 'e'
               AND flat.oid IS NULL,
                       'generated',
                   CASE a.attgenerated
                        WHEN 's' THEN 'stored'
                        WHEN 'v' THEN 'virtual' END) ORDER BY a.attname COLLATE "C")
                FROM pg_attribute a
                LEFT JOIN flat ON flat.oid = a.atttypid
                JOIN pg_type t ON t.oid = coalesce(flat.base, a.atttypid)
               WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
        FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS wanted(schema, name, place)
        JOIN pg_namespace n ON n.nspname = wanted.schema
        JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.name
        LEFT JOIN pg_am am ON am.oid = c.relam
       ORDER BY wanted.place
    `,
    [tables.map((table) => table.schema), tables.map((table) => table.name)],
  );
  return rows.map((row) => {
    const table = tables[row.place - 1]!;
    const condition = row.condition ?? "";
    return {
      schema: table.schema,
      name: table.name,
      columns: row.columns ?? [],
      blocks: Number(row.blocks),
      divisible: row.divisible && condition === "",
      locks: row.locks,
      condition,
    };
  });
}
