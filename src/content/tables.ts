import type { DatabaseSession } from "../ports/database.ts";
import type { ContentScope, TableRecord } from "./record.ts";
import { IN_SCOPE, isExtensionConfig, notInExtension, scopeValues } from "./scope.ts";

interface TableRow {
  readonly relation: string;
  readonly schema: string;
  readonly name: string;
  readonly relkind: "r" | "p" | "m" | "f";
  readonly owner: string;
  readonly bytes: string;
  readonly populated: boolean;
  readonly ofExtension: boolean;
}

const KINDS = { r: "table", p: "partitioned", m: "matview", f: "foreign" } as const;

/**
 * Table → extensions behind it: of its columns' types (elements of arrays too), its defaults and its indexes, and the extension whose
 * configuration it holds.
 */
const EXTENSIONS = `
  WITH member AS (
    SELECT classid, objid, refobjid AS extension FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
  ), needs AS (
    SELECT d.objid AS relation, d.refclassid AS class, d.refobjid AS object FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
    UNION ALL
    SELECT a.attrelid, 'pg_type'::regclass, t.typelem FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE t.typelem <> 0
    UNION ALL
    SELECT f.adrelid, d.refclassid, d.refobjid FROM pg_attrdef f JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid
    UNION ALL
    SELECT i.indrelid, d.refclassid, d.refobjid FROM pg_index i JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
  )
  SELECT found.relation::int8::text AS relation, array_agg(DISTINCT x.extname::text ORDER BY x.extname::text) AS names
    FROM (
      SELECT needs.relation, member.extension FROM needs JOIN member ON member.classid = needs.class AND member.objid = needs.object
      UNION
      SELECT unnest(extconfig), oid FROM pg_extension
    ) AS found JOIN pg_extension x ON x.oid = found.extension
   GROUP BY found.relation`;

/** Table → names of its indexes, which share its schema. */
const INDEXES = `
  SELECT i.indrelid::int8::text AS relation, array_agg(x.relname::text ORDER BY x.relname COLLATE "C") AS names
    FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid GROUP BY i.indrelid`;

/** Table → names of the sequences that its columns own (serial, identity) and that share its schema. */
const SEQUENCES = `
  SELECT d.refobjid::int8::text AS relation, array_agg(s.relname::text ORDER BY s.relname COLLATE "C") AS names
    FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_class c ON c.oid = d.refobjid AND c.relnamespace = s.relnamespace
   WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') GROUP BY d.refobjid`;

/**
 * Every relation that holds rows, or whose partitions do, in the order of schema and name. Rows and fingerprints are still null.
 */
export async function listTables(session: DatabaseSession, scope: ContentScope): Promise<TableRecord[]> {
  const extensions = await namesByTable(session, EXTENSIONS);
  const indexes = await namesByTable(session, INDEXES);
  const sequences = await namesByTable(session, SEQUENCES);
  const rows = await session.query<TableRow>(
    `SELECT c.oid::int8::text AS relation, n.nspname AS schema, c.relname AS name, c.relkind, pg_get_userbyid(c.relowner) AS owner, c.relispopulated AS populated,
            NOT ${notInExtension("pg_class", "c.oid")} AS "ofExtension",
            CASE WHEN c.relkind IN ('r', 'm') THEN pg_table_size(c.oid) ELSE 0 END AS bytes
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'm', 'f') AND ${IN_SCOPE}
        AND (${notInExtension("pg_class", "c.oid")} OR ${isExtensionConfig("c.oid")})
      ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`,
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
    ...(row.ofExtension ? { ofExtension: true } : {}),
    ...given("extensions", extensions.get(row.relation)),
    ...given("indexes", indexes.get(row.relation)),
    ...given("sequences", sequences.get(row.relation)),
  }));
}

/** One query for all tables: asked for each table alone, the dependency catalog would be read as often as there are tables. */
async function namesByTable(session: DatabaseSession, sql: string): Promise<Map<string, string[]>> {
  const rows = await session.query<{ relation: string; names: string[] }>(sql);
  return new Map(rows.map((row) => [row.relation, row.names]));
}

function given<Key extends string>(key: Key, names: string[] | undefined): { [K in Key]?: string[] } {
  return names === undefined ? {} : ({ [key]: names } as { [K in Key]?: string[] });
}
