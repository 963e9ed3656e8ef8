import { IN_SCOPE, notInExtension, WHOLE_DATABASE } from "../../scope.ts";
import { always, flag, type ObjectClass } from "./object-class.ts";
import { RELATION, roleName } from "./names.ts";
import { OWN_RELATION } from "./tables.ts";

const schema: ObjectClass = {
  kind: "schema",
  place: { catalog: "pg_namespace", oid: "n.oid" },
  identity: "quote_ident(n.nspname)",
  owner: roleName("n.nspowner"),
  from: `FROM pg_namespace n WHERE ${IN_SCOPE} AND ${notInExtension("pg_namespace", "n.oid")}`,
  fields: [],
};

const OWNING = `
   FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
  WHERE d.classid = 'pg_class'::regclass
    AND d.objid = c.oid
    AND d.refclassid = 'pg_class'::regclass
    AND d.deptype IN ('a', 'i')
`;

const sequence: ObjectClass = {
  kind: "sequence",
  place: { catalog: "pg_class", oid: "c.oid" },
  identity: RELATION,
  owner: roleName("c.relowner"),
  from: `
     FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE ${OWN_RELATION}
  `,
  fields: [
    always("type", "format_type(s.seqtypid, NULL)", "`AS`"),
    always("start", "s.seqstart", "`START`"),
    always("increment", "s.seqincrement", "`INCREMENT`"),
    always("minimum", "s.seqmin", "`MINVALUE`"),
    always("maximum", "s.seqmax", "`MAXVALUE`"),
    always("cache", "s.seqcache", "`CACHE`"),
    flag("cycle", "s.seqcycle", "`CYCLE`"),
    always(
      "owned-by",
      `(SELECT d.refobjid::regclass || '.' || quote_ident(a.attname) ${OWNING} LIMIT 1)`,
      "`OWNED BY`, identity",
    ),
    // One of an identity column follows its table.
    always(
      "persistence",
      `CASE WHEN NOT EXISTS (SELECT ${OWNING} AND d.deptype = 'i') THEN nullif(c.relpersistence, 'p') END`,
      "`UNLOGGED`",
      { since: 15 },
    ),
  ],
};

/** Millions of large objects may belong to a handful of owners: they are counted and summed for each. */
const largeObjectOwners: ObjectClass = {
  kind: "owner",
  title: "large objects",
  identity: "'large objects of ' || quote_ident(l.owner)",
  from: `
    FROM (SELECT pg_get_userbyid(m.lomowner) AS owner, count(*) AS count,
                 sum(hashint8extended(m.oid::int8, 0)) AS sum
            FROM pg_largeobject_metadata m
           WHERE ${WHOLE_DATABASE}
           GROUP BY 1) AS l
  `,
  fields: [always("objects", "l.count || ' ' || l.sum", "`ALTER LARGE OBJECT … OWNER TO`")],
};

export const SCHEMA_CLASSES: readonly ObjectClass[] = [schema];
export const SEQUENCE_CLASSES: readonly ObjectClass[] = [sequence];
export const LARGE_OBJECT_CLASSES: readonly ObjectClass[] = [largeObjectOwners];
