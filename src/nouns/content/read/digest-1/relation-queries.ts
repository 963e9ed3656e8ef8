import { IN_SCOPE, notInExtension } from "../../scope.ts";
import { collation, named, optional, options, type ObjectQuery } from "./object-query.ts";

const relation = named("n.nspname", "c.relname");
const ownRelation = `${IN_SCOPE} AND ${notInExtension("pg_class", "c.oid")}`;
/** Names of the columns with these numbers, in order; an expression has number 0. */
const keys = (numbers: string, of: string): string => `
  (SELECT string_agg(coalesce(quote_ident(ka.attname), '()'), ',' ORDER BY ko.place)
     FROM unnest(${numbers}) WITH ORDINALITY AS ko(num, place)
     LEFT JOIN pg_attribute ka ON ka.attrelid = ${of} AND ka.attnum = ko.num)
`;
const policyRoles = `
  (SELECT string_agg(coalesce(quote_ident(r.rolname), 'public'), ',' ORDER BY r.rolname)
     FROM unnest(p.polroles) AS o LEFT JOIN pg_roles r ON r.oid = o)
`;

const fromClass = "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace";

/** Classes that belong to a table or are like one. */
export const RELATION_QUERIES: readonly ObjectQuery[] = [
  {
    kind: "table",
    printed: true,
    sql: `
      SELECT 'pg_class' AS cls, c.oid, 0 AS sub, ${relation} AS identity,
             pg_get_userbyid(c.relowner) AS owner,
             concat_ws(' | ',
                       c.relkind,
                       c.relpersistence,
                       ${options("c.reloptions")},
                       coalesce(pg_get_partkeydef(c.oid), ''),
                       coalesce(pg_get_expr(c.relpartbound, c.oid), ''),
                       (SELECT string_agg(i.inhparent::regclass::text, ',' ORDER BY i.inhseqno)
                          FROM pg_inherits i
                         WHERE i.inhrelid = c.oid),
                       c.relreplident,
                       CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END,
                       (SELECT s.srvname || ' ' || ${options("f.ftoptions")}
                          FROM pg_foreign_table f JOIN pg_foreign_server s ON s.oid = f.ftserver
                         WHERE f.ftrelid = c.oid)) AS definition,
             concat_ws(' | ',
                       c.relkind,
                       c.relpersistence,
                       ${options("c.reloptions")},
                       (SELECT string_agg(i.inhparent::regclass::text, ',' ORDER BY i.inhseqno)
                          FROM pg_inherits i
                         WHERE i.inhrelid = c.oid),
                       c.relreplident) AS portable
        ${fromClass}
       WHERE c.relkind IN ('r', 'p', 'f') AND ${ownRelation}
    `,
  },
  {
    kind: "sequence",
    sql: `
      SELECT 'pg_class' AS cls, c.oid, 0 AS sub, ${relation} AS identity,
             pg_get_userbyid(c.relowner) AS owner,
             concat_ws(' ',
                       format_type(s.seqtypid, NULL),
                       s.seqstart,
                       s.seqincrement,
                       s.seqmin,
                       s.seqmax,
                       s.seqcache,
                       s.seqcycle,
                       (SELECT d.refobjid::regclass || '.' || quote_ident(a.attname)
                          FROM pg_depend d
                          JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                         WHERE d.classid = 'pg_class'::regclass
                           AND d.objid = c.oid
                           AND d.refclassid = 'pg_class'::regclass
                           AND d.deptype IN ('a', 'i')
                         LIMIT 1)) AS definition
        FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE ${ownRelation}
    `,
  },
  {
    kind: "column",
    printed: true,
    sql: `
      SELECT 'pg_class' AS cls, c.oid, a.attnum AS sub,
             ${relation} || '.' || quote_ident(a.attname) AS identity, NULL AS owner,
             concat_ws(' | ', format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
                       a.attgenerated, a.attstorage,
                       CASE WHEN a.attcollation <> t.typcollation THEN ${collation("a.attcollation")} END,
                       ${options(`
                         ARRAY(SELECT o
                                 FROM unnest(a.attoptions) AS o
                                WHERE split_part(o, '=', 1) IN ('n_distinct', 'n_distinct_inherited'))
                       `)},
                       ${options("a.attfdwoptions")}, pg_get_expr(d.adbin, d.adrelid)) AS definition,
             concat_ws(' | ', format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
                       a.attgenerated, d.oid IS NOT NULL) AS portable
        FROM pg_attribute a
        JOIN pg_class c ON c.oid = a.attrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_type t ON t.oid = a.atttypid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
       WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f') AND ${ownRelation}
    `,
  },
  {
    // Foreign keys of partitions are made again with their parent's, under names of the server's choice; NOT
    // NULL belongs to the column.
    kind: "constraint",
    printed: true,
    sql: `
      SELECT 'pg_constraint' AS cls, k.oid, 0 AS sub,
             coalesce(${relation},
                      (SELECT ${named("tn.nspname", "t.typname")}
                         FROM pg_type t JOIN pg_namespace tn ON tn.oid = t.typnamespace
                        WHERE t.oid = k.contypid))
             || '.' || quote_ident(k.conname) AS identity,
             NULL AS owner,
             concat_ws(' | ', k.contype, pg_get_constraintdef(k.oid), 'validated', k.convalidated,
                       ${optional("k.*", "conenforced")}) AS definition,
             concat_ws(' | ',
                       k.contype,
                       k.convalidated,
                       k.condeferrable,
                       k.condeferred,
                       CASE WHEN k.contype IN ('p', 'u', 'f') THEN ${keys("k.conkey", "k.conrelid")} END,
                       CASE WHEN k.contype = 'f' THEN concat_ws(
                         ' ', k.confrelid::regclass, ${keys("k.confkey", "k.confrelid")}, k.confupdtype,
                         k.confdeltype, k.confmatchtype) END) AS portable
        FROM pg_constraint k
        LEFT JOIN pg_class c ON c.oid = k.conrelid
        JOIN pg_namespace n ON n.oid = k.connamespace
       WHERE k.contype NOT IN ('t', 'n')
         AND NOT (k.contype = 'f' AND k.conparentid <> 0)
         AND ${IN_SCOPE}
         AND (c.oid IS NULL OR ${notInExtension("pg_class", "c.oid")})
         AND (k.contypid = 0 OR ${notInExtension("pg_type", "k.contypid")})
    `,
  },
  {
    kind: "index",
    printed: true,
    sql: `
      SELECT 'pg_class' AS cls, x.oid, 0 AS sub, ${named("n.nspname", "x.relname")} AS identity,
             NULL AS owner,
             concat_ws(' | ',
                       pg_get_indexdef(x.oid),
                       'valid',
                       i.indisvalid,
                       'clustered',
                       i.indisclustered,
                       'replica',
                       i.indisreplident,
                       (SELECT pi.inhparent::regclass
                          FROM pg_inherits pi
                         WHERE pi.inhrelid = x.oid)) AS definition,
             concat_ws(' | ', (SELECT m.amname FROM pg_am m WHERE m.oid = x.relam), i.indisunique,
                       i.indisprimary, i.indisexclusion, i.indimmediate, i.indisvalid, i.indisclustered,
                       i.indisreplident, i.indnkeyatts,
                       ${keys("string_to_array(i.indkey::text, ' ')::int2[]", "i.indrelid")}, i.indoption,
                       i.indpred IS NOT NULL) AS portable
        FROM pg_index i
        JOIN pg_class x ON x.oid = i.indexrelid
        JOIN pg_class c ON c.oid = i.indrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p', 'm') AND ${ownRelation}
    `,
  },
  {
    kind: "trigger",
    printed: true,
    sql: `
      SELECT 'pg_trigger' AS cls, g.oid, 0 AS sub, ${relation} || '.' || quote_ident(g.tgname) AS identity,
             NULL AS owner, concat_ws(' | ', pg_get_triggerdef(g.oid), 'enabled', g.tgenabled) AS definition,
             concat_ws(' | ', g.tgtype, g.tgenabled, g.tgfoid::regprocedure, g.tgdeferrable, g.tginitdeferred,
                       g.tgqual IS NOT NULL) AS portable
        FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE NOT g.tgisinternal AND ${ownRelation}
    `,
  },
  {
    kind: "policy",
    printed: true,
    sql: `
      SELECT 'pg_policy' AS cls, p.oid, 0 AS sub, ${relation} || '.' || quote_ident(p.polname) AS identity,
             NULL AS owner,
             concat_ws(' | ', p.polcmd, p.polpermissive, ${policyRoles}, 'using',
                       pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(
                         p.polwithcheck, p.polrelid)) AS definition,
             concat_ws(' | ', p.polcmd, p.polpermissive, ${policyRoles}, p.polqual IS NOT NULL,
                       p.polwithcheck IS NOT NULL) AS portable
        FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE ${ownRelation}
    `,
  },
  {
    kind: "row-security",
    sql: `
      SELECT NULL AS cls, c.oid, 0 AS sub, ${relation} AS identity, NULL AS owner,
             concat_ws(' ', 'enabled', c.relrowsecurity, 'forced', c.relforcerowsecurity) AS definition
        ${fromClass}
       WHERE (c.relrowsecurity OR c.relforcerowsecurity) AND c.relkind IN ('r', 'p') AND ${ownRelation}
    `,
  },
  ...(
    [
      ["view", "v"],
      ["materialized-view", "m"],
    ] as const
  ).map(([kind, relkind]): ObjectQuery => ({
    kind,
    printed: true,
    sql: `
      SELECT 'pg_class' AS cls, c.oid, 0 AS sub, ${relation} AS identity,
             pg_get_userbyid(c.relowner) AS owner,
             concat_ws(' | ', ${options("c.reloptions")}, pg_get_viewdef(c.oid)) AS definition,
             ${options("c.reloptions")} AS portable
        ${fromClass}
       WHERE c.relkind = '${relkind}' AND ${ownRelation}
    `,
  })),
  {
    kind: "rule",
    printed: true,
    sql: `
      SELECT 'pg_rewrite' AS cls, r.oid, 0 AS sub, ${relation} || '.' || quote_ident(r.rulename) AS identity,
             NULL AS owner, concat_ws(' | ', pg_get_ruledef(r.oid), 'enabled', r.ev_enabled) AS definition,
             concat_ws(' | ', r.ev_type, r.ev_enabled, r.is_instead) AS portable
        FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE r.rulename <> '_RETURN' AND ${ownRelation}
    `,
  },
  {
    kind: "statistics",
    printed: true,
    sql: `
      SELECT 'pg_statistic_ext' AS cls, s.oid, 0 AS sub, ${named("n.nspname", "s.stxname")} AS identity,
             pg_get_userbyid(s.stxowner) AS owner, pg_get_statisticsobjdef(s.oid) AS definition
        FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace
       WHERE ${IN_SCOPE}
    `,
  },
];
