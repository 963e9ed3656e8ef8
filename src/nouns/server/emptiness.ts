import type { DatabaseSession } from "../../ports/database.ts";
import { isUsersSchema } from "../../postgres/schemas.ts";

/** Whether a database holds anything a restore could collide with or destroy. */
export interface Emptiness {
  readonly empty: boolean;
  readonly objects: number;
  /** A few of them by name, for the message. */
  readonly examples: readonly string[];
}

/** Examples given in messages. */
const EXAMPLES_MAX = 5;

/**
 * Objects below this number are made by initdb (FirstNormalObjectId in src/include/access/transam.h of
 * PostgreSQL).
 */
const FIRST_USER_OID = 16384;

/** One catalog whose rows count. */
interface Class {
  readonly catalog: string;
  /** What the object is called, as text; `o` is its row, `n` its schema. */
  readonly name: string;
  /** The column with its schema; absent for what belongs to none. */
  readonly schema?: string;
  /** Which rows count, beside {@link FIRST_USER_OID}, the server's schemas and the parts of extensions. */
  readonly where?: string;
}

const inSchema = (what: string, column: string): string =>
  `'${what} ' || quote_ident(n.nspname) || '.' || quote_ident(o.${column})`;
const alone = (what: string, column: string): string => `'${what} ' || quote_ident(o.${column})`;
/** As the server names it, without the schema of the server's own types. */
const identified = (what: string, catalog: string): string =>
  `'${what} ' || (SELECT replace(i.identity, 'pg_catalog.', '') FROM ` +
  `pg_catalog.pg_identify_object('pg_catalog.${catalog}'::regclass, o.oid, 0) i)`;

/**
 * Every class of object a person can make in a database and a dump can hold, those people think of first in
 * front. Not here: what is a part of something else (columns, indexes, constraints, triggers, rules,
 * policies, operator class entries), and comments, labels and settings.
 * https://www.postgresql.org/docs/current/catalogs-overview.html
 */
const CLASSES: readonly Class[] = [
  {
    catalog: "pg_class",
    schema: "relnamespace",
    name: inSchema("table", "relname"),
    where: "o.relkind IN ('r', 'p')",
  },
  {
    catalog: "pg_class",
    schema: "relnamespace",
    name: inSchema("foreign table", "relname"),
    where: "o.relkind = 'f'",
  },
  {
    catalog: "pg_class",
    schema: "relnamespace",
    name: inSchema("view", "relname"),
    where: "o.relkind = 'v'",
  },
  {
    catalog: "pg_class",
    schema: "relnamespace",
    name: inSchema("materialized view", "relname"),
    where: "o.relkind = 'm'",
  },
  {
    catalog: "pg_class",
    schema: "relnamespace",
    name: inSchema("sequence", "relname"),
    where: "o.relkind = 'S'",
  },
  {
    catalog: "pg_proc",
    schema: "pronamespace",
    name: `
      CASE o.prokind WHEN 'a' THEN 'aggregate ' WHEN 'p' THEN 'procedure ' ELSE 'function ' END
        || quote_ident(n.nspname) || '.' || quote_ident(o.proname) || '(' || oidvectortypes(o.proargtypes)
          || ')'
    `,
  },
  {
    // Not the array types and multiranges that come with others, and not a table's row type.
    catalog: "pg_type",
    schema: "typnamespace",
    name: inSchema("type", "typname"),
    where: `
      o.typtype <> 'm'
        AND NOT (o.typelem <> 0
                 AND o.typlen = -1
                 AND EXISTS (SELECT FROM pg_catalog.pg_type element WHERE element.typarray = o.oid))
        AND (o.typrelid = 0
             OR EXISTS (SELECT FROM pg_catalog.pg_class composite
                         WHERE composite.oid = o.typrelid AND composite.relkind = 'c'))
    `,
  },
  {
    catalog: "pg_namespace",
    name: alone("schema", "nspname"),
    where: `${isUsersSchema("o.nspname")} AND o.nspname <> 'public'`,
  },
  { catalog: "pg_operator", schema: "oprnamespace", name: identified("operator", "pg_operator") },
  { catalog: "pg_opclass", schema: "opcnamespace", name: identified("operator class", "pg_opclass") },
  { catalog: "pg_opfamily", schema: "opfnamespace", name: identified("operator family", "pg_opfamily") },
  { catalog: "pg_cast", name: identified("cast", "pg_cast") },
  { catalog: "pg_collation", schema: "collnamespace", name: inSchema("collation", "collname") },
  { catalog: "pg_conversion", schema: "connamespace", name: inSchema("conversion", "conname") },
  { catalog: "pg_ts_config", schema: "cfgnamespace", name: inSchema("text search configuration", "cfgname") },
  { catalog: "pg_ts_dict", schema: "dictnamespace", name: inSchema("text search dictionary", "dictname") },
  { catalog: "pg_ts_parser", schema: "prsnamespace", name: inSchema("text search parser", "prsname") },
  { catalog: "pg_ts_template", schema: "tmplnamespace", name: inSchema("text search template", "tmplname") },
  { catalog: "pg_statistic_ext", schema: "stxnamespace", name: inSchema("statistics", "stxname") },
  { catalog: "pg_language", name: alone("language", "lanname") },
  { catalog: "pg_transform", name: identified("transform", "pg_transform") },
  { catalog: "pg_am", name: alone("access method", "amname") },
  { catalog: "pg_foreign_data_wrapper", name: alone("foreign-data wrapper", "fdwname") },
  { catalog: "pg_foreign_server", name: alone("foreign server", "srvname") },
  // The mapping's own catalog may be read by superusers alone; this view shows everybody that it exists.
  {
    catalog: "pg_user_mappings",
    where: "o.umid >= 16384",
    name: "'user mapping of ' || quote_ident(o.usename) || ' for server ' || quote_ident(o.srvname)",
  },
  { catalog: "pg_event_trigger", name: alone("event trigger", "evtname") },
  { catalog: "pg_publication", name: alone("publication", "pubname") },
  // Subscriptions of all databases are in one catalog.
  {
    catalog: "pg_subscription",
    name: alone("subscription", "subname"),
    where: "o.subdbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())",
  },
  {
    catalog: "pg_default_acl",
    name: `
      'default privileges of ' || quote_ident(pg_catalog.pg_get_userbyid(o.defaclrole))
        || coalesce(' in schema '
                    || (SELECT quote_ident(s.nspname)
                          FROM pg_catalog.pg_namespace s
                         WHERE s.oid = o.defaclnamespace),
                    '')
    `,
  },
  { catalog: "pg_largeobject_metadata", name: "'large object ' || o.oid", where: "true" },
];

/**
 * Looks for anything a user made that a dump could hold; extensions and their parts do not count. Needs no
 * more than the right to read the system catalogs: the columns used of `pg_subscription` are those everybody
 * may read.
 */
export async function emptiness(session: DatabaseSession): Promise<Emptiness> {
  const found = CLASSES.map(selection).join("\nUNION ALL\n");
  const rows = await session.query<{ name: string; total: string }>(`
    WITH found AS (${found})
    SELECT name, count(*) OVER () AS total FROM found ORDER BY place, name LIMIT ${EXAMPLES_MAX}
  `);
  return {
    empty: rows.length === 0,
    objects: Number(rows[0]?.total ?? 0),
    examples: rows.map((row) => row.name),
  };
}

/**
 * Large objects may have any number, a person's choice. Subscriptions are never the server's own or an
 * extension's, and their `oid` may be read by superusers alone before PostgreSQL 14.
 */
const UNNUMBERED: ReadonlySet<string> = new Set(["pg_largeobject_metadata", "pg_subscription"]);

function selection({ catalog, name, schema, where }: Class, place: number): string {
  const oid = catalog === "pg_user_mappings" ? "o.umid" : "o.oid";
  const conditions = UNNUMBERED.has(catalog)
    ? []
    : [
        `${oid} >= ${FIRST_USER_OID}`,
        `
          NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                       WHERE e.classid = ${classOf(catalog)} AND e.objid = ${oid} AND e.deptype = 'e')
        `,
      ];
  if (schema !== undefined) conditions.push(isUsersSchema());
  if (where !== undefined) conditions.push(`(${where})`);
  const from =
    `pg_catalog.${catalog} ` +
    `o${schema === undefined ? "" : ` JOIN pg_catalog.pg_namespace n ON n.oid = o.${schema}`}`;
  return `SELECT ${place} AS place, ${name} AS name FROM ${from} WHERE ${conditions.join(" AND ")}`;
}

/** Dependencies are recorded under the catalog itself. */
function classOf(catalog: string): string {
  return `'pg_catalog.${catalog === "pg_user_mappings" ? "pg_user_mapping" : catalog}'::regclass`;
}
