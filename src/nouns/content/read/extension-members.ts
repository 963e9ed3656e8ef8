import { optionsNamed, openOptions, TABLE_OPTIONS, VIEW_OPTIONS } from "./objects/options.ts";
import { WHOLE_DATABASE } from "../scope.ts";
import { NET_SCHEMA } from "../scope.ts";

/**
 * What can be altered of an extension's members. Read alike at the source and in a copy on a server of the
 * same major version, where CREATE EXTENSION alone has been, so definitions may be texts that the server
 * prints. Left out is what differs without anybody's doing: object ids, where libraries lie, and who the
 * owner is, as long as it is whoever made the extension.
 */

/** Extensions that initdb makes are there before a restore. */
export const OWN = "x.oid >= 16384";

export const MEMBER_RELATIONS = `
  pg_extension x
    JOIN pg_depend e ON e.refclassid = 'pg_extension'::regclass
         AND e.refobjid = x.oid
         AND e.deptype = 'e'
         AND e.classid = 'pg_class'::regclass
    JOIN pg_class c ON c.oid = e.objid
    JOIN pg_namespace n ON n.oid = c.relnamespace
`;

/** Texts of values, null as nothing, each with an end, so that none can pass for a part of its neighbour. */
function texts(...values: readonly string[]): string {
  return `concat(${values.map((value) => `${value}, chr(31)`).join(", ")})`;
}

/**
 * Members belong to who ran CREATE EXTENSION, those of a trusted extension to the server's first superuser.
 */
function otherOwner(owner: string): string {
  return `CASE WHEN ${owner} NOT IN (x.extowner, 10) THEN pg_get_userbyid(${owner}) END`;
}

/** Of the member itself and of its columns. */
const COMMENTS = `
  (SELECT string_agg(d.objsubid || ' ' || md5(d.description), ',' ORDER BY d.objsubid)
     FROM pg_description d
    WHERE d.classoid = e.classid AND d.objoid = e.objid)
`;

const SEQUENCE = `
  (SELECT concat_ws(' ', format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmax, s.seqmin,
                    s.seqcache, s.seqcycle)
     FROM pg_sequence s
    WHERE s.seqrelid = c.oid)
`;

const RELATION_STATE = texts(
  "c.relkind",
  otherOwner("c.relowner"),
  "c.relrowsecurity",
  "c.relforcerowsecurity",
  "c.relreplident",
  optionsNamed("c.reloptions", [...TABLE_OPTIONS, ...VIEW_OPTIONS]),
  "CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END",
  SEQUENCE,
  COMMENTS,
);

const COLUMN_STATE = texts(
  "format_type(a.atttypid, a.atttypmod)",
  "a.attnotnull",
  "a.attidentity",
  `
    (SELECT pg_get_expr(d.adbin, d.adrelid)
       FROM pg_attrdef d
      WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum)
  `,
);

const relation = "quote_ident(n.nspname) || '.' || quote_ident(c.relname)";

/** An extension's relations and everything on them. */
export const PARTS = `
  SELECT x.extname::text AS extension, part.identity, part.definition
    FROM ${MEMBER_RELATIONS}, LATERAL (
      SELECT 'relation ' || ${relation} AS identity, ${RELATION_STATE} AS definition
      UNION ALL
      SELECT 'column ' || ${relation} || '.' || quote_ident(a.attname), ${COLUMN_STATE}
        FROM pg_attribute a
       WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f')
      UNION ALL
      SELECT 'index ' || ${relation} || '.' || quote_ident(i.relname), pg_get_indexdef(i.oid)
        FROM pg_index d JOIN pg_class i ON i.oid = d.indexrelid WHERE d.indrelid = c.oid AND d.indisvalid
      UNION ALL
      SELECT 'constraint ' || ${relation} || '.' || quote_ident(k.conname), pg_get_constraintdef(k.oid)
        FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype NOT IN ('t', 'n')
      UNION ALL
      SELECT 'trigger ' || ${relation} || '.' || quote_ident(g.tgname),
             concat_ws(' ', g.tgtype, g.tgenabled, pg_get_triggerdef(g.oid))
        FROM pg_trigger g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal
      UNION ALL
      SELECT 'rule ' || ${relation} || '.' || quote_ident(r.rulename),
             concat_ws(' ', r.ev_type, r.ev_enabled, pg_get_ruledef(r.oid))
        FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.rulename <> '_RETURN'
    ) AS part
   WHERE ${OWN} AND ${NET_SCHEMA} ORDER BY 1, 2
`;

/** A body that was parsed when it was made is a tree with object ids; since PostgreSQL 14. */
const FUNCTION_STATE = texts(
  "p.prosrc",
  "(SELECT l.lanname FROM pg_language l WHERE l.oid = p.prolang)",
  `
    CASE WHEN p.prokind <> 'a' AND to_jsonb(p) ->> 'prosqlbody' IS NOT NULL THEN pg_get_functiondef(p.oid) END
  `,
  "pg_get_function_arguments(p.oid)",
  "pg_get_function_result(p.oid)",
  "p.provolatile",
  "p.procost",
  "p.prorows",
  "p.prosecdef",
  "p.proleakproof",
  "p.proisstrict",
  "p.proparallel",
  "array_to_string(p.proconfig, chr(30))",
  otherOwner("p.proowner"),
);

const TYPE_STATE = texts(
  "t.typtype",
  "t.typnotnull",
  "t.typdefault",
  otherOwner("t.typowner"),
  `
    (SELECT string_agg(quote_ident(l.enumlabel), ',' ORDER BY l.enumsortorder)
       FROM pg_enum l
      WHERE l.enumtypid = t.oid)
  `,
  `
    (SELECT string_agg(quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid),
                       ',' ORDER BY k.conname COLLATE "C")
       FROM pg_constraint k
      WHERE k.contypid = t.oid)
  `,
  `
    CASE WHEN t.typtype = 'c'
           THEN (SELECT string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod),
                                   ',' ORDER BY a.attnum)
                   FROM pg_attribute a
                  WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) END
  `,
);

/** What there is to alter, by catalog and alias. */
const STATES = [
  ["pg_proc p", FUNCTION_STATE],
  ["pg_type t", TYPE_STATE],
  ["pg_operator o", texts(otherOwner("o.oprowner"), "o.oprrest::oid::regproc", "o.oprjoin::oid::regproc")],
  ["pg_opclass o", texts(otherOwner("o.opcowner"))],
  ["pg_opfamily o", texts(otherOwner("o.opfowner"))],
  ["pg_namespace s", texts(otherOwner("s.nspowner"))],
  ["pg_language l", texts(otherOwner("l.lanowner"), "l.lanpltrusted")],
  ["pg_collation o", texts(otherOwner("o.collowner"))],
  ["pg_conversion o", texts(otherOwner("o.conowner"), "o.condefault")],
  ["pg_event_trigger v", texts(otherOwner("v.evtowner"), "v.evtenabled")],
  ["pg_ts_dict d", texts(otherOwner("d.dictowner"), "d.dictinitoption")],
  [
    "pg_ts_config o",
    texts(
      otherOwner("o.cfgowner"),
      `
        (SELECT string_agg(m.maptokentype || ' ' || m.mapdict::regdictionary, ',' ORDER BY m.maptokentype,
                           m.mapseqno)
           FROM pg_ts_config_map m
          WHERE m.mapcfg = o.oid)
      `,
    ),
  ],
  [
    "pg_foreign_data_wrapper w",
    texts(
      otherOwner("w.fdwowner"),
      "w.fdwhandler::regproc",
      "w.fdwvalidator::regproc",
      openOptions("w.fdwoptions"),
    ),
  ],
  ["pg_foreign_server s", texts(otherOwner("s.srvowner"), "s.srvversion", openOptions("s.srvoptions"))],
] as const;

const STATE = `
  CASE
         e.classid
         ${STATES.map(
           ([from, state]) => `
             WHEN '${from.split(" ")[0]}'::regclass
               THEN (SELECT ${state} FROM ${from} WHERE ${from.split(" ")[1]}.oid = e.objid)
           `,
         ).join("\n")}
         END
`;

const DIGEST = `md5(${texts("i.identity", STATE, COMMENTS)})`;

/** Functions, types and whatever else belongs to an extension, as one digest: there may be thousands. */
export const OTHERS = `
  SELECT extension, count(*)::int AS count,
         encode(sha256(string_agg(member, '' ORDER BY member COLLATE "C")::bytea), 'hex') AS digest
    FROM (SELECT x.extname::text AS extension, ${DIGEST} AS member
            FROM pg_extension x
            JOIN pg_depend e ON e.refclassid = 'pg_extension'::regclass
                 AND e.refobjid = x.oid
                 AND e.deptype = 'e', pg_identify_object(e.classid, e.objid, 0) AS i
           WHERE ${OWN} AND e.classid <> 'pg_class'::regclass AND ${WHOLE_DATABASE}) AS members
   GROUP BY extension
`;
