import type { DatabaseSession } from "../../../ports/database.ts";

/** A table of the target that is to get the backup's rows, as it is now. */
export interface LiveTable {
  readonly schema: string;
  readonly name: string;
  /** Object id, as text. */
  readonly oid: string;
  /** Both names as SQL has them. */
  readonly sql: string;
  /** Partitioned tables hold no rows themselves; pg_dump may load through them. */
  readonly kind: "table" | "partitioned" | "other";
  /** Whether the role has the rights of its owner. */
  readonly owned: boolean;
  /** Whether the role may put rows in. */
  readonly fillable: boolean;
  /** Whether row-level security would act on this role. */
  readonly hidesRows: boolean;
  /** The `WHERE …` of the rows an extension has marked for dumping; empty: all of them. */
  readonly condition: string;
  readonly columns: readonly LiveColumn[];
}

/** A column, its name quoted where SQL needs it. */
export interface LiveColumn {
  readonly quoted: string;
  /** As the server prints it. */
  readonly type: string;
  /** A row without a value for it is refused. */
  readonly required: boolean;
}

/** A table, however it was found. */
export interface NamedTable {
  readonly schema: string;
  readonly name: string;
}

/** Looks the tables up; those that do not exist are absent from the answer. */
export async function readLiveTables(
  session: DatabaseSession,
  tables: readonly NamedTable[],
): Promise<LiveTable[]> {
  return await session.query<LiveTable & object>(
    `
      SELECT n.nspname AS schema, c.relname AS name, c.oid::text AS oid,
             format('%I.%I', n.nspname, c.relname) AS sql,
             CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned' ELSE 'other' END AS kind,
             pg_has_role(c.relowner, 'USAGE') AS owned, pg_has_role(c.relowner, 'USAGE')
               OR (has_table_privilege(c.oid, 'INSERT')
                  AND has_table_privilege(c.oid, 'TRUNCATE, DELETE')) AS fillable,
             row_security_active(c.oid) AS "hidesRows",
             coalesce((SELECT x.extcondition[array_position(x.extconfig, c.oid)]
                         FROM pg_extension x
                        WHERE c.oid = ANY (x.extconfig)
                        LIMIT 1),
                      '') AS condition,
             (SELECT coalesce(json_agg(json_build_object(
               'quoted', quote_ident(a.attname), 'type', format_type(a.atttypid, a.atttypmod), 'required',
               a.attnotnull
               AND NOT a.atthasdef
               AND a.attidentity = ''
               AND t.typdefault IS NULL)),
                              '[]')
                FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
               WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
        FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS wanted(schema, name, place)
        JOIN pg_namespace n ON n.nspname = wanted.schema
        JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.name
       ORDER BY wanted.place
    `,
    [tables.map((table) => table.schema), tables.map((table) => table.name)],
  );
}

/**
 * The partitioned tables above the given ones through which rows may be loaded without reaching any other
 * table: those of which every partition is among the given ones.
 */
export async function readWholeTrees(
  session: DatabaseSession,
  leaves: readonly LiveTable[],
): Promise<NamedTable[]> {
  return await session.query<NamedTable & object>(
    `
      WITH RECURSIVE above AS (
        SELECT i.inhparent AS oid
          FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhparent AND c.relkind = 'p'
         WHERE i.inhrelid = ANY ($1::text[]::oid[])
        UNION SELECT i.inhparent FROM above JOIN pg_inherits i ON i.inhrelid = above.oid
      ), below AS (
        SELECT above.oid AS root, i.inhrelid AS oid FROM above JOIN pg_inherits i ON i.inhparent = above.oid
        UNION SELECT below.root, i.inhrelid FROM below JOIN pg_inherits i ON i.inhparent = below.oid
      )
      SELECT n.nspname AS schema, c.relname AS name
        FROM above JOIN pg_class c ON c.oid = above.oid JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE NOT EXISTS (SELECT FROM below JOIN pg_class leaf ON leaf.oid = below.oid
                          WHERE below.root = above.oid
                            AND leaf.relkind <> 'p'
                            AND leaf.oid <> ALL ($1::text[]::oid[]))
    `,
    [leaves.map((table) => table.oid)],
  );
}
