import type { DatabaseSession } from "../../../ports/database.ts";

/** A table that can be given rows. */
export interface CanaryTable {
  /** `schema.table`, quoted where needed. */
  readonly name: string;
  readonly partitioned: boolean;
  readonly columns: readonly CanaryColumn[];
  /** CHECK constraints, as the server prints them. */
  readonly checks: readonly {
    readonly name: string;
    readonly definition: string;
    readonly columns: readonly string[];
  }[];
  /** Bounds of its partitions, and of itself where it is one; with the columns that decide. */
  readonly bounds: { readonly definition: string; readonly columns: readonly string[] } | undefined;
  /** Tables its foreign keys point at, itself left out. */
  readonly parents: readonly string[];
}

/** A column that is written. */
export interface CanaryColumn {
  readonly name: string;
  /** With its modifiers, as a cast takes it: `character varying(20)`, `app.mood`. */
  readonly type: string;
  readonly base: CanaryType;
  readonly notNull: boolean;
  readonly hasDefault: boolean;
  /** Its default, where that is a constant. */
  readonly constantDefault: string | undefined;
  /** Part of an index that is unique, or of a foreign key; of both it is `unique`. */
  readonly key: "unique" | "foreign" | undefined;
  /** The table that it points at, as part of a foreign key; of several one. */
  readonly pointsAt: string | undefined;
  /** The column there that it stands for. */
  readonly pointsAtColumn: string | undefined;
}

/** What kind of values a type has; domains are those of what they stand on. */
export interface CanaryType {
  /** As pg_type names it, such as `int4`; of an array its element's. */
  readonly name: string;
  readonly array: boolean;
  /**
   * `b`, `c`omposite, `e`num, `r`ange, `m`ultirange, …:
   * https://www.postgresql.org/docs/current/catalog-pg-type.html
   */
  readonly kind: string;
  /** Labels of an enum. */
  readonly labels: readonly string[];
  /** Type modifier, -1 without. */
  readonly modifier: number;
  /** Conditions of a domain, as the server prints them. */
  readonly conditions: readonly string[];
  /** Of a range the type of its bounds. */
  readonly subtype: string | undefined;
  /** Types of a composite's fields. */
  readonly fields: readonly string[];
}

interface Row {
  readonly table: string;
  readonly partitioned: boolean;
  readonly column: string;
  readonly type: string;
  readonly name: string;
  readonly array: boolean;
  readonly kind: string;
  readonly labels: string[];
  readonly modifier: number;
  readonly conditions: string[];
  readonly subtype: string | null;
  readonly fields: string[];
  readonly notNull: boolean;
  readonly hasDefault: boolean;
  readonly defaultExpression: string | null;
  readonly key: "unique" | "foreign" | null;
  readonly pointsAt: string | null;
  readonly pointsAtColumn: string | null;
}

/**
 * Domains are followed down to the type they stand on, conditions gathered on the way; an array's element
 * is looked at.
 */
const COLUMNS = `
  WITH RECURSIVE wanted AS (SELECT name, pg_catalog.to_regclass(name) AS oid
                              FROM pg_catalog.unnest($1::text[]) AS name),
  columns AS (
    SELECT w.name AS "table", c.oid AS relid, c.relkind = 'p' AS partitioned, a.attname::text AS "column",
           a.attnum, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
           a.attnotnull AS "notNull", a.atthasdef
             OR a.attidentity <> '' AS "hasDefault", a.atttypid AS typeid, a.atttypmod AS modifier
      FROM wanted w
      JOIN pg_catalog.pg_class c ON c.oid = w.oid
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
     WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND c.relkind IN ('r', 'p')),
  down AS (
    SELECT c.*, t.oid AS at, 0 AS depth, false AS "array"
      FROM columns c JOIN pg_catalog.pg_type t ON t.oid = c.typeid
    UNION ALL
    SELECT d."table", d.relid, d.partitioned, d."column", d.attnum, d.type, d."notNull"
             OR t.typtype = 'd' AND t.typnotnull AND NOT d."array", d."hasDefault", d.typeid,
           CASE WHEN t.typtypmod <> -1 THEN t.typtypmod ELSE d.modifier END,
           CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.typelem END, d.depth + 1,
           d."array" OR t.typtype <> 'd'
      FROM down d JOIN pg_catalog.pg_type t ON t.oid = d.at
     WHERE t.typtype = 'd'
        OR t.typcategory = 'A' AND t.typelem <> 0 AND t.typname NOT IN ('int2vector', 'oidvector')),
  base AS (SELECT DISTINCT ON ("table", attnum) * FROM down ORDER BY "table", attnum, depth DESC)
  SELECT b."table", b.partitioned, b."column", b.type, b."notNull", b."hasDefault", b.modifier,
         (SELECT pg_catalog.pg_get_expr(f.adbin, f.adrelid)
            FROM pg_catalog.pg_attrdef f
           WHERE f.adrelid = b.relid AND f.adnum = b.attnum) AS "defaultExpression",
         e.typname::text AS name, b."array", e.typtype::text AS kind,
         ARRAY(SELECT l.enumlabel::text
                 FROM pg_catalog.pg_enum l
                WHERE l.enumtypid = e.oid
                ORDER BY l.enumsortorder) AS labels,
         ARRAY(SELECT pg_catalog.pg_get_constraintdef(k.oid) FROM pg_catalog.pg_constraint k
                WHERE k.contypid IN (SELECT d.at
                                       FROM down d
                                      WHERE d."table" = b."table" AND d.attnum = b.attnum)) AS conditions,
         (SELECT s.typname::text FROM pg_catalog.pg_range r JOIN pg_catalog.pg_type s ON s.oid = r.rngsubtype
           WHERE r.rngtypid = e.oid
              OR (pg_catalog.to_jsonb(r.*) ->> 'rngmultitypid')::pg_catalog.oid = e.oid) AS subtype,
         ARRAY(SELECT f.typname::text
                 FROM pg_catalog.pg_attribute fa JOIN pg_catalog.pg_type f ON f.oid = fa.atttypid
                WHERE e.typtype = 'c' AND fa.attrelid = e.typrelid AND fa.attnum > 0 AND NOT fa.attisdropped
                ORDER BY fa.attnum) AS fields,
         CASE
           WHEN EXISTS (SELECT FROM pg_catalog.pg_index i
                         WHERE i.indrelid = b.relid
                           AND (i.indisunique OR i.indisexclusion)
                           AND b.attnum = ANY (i.indkey)) THEN 'unique'
           WHEN EXISTS (SELECT FROM pg_catalog.pg_constraint k
                         WHERE k.conrelid = b.relid
                           AND k.contype = 'f'
                           AND b.attnum = ANY (k.conkey)) THEN 'foreign'
         END AS key,
         (SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(p.relname)
            FROM pg_catalog.pg_constraint k
            JOIN pg_catalog.pg_class p ON p.oid = k.confrelid
            JOIN pg_catalog.pg_namespace n ON n.oid = p.relnamespace
           WHERE k.conrelid = b.relid AND k.contype = 'f' AND b.attnum = ANY (k.conkey)
           ORDER BY pg_catalog.cardinality(k.conkey), k.conname
           LIMIT 1) AS "pointsAt",
         (SELECT a.attname::text
            FROM pg_catalog.pg_constraint k
            JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid
                 AND a.attnum = k.confkey[pg_catalog.array_position(k.conkey, b.attnum)]
           WHERE k.conrelid = b.relid AND k.contype = 'f' AND b.attnum = ANY (k.conkey)
           ORDER BY pg_catalog.cardinality(k.conkey), k.conname
           LIMIT 1) AS "pointsAtColumn"
    FROM base b JOIN pg_catalog.pg_type e ON e.oid = b.at
   ORDER BY b."table", b.attnum
`;

const CHECKS = `
  SELECT w.name AS "table", k.conname::text AS name, pg_catalog.pg_get_constraintdef(k.oid) AS definition,
         ARRAY(SELECT a.attname::text
                 FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)) AS columns
    FROM (SELECT name, pg_catalog.to_regclass(name) AS oid FROM pg_catalog.unnest($1::text[]) AS name) w
    JOIN pg_catalog.pg_constraint k ON k.conrelid = w.oid AND k.contype = 'c'
   ORDER BY 1, 2
`;

const BOUNDS = `
  SELECT w.name AS "table",
         pg_catalog.string_agg(DISTINCT pg_catalog.pg_get_expr(m.relpartbound, m.oid), '; ') AS definition,
         pg_catalog.array_agg(DISTINCT a.attname::text) AS columns
    FROM (SELECT name, pg_catalog.to_regclass(name) AS oid FROM pg_catalog.unnest($1::text[]) AS name) w
   CROSS JOIN LATERAL (SELECT t.relid FROM pg_catalog.pg_partition_tree(w.oid) t
                       UNION SELECT relid
                               FROM pg_catalog.pg_partition_ancestors(w.oid) AS up(relid)) AS f(relid)
    JOIN pg_catalog.pg_class m ON m.oid = f.relid
    JOIN pg_catalog.pg_inherits i ON i.inhrelid = m.oid
    JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = i.inhparent
    JOIN pg_catalog.pg_attribute a ON a.attrelid = p.partrelid
         AND a.attnum = ANY (pg_catalog.string_to_array(p.partattrs::text, ' ')::pg_catalog.int2[])
   WHERE m.relispartition
   GROUP BY w.name
`;

const PARENTS = `
  WITH RECURSIVE up AS (
    SELECT pg_catalog.to_regclass(name)::oid AS child, k.confrelid AS parent
      FROM pg_catalog.unnest($1::text[]) AS name
      JOIN pg_catalog.pg_constraint k ON k.conrelid = pg_catalog.to_regclass(name) AND k.contype = 'f'
    UNION SELECT k.conrelid, k.confrelid
            FROM up JOIN pg_catalog.pg_constraint k ON k.conrelid = up.parent AND k.contype = 'f'
  )
  SELECT pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS child,
         pg_catalog.quote_ident(pn.nspname) || '.' || pg_catalog.quote_ident(p.relname) AS parent
    FROM up
    JOIN pg_catalog.pg_class c ON c.oid = up.child
    JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace
    JOIN pg_catalog.pg_class p ON p.oid = up.parent
    JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
   WHERE up.child <> up.parent
`;

/**
 * The tables with these names and those that their foreign keys need, parents first, with what can be
 * written into them.
 *
 * @param names `schema.table`, quoted where needed; one that does not exist is left out
 */
export async function canaryTables(
  session: DatabaseSession,
  names: readonly string[],
): Promise<readonly CanaryTable[]> {
  const links = await session.query<{ child: string; parent: string }>(PARENTS, [[...names]]);
  const all = [...new Set([...names, ...links.flatMap(({ child, parent }) => [child, parent])])];
  const rows = await session.query<Row>(COLUMNS, [all]);
  const checks = await session.query<{ table: string; name: string; definition: string; columns: string[] }>(
    CHECKS,
    [all],
  );
  const bounds = await session.query<{ table: string; definition: string; columns: string[] }>(BOUNDS, [all]);
  const found = new Map<string, CanaryTable>();
  for (const name of all) {
    const own = rows.filter(({ table }) => table === name);
    if (own.length === 0) continue;
    found.set(name, {
      name,
      partitioned: own[0]!.partitioned,
      columns: own.map(columnOf),
      checks: checks.filter(({ table }) => table === name),
      bounds: bounds.find(({ table }) => table === name),
      parents: links.filter(({ child }) => child === name).map(({ parent }) => parent),
    });
  }
  return parentsFirst(found);
}

function columnOf(row: Row): CanaryColumn {
  const {
    column,
    type,
    notNull,
    hasDefault,
    defaultExpression,
    name,
    array,
    kind,
    labels,
    modifier,
    conditions,
    subtype,
    fields,
    key,
    pointsAt,
    pointsAtColumn,
  } = row;
  return {
    name: column,
    type,
    notNull,
    hasDefault,
    constantDefault: constantIn(defaultExpression ?? ""),
    key: key ?? undefined,
    pointsAt: pointsAt ?? undefined,
    pointsAtColumn: pointsAtColumn ?? undefined,
    base: { name, array, kind, labels, modifier, conditions, subtype: subtype ?? undefined, fields },
  };
}

/** `'guest'::text` → `guest`, `42` → `42`: as the server prints a constant. */
function constantIn(expression: string): string | undefined {
  const [, text, bare] =
    /^(?:'((?:[^']|'')*)'(?:::[\w ."[\](),]+)?|(-?\d+(?:\.\d+)?|true|false))$/.exec(expression) ?? [];
  return bare ?? text?.replaceAll("''", "'");
}

/** Keys may run in circles; there the order is any. */
function parentsFirst(tables: ReadonlyMap<string, CanaryTable>): readonly CanaryTable[] {
  const ordered = new Map<string, CanaryTable>();
  const visit = (name: string, path: ReadonlySet<string>): void => {
    const table = tables.get(name);
    if (table === undefined || ordered.has(name) || path.has(name)) return;
    for (const parent of table.parents) visit(parent, new Set([...path, name]));
    ordered.set(name, table);
  };
  for (const name of tables.keys()) visit(name, new Set());
  return [...ordered.values()];
}
