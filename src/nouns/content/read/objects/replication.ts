import { IN_SCOPE, notInExtension, WHOLE_DATABASE } from "../../scope.ts";
import {
  always,
  flag,
  otherMajor,
  printed,
  sameMajor,
  sameMajorFlag,
  type ObjectClass,
} from "./object-class.ts";
import { named, roleName } from "./names.ts";

/** Of the tables of the publication `p` that are dumped, something in the order of their names. */
const ofTables = (sql: string, where = "true"): string => `
  (SELECT string_agg(${sql}, ',' ORDER BY n.nspname, c.relname)
     FROM pg_publication_rel r
     JOIN pg_class c ON c.oid = r.prrelid
     JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE r.prpubid = p.oid AND ${IN_SCOPE} AND ${notInExtension("pg_class", "c.oid")} AND ${where})
`;
const TABLE = named("n.nspname", "c.relname");
/** In the catalog column numbers, which a restore makes anew: names. */
const TABLE_COLUMNS = `
  ${TABLE} || '('
    || (SELECT string_agg(quote_ident(a.attname), ',' ORDER BY a.attname)
          FROM pg_attribute a
         WHERE a.attrelid = c.oid AND a.attnum = ANY (r.prattrs::int2[]))
      || ')'
`;
const SCHEMAS = `
  (SELECT string_agg(quote_ident(n.nspname), ',' ORDER BY n.nspname)
     FROM pg_publication_namespace r JOIN pg_namespace n ON n.oid = r.pnnspid
    WHERE r.pnpubid = p.oid AND ${IN_SCOPE})
`;

const publication: ObjectClass = {
  kind: "publication",
  place: { catalog: "pg_publication", oid: "p.oid" },
  identity: "quote_ident(p.pubname)",
  owner: roleName("p.pubowner"),
  from: `FROM pg_publication p WHERE ${WHOLE_DATABASE} AND ${notInExtension("pg_publication", "p.oid")}`,
  fields: [
    flag("all-tables", "p.puballtables", "`FOR ALL TABLES`"),
    always("tables", ofTables(TABLE), "`FOR TABLE`"),
    always("columns", ofTables(TABLE_COLUMNS, "r.prattrs IS NOT NULL"), "`FOR TABLE … (columns)`", {
      since: 15,
    }),
    printed(
      "filters",
      ofTables(`${TABLE} || ' ' || pg_get_expr(r.prqual, r.prrelid)`, "r.prqual IS NOT NULL"),
      "`FOR TABLE … WHERE`",
      { since: 15 },
    ),
    otherMajor("has-filters", ofTables(TABLE, "r.prqual IS NOT NULL"), "`FOR TABLE … WHERE`", { since: 15 }),
    always("schemas", SCHEMAS, "`FOR TABLES IN SCHEMA`", { since: 15 }),
    always(
      "operations",
      "concat_ws(',', p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate)",
      "`WITH (publish)`",
    ),
    flag("via-root", "p.pubviaroot", "`WITH (publish_via_partition_root)`", { since: 13 }),
    always("generated-columns", "nullif(p.pubgencols::text, 'n')", "`WITH (publish_generated_columns)`", {
      since: 18,
    }),
  ],
};

/** Without what could be a password, as keyword or in an URL. */
const CONNECTION = String.raw`regexp_replace(
  regexp_replace(s.subconninfo, '(pass\w*)\s*=\s*(''(\\.|[^''\\])*''|[^\s&]*)', '\1', 'gi'),
  '(://[^/@:]*):[^@]*@', '\1@')`;

/**
 * pg_dump writes them only for a superuser, and for nobody with schemas named; a restored one is never
 * enabled or connected (and since 17 its failover is a property of its slot).
 */
const subscription: ObjectClass = {
  kind: "subscription",
  place: { catalog: "pg_subscription", oid: "s.oid" },
  identity: "quote_ident(s.subname)",
  owner: roleName("s.subowner"),
  superuser: true,
  from: `
     FROM pg_subscription s
    WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND ${WHOLE_DATABASE}
  `,
  fields: [
    always(
      "publications",
      "(SELECT string_agg(quote_ident(p), ',' ORDER BY p) FROM unnest(s.subpublications) AS p)",
      "`PUBLICATION`",
    ),
    always("connection", CONNECTION, "`CONNECTION`, passwords left out"),
    always("slot", "s.subslotname", "`WITH (slot_name)`"),
    always("synchronous-commit", "nullif(s.subsynccommit, 'off')", "`WITH (synchronous_commit)`"),
    sameMajorFlag("binary", "s.subbinary", "`WITH (binary)`", { since: 14 }),
    // `parallel` became the default with 18.
    sameMajor("streaming", "s.substream", "`WITH (streaming)`", { since: 14 }),
    sameMajorFlag("disable-on-error", "s.subdisableonerr", "`WITH (disable_on_error)`", { since: 15 }),
    sameMajor("origin", "nullif(s.suborigin, 'any')", "`WITH (origin)`", { since: 16 }),
    sameMajorFlag("run-as-owner", "s.subrunasowner", "`WITH (run_as_owner)`", { since: 16 }),
    sameMajorFlag("password-required", "NOT s.subpasswordrequired", "`WITH (password_required)`", {
      since: 16,
    }),
  ],
};

export const REPLICATION_CLASSES: readonly ObjectClass[] = [publication, subscription];
