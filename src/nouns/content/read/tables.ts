import type { DatabaseSession } from "../../../ports/database.ts";
import type { ContentScope, TableRecord } from "../record.ts";
import { IN_SCOPE, isExtensionConfig, notInExtension, scopeValues } from "../scope.ts";

interface TableRow {
  readonly relation: string;
  readonly schema: string;
  readonly name: string;
  readonly relkind: "r" | "p" | "m" | "f";
  readonly owner: string;
  readonly bytes: string;
  readonly populated: boolean;
  readonly extension: string | null;
  readonly computed: string[] | null;
}

const KINDS = { r: "table", p: "partitioned", m: "matview", f: "foreign" } as const;

/**
 * Table → extensions behind it: of its columns' types (elements of arrays too), its defaults and its indexes,
 * and the extension whose configuration it holds.
 */
const EXTENSIONS = `
  WITH member AS (
    SELECT classid, objid, refobjid AS extension
      FROM pg_depend
     WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
  ), needs AS (
    SELECT d.objid AS relation, d.refclassid AS class, d.refobjid AS object
      FROM pg_depend d
     WHERE d.classid = 'pg_class'::regclass
    UNION ALL
    SELECT a.attrelid, 'pg_type'::regclass, t.typelem
      FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
     WHERE t.typelem <> 0
    UNION ALL
    SELECT f.adrelid, d.refclassid, d.refobjid
      FROM pg_attrdef f JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid
    UNION ALL
    SELECT i.indrelid, d.refclassid, d.refobjid
      FROM pg_index i JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
  )
  SELECT found.relation::int8::text AS relation,
         array_agg(DISTINCT x.extname::text ORDER BY x.extname::text) AS names
    FROM (
      SELECT needs.relation, member.extension
        FROM needs JOIN member ON member.classid = needs.class AND member.objid = needs.object
      UNION
      SELECT unnest(extconfig), oid FROM pg_extension
    ) AS found JOIN pg_extension x ON x.oid = found.extension
   GROUP BY found.relation
`;

/** Table → names of its indexes, which share its schema. */
const INDEXES = `
  SELECT i.indrelid::int8::text AS relation,
         array_agg(x.relname::text ORDER BY x.relname COLLATE "C") AS names
    FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
   GROUP BY i.indrelid
`;

/**
 * Table → names (or ids) of the sequences that its columns own (serial, identity) and that share its schema.
 */
const sequencesAs = (column: string): string => `
  SELECT d.refobjid::int8::text AS relation, array_agg(${column} ORDER BY s.relname COLLATE "C") AS names
    FROM pg_depend d
    JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
    JOIN pg_class c ON c.oid = d.refobjid AND c.relnamespace = s.relnamespace
   WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
   GROUP BY d.refobjid
`;

/** Table → schema and name of the extended statistics on it. */
const STATISTICS = `
  SELECT s.stxrelid::int8::text AS relation,
         json_agg(json_build_array(n.nspname, s.stxname) ORDER BY n.nspname COLLATE "C",
                  s.stxname COLLATE "C") AS names
    FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace
   GROUP BY s.stxrelid
`;

/**
 * Partition → the partitioned table at the top of its tree, where pg_dump loads rows through that: below a
 * hash partitioning of an enum, whose hash is of its label's object id, which is another one after a restore.
 * Asked as pg_dump asks it (getPartitioningInfo in src/bin/pg_dump/pg_dump.c).
 */
const TREES = `
  WITH RECURSIVE moving AS (
    SELECT partrelid AS parent
      FROM pg_partitioned_table
     WHERE (SELECT o.oid
              FROM pg_opclass o JOIN pg_am m ON m.oid = o.opcmethod
             WHERE o.opcname = 'enum_ops'
               AND o.opcnamespace = 'pg_catalog'::regnamespace
               AND m.amname = 'hash') = ANY (partclass)
  ), above AS (
    SELECT i.inhrelid AS relation, i.inhparent AS parent, i.inhparent IN (SELECT parent FROM moving) AS moves
      FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE c.relispartition
    UNION ALL SELECT above.relation, i.inhparent, above.moves OR i.inhparent IN (SELECT parent FROM moving)
                FROM above
                JOIN pg_class c ON c.oid = above.parent AND c.relispartition
                JOIN pg_inherits i ON i.inhrelid = c.oid
  )
  SELECT above.relation::int8::text AS relation, ARRAY[n.nspname::text, c.relname::text] AS names
    FROM above
    JOIN pg_class c ON c.oid = above.parent AND NOT c.relispartition
    JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE above.moves
`;

/**
 * Every relation that holds rows, or whose partitions do, in the order of schema and name. Rows and
 * fingerprints are still null.
 */
export async function listTables(session: DatabaseSession, scope: ContentScope): Promise<TableRecord[]> {
  const extensions = await namesByTable(session, EXTENSIONS);
  const indexes = await namesByTable(session, INDEXES);
  const trees = await namesByTable(session, TREES);
  const sequences = await namesByTable(session, sequencesAs("s.relname::text"));
  const sequenceOids = await namesByTable(session, sequencesAs("s.oid::int8::text"));
  const statistics = await namesByTable<[string, string]>(session, STATISTICS);
  const rows = await session.query<TableRow>(
    `
      SELECT c.oid::int8::text AS relation, n.nspname AS schema, c.relname AS name, c.relkind,
             pg_get_userbyid(c.relowner) AS owner, c.relispopulated AS populated,
             (SELECT x.extname
                FROM pg_depend d JOIN pg_extension x ON x.oid = d.refobjid
               WHERE d.classid = 'pg_class'::regclass
                 AND d.objid = c.oid
                 AND d.refclassid = 'pg_extension'::regclass
                 AND d.deptype = 'e') AS extension,
             (SELECT array_agg(a.attname::text ORDER BY a.attname COLLATE "C")
                FROM pg_attribute a
               WHERE a.attrelid = c.oid
                 AND a.attnum > 0
                 AND a.attgenerated = 's'
                 AND NOT a.attisdropped) AS computed,
             CASE WHEN c.relkind IN ('r', 'm') THEN pg_table_size(c.oid) ELSE 0 END AS bytes
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p', 'm', 'f')
         AND ${IN_SCOPE}
         AND (${notInExtension("pg_class", "c.oid")} OR ${isExtensionConfig("c.oid")})
       ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
    `,
    scopeValues(scope),
  );
  return rows.map((row) => ({
    schema: row.schema,
    name: row.name,
    oid: row.relation,
    kind: KINDS[row.relkind],
    owner: row.owner,
    rows: null,
    fingerprint: null,
    // Null while another session drops the table.
    bytes: Number(row.bytes ?? 0),
    ...(row.relkind === "m" ? { populated: row.populated } : {}),
    ...(row.extension === null ? {} : { ofExtension: true, extension: row.extension }),
    ...given("extensions", extensions.get(row.relation)),
    ...given("indexes", indexes.get(row.relation)),
    ...given("sequences", sequences.get(row.relation)),
    ...given("computed", row.computed ?? undefined),
    ...treeOf(trees.get(row.relation)),
    ...given("sequenceOids", sequenceOids.get(row.relation)),
    ...given("statistics", statistics.get(row.relation)),
  }));
}

/**
 * One query for all tables: asked for each table alone, the dependency catalog would be read as often as
 * there are tables.
 */
async function namesByTable<Name = string>(
  session: DatabaseSession,
  sql: string,
): Promise<Map<string, Name[]>> {
  const rows = await session.query<{ relation: string; names: Name[] }>(sql);
  return new Map(rows.map((row) => [row.relation, row.names]));
}

function given<Key extends string, Name>(key: Key, names: Name[] | undefined): { [K in Key]?: Name[] } {
  return names === undefined ? {} : ({ [key]: names } as { [K in Key]?: Name[] });
}

function treeOf(names: string[] | undefined): Pick<TableRecord, "tree"> {
  return names === undefined ? {} : { tree: { schema: names[0]!, name: names[1]! } };
}
