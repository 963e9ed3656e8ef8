import type { DatabaseSession } from "../../../../ports/database.ts";

/** A column of a table at the target. */
export interface ColumnShape {
  readonly name: string;
  /** As SQL has it. */
  readonly type: string;
  /** The server computes it and nobody may write it. */
  readonly generated: boolean;
  /** It has to be given: NOT NULL, and the server puts nothing in. */
  readonly demanded: boolean;
}

/** A rule by which no two rows may be alike. */
export interface UniqueShape {
  readonly name: string;
  readonly primary: boolean;
  /** Columns and expressions, as SQL has them. */
  readonly keys: readonly string[];
  /** Condition on the rows that it is about; `true` where it is about all. */
  readonly where: string;
  /** Columns that its keys and its condition read. */
  readonly reads: readonly string[];
  /**
   * Of these, columns that are keys themselves and may be NULL: a row without a value in one stands
   * in nobody's way.
   */
  readonly emptiable: readonly string[];
  /**
   * Nothing but the server's own functions, operators and types is in it: to evaluate it calls nothing
   * that people wrote.
   */
  readonly builtin: boolean;
  /** Two rows without a value are alike (`NULLS NOT DISTINCT`). */
  readonly nullsAlike: boolean;
}

/** A foreign key of a table. */
export interface ReferenceShape {
  readonly name: string;
  readonly columns: readonly string[];
  /** Schema and name of the table that is referred to. */
  readonly parent: readonly [schema: string, name: string];
  readonly parentColumns: readonly string[];
}

/** A condition that the table asks of every row that is written. */
export interface CheckShape {
  readonly name: string;
  /** As SQL has it. */
  readonly condition: string;
  /** Columns that it reads. */
  readonly reads: readonly string[];
  /**
   * Nothing but the server's own functions and operators is in it: to evaluate it calls nothing
   * that people wrote.
   */
  readonly builtin: boolean;
}

/** A table at the target that gets rows beside those it has. */
export interface TableShape {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly ColumnShape[];
  readonly uniques: readonly UniqueShape[];
  readonly references: readonly ReferenceShape[];
  readonly checks: readonly CheckShape[];
  /** Triggers that would act on rows that are put in or changed, by name. */
  readonly triggers: readonly string[];
  /** Sequences that its columns take their values from, as SQL has them. */
  readonly sequences: readonly string[];
}

/** What is known of those tables that the target has. Asked for together: a server may be far away. */
export async function readTableShapes(
  session: DatabaseSession,
  tables: readonly { readonly schema: string; readonly name: string }[],
): Promise<readonly TableShape[]> {
  if (tables.length === 0) return [];
  return await session.query<TableShape>(SHAPE, [
    tables.map(({ schema }) => schema),
    tables.map(({ name }) => name),
  ]);
}

const NAMES = (numbers: string, relation: string): string => `
  (SELECT json_agg(a.attname ORDER BY u.place) FROM unnest(${numbers}) WITH ORDINALITY AS u(num, place)
    JOIN pg_attribute a ON a.attrelid = ${relation} AND a.attnum = u.num)
`;

const COLUMNS = `
  SELECT json_agg(json_build_object(
    'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'generated', a.attgenerated <> '',
    'demanded', a.attnotnull
    AND NOT a.atthasdef
    AND a.attidentity = ''
    AND a.attgenerated = '') ORDER BY a.attnum)
    FROM pg_attribute a
   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
`;

/**
 * The server keeps no note of what needs its own objects, so whatever is noted beside columns is not
 * one of them.
 */
const BUILTIN = `
  NOT EXISTS (SELECT FROM pg_depend d
               WHERE d.classid = 'pg_class'::regclass
                 AND d.objid = i.indexrelid
                 AND d.refclassid NOT IN ('pg_class'::regclass, 'pg_constraint'::regclass,
                                          'pg_collation'::regclass, 'pg_extension'::regclass))
    AND NOT EXISTS (SELECT FROM pg_attribute a
                      JOIN pg_type y ON y.oid = a.atttypid
                      JOIN pg_namespace yn ON yn.oid = y.typnamespace
                     WHERE a.attrelid = c.oid
                       AND a.attnum = ANY (i.indkey)
                       AND yn.nspname <> 'pg_catalog'
                       AND y.typtype <> 'e')
`;

/** What an index reads is what it depends on: its columns, and those of its expressions and condition. */
const UNIQUES = `
  SELECT coalesce(json_agg(json_build_object('name',
                                             x.relname,
                                             'primary',
                                             i.indisprimary,
                                             'keys',
                                             (SELECT json_agg(pg_get_indexdef(i.indexrelid, n::int,
                                                                              false) ORDER BY n)
                                                FROM generate_series(1, i.indnkeyatts) AS n),
                                             'where',
                                             coalesce(pg_get_expr(i.indpred, i.indrelid), 'true'),
                                             'reads',
                                             (SELECT coalesce(json_agg(DISTINCT a.attname), '[]')
                                                FROM pg_attribute a
                                               WHERE a.attrelid = c.oid
                                                 AND a.attnum > 0
                                                 AND (a.attnum = ANY (i.indkey)
                                                      OR EXISTS (
                                                                 SELECT FROM pg_depend d
                                                                  WHERE d.classid = 'pg_class'::regclass
                                                                    AND d.objid = i.indexrelid
                                                                    AND d.refclassid = 'pg_class'::regclass
                                                                    AND d.refobjid = c.oid
                                                                    AND d.refobjsubid = a.attnum))),
                                             'emptiable',
                                             (SELECT coalesce(json_agg(a.attname ORDER BY a.attnum), '[]')
                                                FROM pg_attribute a
                                               WHERE a.attrelid = c.oid
                                                 AND a.attnum > 0
                                                 AND NOT a.attnotnull
                                                 AND a.attgenerated = ''
                                                 AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts -
                                                                                        1])),
                                             'builtin',
                                             ${BUILTIN},
                                             'nullsAlike',
                                             coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::bool,
                                                      false)) ORDER BY NOT i.indisprimary,
                           x.relname),
                  '[]')
    FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
   WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid
`;

const REFERENCES = `
  SELECT coalesce(json_agg(json_build_object('name', k.conname, 'columns', ${NAMES("k.conkey", "k.conrelid")},
                                             'parent', json_build_array(
                                               pn.nspname, p.relname), 'parentColumns',
                                             ${NAMES("k.confkey", "k.confrelid")}) ORDER BY k.conname),
                  '[]')
    FROM pg_constraint k
    JOIN pg_class p ON p.oid = k.confrelid
    JOIN pg_namespace pn ON pn.oid = p.relnamespace
   WHERE k.conrelid = c.oid AND k.contype = 'f'
`;

/** The server keeps no note of what needs its own objects; an enum's type calls nothing. */
const CHECKS = `
  SELECT coalesce(json_agg(json_build_object('name',
                                             k.conname,
                                             'condition',
                                             pg_get_expr(k.conbin, k.conrelid),
                                             'reads',
                                             coalesce(${NAMES("k.conkey", "k.conrelid")}, '[]'),
                                             'builtin',
                                             NOT EXISTS (SELECT FROM pg_depend d
                                                          WHERE d.classid = 'pg_constraint'::regclass
                                                            AND d.objid = k.oid
                                                            AND d.refclassid NOT IN ('pg_class'::regclass,
                                                                                     'pg_collation'::regclass)
                                                            AND NOT (d.refclassid = 'pg_type'::regclass
                                                                     AND EXISTS (SELECT FROM pg_type y
                                                                                  WHERE y.oid = d.refobjid
                                                                                    AND y.typtype = 'e'))))
                           ORDER BY k.conname),
                  '[]')
    FROM pg_constraint k
   WHERE k.conrelid = c.oid AND k.contype = 'c'
`;

/** Bits 2 and 4 of a trigger's type: INSERT and UPDATE (src/include/catalog/pg_trigger.h). */
const TRIGGERS = `
  SELECT coalesce(json_agg(t.tgname ORDER BY t.tgname), '[]') FROM pg_trigger t
   WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 20 <> 0
`;

const SEQUENCES = `
  SELECT coalesce(json_agg(format('%I.%I', sn.nspname, s.relname)), '[]')
    FROM pg_depend d
    JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
    JOIN pg_namespace sn ON sn.oid = s.relnamespace
   WHERE d.classid = 'pg_class'::regclass
     AND d.refclassid = 'pg_class'::regclass
     AND d.refobjid = c.oid
     AND d.deptype IN ('a', 'i')
`;

const SHAPE = `
  SELECT n.nspname::text AS schema, c.relname::text AS name, (${COLUMNS}) AS columns, (${UNIQUES}) AS uniques,
         (${REFERENCES}) AS "references", (${CHECKS}) AS checks, (${TRIGGERS}) AS triggers,
         (${SEQUENCES}) AS sequences
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE (n.nspname::text, c.relname::text) IN (SELECT * FROM unnest($1::text[], $2::text[]))
     AND c.relkind IN ('r', 'p')
`;
