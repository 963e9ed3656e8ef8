import type { ObjectKind } from "../../record.ts";
import { IN_SCOPE, notInExtension, WHOLE_DATABASE } from "../../scope.ts";

/**
 * One query for every class of objects. Each gives rows of
 *
 * - `cls`, `oid`, `sub`: where comments are attached;
 * - `identity`: the object's name, quoted where needed, never an object id;
 * - `definition`: everything that makes it what it is, in a fixed order;
 * - `owner`: a role's name, or null where the object has none of its own;
 * - `portable`, where expressions or queries are a part of the definition: what of it every major version prints alike.
 *
 * `$1`, `$2` are the scope. Columns that only newer servers have are read through `to_jsonb`, so that older ones do not fail.
 */
export interface ObjectQuery {
  readonly kind: ObjectKind;
  readonly sql: string;
  /** The definition is an expression or query printed by the server: {@link canonical} applies. */
  readonly printed?: boolean;
}

const named = (schema: string, name: string): string => `quote_ident(${schema}) || '.' || quote_ident(${name})`;
const relation = named("n.nspname", "c.relname");
const ownRelation = `${IN_SCOPE} AND ${notInExtension("pg_class", "c.oid")}`;
const collation = (oid: string): string =>
  `coalesce((SELECT ${named("cn.nspname", "co.collname")} FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = ${oid}), '')`;
/** Options are a set: their order in the catalog depends on how they were set. */
const options = (list: string): string => `coalesce((SELECT string_agg(o, ',' ORDER BY o COLLATE "C") FROM unnest(${list}) AS o), '')`;
const optional = (row: string, column: string): string => `coalesce(to_jsonb(${row}) ->> '${column}', '')`;

/** Names of the columns with these numbers, in order; an expression has number 0. */
const keys = (numbers: string, of: string): string =>
  `(SELECT string_agg(coalesce(quote_ident(ka.attname), '()'), ',' ORDER BY ko.place) FROM unnest(${numbers}) WITH ORDINALITY AS ko(num, place)
     LEFT JOIN pg_attribute ka ON ka.attrelid = ${of} AND ka.attnum = ko.num)`;
const policyRoles =
  "(SELECT string_agg(coalesce(quote_ident(r.rolname), 'public'), ',' ORDER BY r.rolname) FROM unnest(p.polroles) AS o LEFT JOIN pg_roles r ON r.oid = o)";

const fromClass = "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace";

/** Classes that belong to a table or are like one. */
export const RELATION_QUERIES: readonly ObjectQuery[] = [
  {
    kind: "table", printed: true,
    sql: `SELECT 'pg_class' AS cls, c.oid, 0 AS sub, ${relation} AS identity, pg_get_userbyid(c.relowner) AS owner, concat_ws(' | ', c.relkind, c.relpersistence, ${options("c.reloptions")},
      coalesce(pg_get_partkeydef(c.oid), ''), coalesce(pg_get_expr(c.relpartbound, c.oid), ''),
      (SELECT string_agg(i.inhparent::regclass::text, ',' ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = c.oid),
      c.relreplident, CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END,
      (SELECT s.srvname || ' ' || ${options("f.ftoptions")} FROM pg_foreign_table f JOIN pg_foreign_server s ON s.oid = f.ftserver WHERE f.ftrelid = c.oid)) AS definition,
      concat_ws(' | ', c.relkind, c.relpersistence, ${options("c.reloptions")}, (SELECT string_agg(i.inhparent::regclass::text, ',' ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = c.oid),
        c.relreplident) AS portable
      ${fromClass} WHERE c.relkind IN ('r', 'p', 'f') AND ${ownRelation}`,
  },
  {
    kind: "sequence",
    sql: `SELECT 'pg_class' AS cls, c.oid, 0 AS sub, ${relation} AS identity, pg_get_userbyid(c.relowner) AS owner,
      concat_ws(' ', format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
        (SELECT d.refobjid::regclass || '.' || quote_ident(a.attname) FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
          WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') LIMIT 1)) AS definition
      FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${ownRelation}`,
  },
  {
    kind: "column", printed: true,
    sql: `SELECT 'pg_class' AS cls, c.oid, a.attnum AS sub, ${relation} || '.' || quote_ident(a.attname) AS identity, NULL AS owner,
      concat_ws(' | ', format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated, a.attstorage,
        CASE WHEN a.attcollation <> t.typcollation THEN ${collation("a.attcollation")} END,
        ${options("ARRAY(SELECT o FROM unnest(a.attoptions) AS o WHERE split_part(o, '=', 1) IN ('n_distinct', 'n_distinct_inherited'))")}, ${options("a.attfdwoptions")}, pg_get_expr(d.adbin, d.adrelid)) AS definition,
      concat_ws(' | ', format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated, d.oid IS NOT NULL) AS portable
      FROM pg_attribute a
      JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f') AND ${ownRelation}`,
  },
  {
    // Foreign keys of partitions are made again with their parent's, under names of the server's choice; NOT NULL belongs to the column.
    kind: "constraint", printed: true,
    sql: `SELECT 'pg_constraint' AS cls, k.oid, 0 AS sub, coalesce(${relation}, (SELECT ${named("tn.nspname", "t.typname")} FROM pg_type t JOIN pg_namespace tn ON tn.oid = t.typnamespace
        WHERE t.oid = k.contypid)) || '.' || quote_ident(k.conname) AS identity, NULL AS owner,
      concat_ws(' | ', k.contype, pg_get_constraintdef(k.oid), 'validated', k.convalidated, ${optional("k.*", "conenforced")}) AS definition,
      concat_ws(' | ', k.contype, k.convalidated, k.condeferrable, k.condeferred, CASE WHEN k.contype IN ('p', 'u', 'f') THEN ${keys("k.conkey", "k.conrelid")} END,
        CASE WHEN k.contype = 'f' THEN concat_ws(' ', k.confrelid::regclass, ${keys("k.confkey", "k.confrelid")}, k.confupdtype, k.confdeltype, k.confmatchtype) END) AS portable
      FROM pg_constraint k LEFT JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = k.connamespace
      WHERE k.contype NOT IN ('t', 'n') AND NOT (k.contype = 'f' AND k.conparentid <> 0) AND ${IN_SCOPE}
        AND (c.oid IS NULL OR ${notInExtension("pg_class", "c.oid")}) AND (k.contypid = 0 OR ${notInExtension("pg_type", "k.contypid")})`,
  },
  {
    kind: "index", printed: true,
    sql: `SELECT 'pg_class' AS cls, x.oid, 0 AS sub, ${named("n.nspname", "x.relname")} AS identity, NULL AS owner,
      concat_ws(' | ', pg_get_indexdef(x.oid), 'valid', i.indisvalid, 'clustered', i.indisclustered, 'replica', i.indisreplident,
        (SELECT pi.inhparent::regclass FROM pg_inherits pi WHERE pi.inhrelid = x.oid)) AS definition,
      concat_ws(' | ', (SELECT m.amname FROM pg_am m WHERE m.oid = x.relam), i.indisunique, i.indisprimary, i.indisexclusion, i.indimmediate, i.indisvalid, i.indisclustered, i.indisreplident,
        i.indnkeyatts, ${keys("string_to_array(i.indkey::text, ' ')::int2[]", "i.indrelid")}, i.indoption, i.indpred IS NOT NULL) AS portable
      FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'm') AND ${ownRelation}`,
  },
  {
    kind: "trigger", printed: true,
    sql: `SELECT 'pg_trigger' AS cls, g.oid, 0 AS sub, ${relation} || '.' || quote_ident(g.tgname) AS identity, NULL AS owner,
      concat_ws(' | ', pg_get_triggerdef(g.oid), 'enabled', g.tgenabled) AS definition,
      concat_ws(' | ', g.tgtype, g.tgenabled, g.tgfoid::regprocedure, g.tgdeferrable, g.tginitdeferred, g.tgqual IS NOT NULL) AS portable
      FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT g.tgisinternal AND ${ownRelation}`,
  },
  {
    kind: "policy", printed: true,
    sql: `SELECT 'pg_policy' AS cls, p.oid, 0 AS sub, ${relation} || '.' || quote_ident(p.polname) AS identity, NULL AS owner,
      concat_ws(' | ', p.polcmd, p.polpermissive, ${policyRoles}, 'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid)) AS definition,
      concat_ws(' | ', p.polcmd, p.polpermissive, ${policyRoles}, p.polqual IS NOT NULL, p.polwithcheck IS NOT NULL) AS portable
      FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${ownRelation}`,
  },
  {
    kind: "row-security",
    sql: `SELECT NULL AS cls, c.oid, 0 AS sub, ${relation} AS identity, NULL AS owner, concat_ws(' ', 'enabled', c.relrowsecurity, 'forced', c.relforcerowsecurity) AS definition
      ${fromClass} WHERE (c.relrowsecurity OR c.relforcerowsecurity) AND c.relkind IN ('r', 'p') AND ${ownRelation}`,
  },
  ...([["view", "v"], ["materialized-view", "m"]] as const).map(([kind, relkind]): ObjectQuery => ({
    kind, printed: true,
    sql: `SELECT 'pg_class' AS cls, c.oid, 0 AS sub, ${relation} AS identity, pg_get_userbyid(c.relowner) AS owner, concat_ws(' | ', ${options("c.reloptions")}, pg_get_viewdef(c.oid)) AS definition,
      ${options("c.reloptions")} AS portable
      ${fromClass} WHERE c.relkind = '${relkind}' AND ${ownRelation}`,
  })),
  {
    kind: "rule", printed: true,
    sql: `SELECT 'pg_rewrite' AS cls, r.oid, 0 AS sub, ${relation} || '.' || quote_ident(r.rulename) AS identity, NULL AS owner,
      concat_ws(' | ', pg_get_ruledef(r.oid), 'enabled', r.ev_enabled) AS definition,
      concat_ws(' | ', r.ev_type, r.ev_enabled, r.is_instead) AS portable
      FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace WHERE r.rulename <> '_RETURN' AND ${ownRelation}`,
  },
  {
    kind: "statistics", printed: true,
    sql: `SELECT 'pg_statistic_ext' AS cls, s.oid, 0 AS sub, ${named("n.nspname", "s.stxname")} AS identity, pg_get_userbyid(s.stxowner) AS owner, pg_get_statisticsobjdef(s.oid) AS definition
      FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE ${IN_SCOPE}`,
  },
];

/** Classes that stand in a schema by themselves, and those that stand in none. */
export const OTHER_QUERIES: readonly ObjectQuery[] = [
  {
    kind: "schema",
    sql: `SELECT 'pg_namespace' AS cls, n.oid, 0 AS sub, quote_ident(n.nspname) AS identity, pg_get_userbyid(n.nspowner) AS owner, '' AS definition
      FROM pg_namespace n WHERE ${IN_SCOPE} AND ${notInExtension("pg_namespace", "n.oid")}`,
  },
  {
    kind: "function",
    sql: `SELECT 'pg_proc' AS cls, p.oid, 0 AS sub, ${named("n.nspname", "p.proname")} || '(' || pg_get_function_identity_arguments(p.oid) || ')' AS identity,
      pg_get_userbyid(p.proowner) AS owner, CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) ELSE (SELECT concat_ws(' | ', pg_get_function_result(p.oid), g.aggkind,
        g.aggtransfn, g.aggfinalfn, g.aggcombinefn, g.aggserialfn, g.aggdeserialfn, g.aggmtransfn, g.aggminvtransfn, g.aggmfinalfn, g.aggsortop::regoperator,
        format_type(g.aggtranstype, NULL), g.agginitval, p.proparallel) FROM pg_aggregate g WHERE g.aggfnoid = p.oid) END AS definition,
      concat_ws(' | ', p.prokind, (SELECT l.lanname FROM pg_language l WHERE l.oid = p.prolang), format_type(p.prorettype, NULL), p.proretset, p.provolatile, p.proisstrict, p.prosecdef,
        p.proleakproof, p.proparallel, p.prosrc, ${options("p.proconfig")}) AS portable
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ${IN_SCOPE} AND ${notInExtension("pg_proc", "p.oid")}
        AND NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_proc'::regclass AND i.objid = p.oid AND i.deptype = 'i')`,
  },
  {
    kind: "type",
    sql: `SELECT 'pg_type' AS cls, t.oid, 0 AS sub, ${named("n.nspname", "t.typname")} AS identity, pg_get_userbyid(t.typowner) AS owner, concat_ws(' | ', t.typtype,
      (SELECT string_agg(quote_literal(e.enumlabel), ',' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid),
      CASE WHEN t.typtype = 'd' THEN concat_ws(' ', format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault, ${collation("t.typcollation")}) END,
      (SELECT string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || ${collation("a.attcollation")}, ',' ORDER BY a.attnum)
         FROM pg_attribute a WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped),
      (SELECT concat_ws(' ', format_type(r.rngsubtype, NULL), ${collation("r.rngcollation")}, r.rngcanonical, r.rngsubdiff) FROM pg_range r WHERE r.rngtypid = t.oid),
      CASE WHEN t.typtype = 'b' THEN concat_ws(' ', t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout, t.typlen, t.typbyval, t.typalign, t.typstorage) END) AS definition,
      concat_ws(' | ', t.typtype, (SELECT string_agg(quote_literal(e.enumlabel), ',' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid),
        CASE WHEN t.typtype = 'd' THEN concat_ws(' ', format_type(t.typbasetype, t.typtypmod), t.typnotnull) END,
        (SELECT string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod), ',' ORDER BY a.attnum)
           FROM pg_attribute a WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)) AS portable
      FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
      WHERE t.typtype IN ('b', 'c', 'd', 'e', 'r') AND (t.typtype <> 'c' OR EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
        AND NOT EXISTS (SELECT FROM pg_type el WHERE el.typarray = t.oid) AND ${IN_SCOPE} AND ${notInExtension("pg_type", "t.oid")}`,
  },
  {
    kind: "operator",
    sql: `SELECT 'pg_operator' AS cls, o.oid, 0 AS sub, o.oid::regoperator::text AS identity, pg_get_userbyid(o.oprowner) AS owner,
      concat_ws(' | ', o.oprcode, o.oprcom::regoperator, o.oprnegate::regoperator, o.oprrest, o.oprjoin, o.oprcanmerge, o.oprcanhash) AS definition
      FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE ${IN_SCOPE} AND ${notInExtension("pg_operator", "o.oid")}
      UNION ALL
      SELECT 'pg_opclass', o.oid, 0, 'class ' || ${named("n.nspname", "o.opcname")} || ' using ' || m.amname, pg_get_userbyid(o.opcowner),
      concat_ws(' | ', format_type(o.opcintype, NULL), o.opcdefault, CASE WHEN o.opckeytype <> 0 THEN format_type(o.opckeytype, NULL) END,
        (SELECT string_agg(a.amopstrategy || ':' || a.amopopr::regoperator, ',' ORDER BY a.amopstrategy, a.amopopr::regoperator::text) FROM pg_amop a WHERE a.amopfamily = o.opcfamily),
        (SELECT string_agg(a.amprocnum || ':' || a.amproc::regprocedure, ',' ORDER BY a.amprocnum, a.amproc::regprocedure::text) FROM pg_amproc a WHERE a.amprocfamily = o.opcfamily))
      FROM pg_opclass o JOIN pg_am m ON m.oid = o.opcmethod JOIN pg_namespace n ON n.oid = o.opcnamespace WHERE ${IN_SCOPE} AND ${notInExtension("pg_opclass", "o.oid")}`,
  },
  {
    kind: "collation",
    sql: `SELECT 'pg_collation' AS cls, c.oid, 0 AS sub, ${named("n.nspname", "c.collname")} AS identity, pg_get_userbyid(c.collowner) AS owner, concat_ws(' | ', c.collprovider, c.collisdeterministic,
      c.collcollate, c.collctype, ${optional("c.*", "colliculocale")}, ${optional("c.*", "colllocale")}, ${optional("c.*", "collicurules")}) AS definition
      FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace WHERE ${IN_SCOPE} AND ${notInExtension("pg_collation", "c.oid")}`,
  },
  {
    kind: "text-search",
    sql: `SELECT 'pg_ts_config' AS cls, c.oid, 0 AS sub, 'configuration ' || ${named("n.nspname", "c.cfgname")} AS identity, pg_get_userbyid(c.cfgowner) AS owner,
      concat_ws(' | ', (SELECT prsname FROM pg_ts_parser WHERE oid = c.cfgparser), (SELECT string_agg(m.maptokentype || ':' || m.mapdict::regdictionary, ',' ORDER BY m.maptokentype, m.mapseqno)
        FROM pg_ts_config_map m WHERE m.mapcfg = c.oid)) AS definition
      FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace WHERE ${IN_SCOPE} AND ${notInExtension("pg_ts_config", "c.oid")}
      UNION ALL
      SELECT 'pg_ts_dict', d.oid, 0, 'dictionary ' || ${named("n.nspname", "d.dictname")}, pg_get_userbyid(d.dictowner),
      concat_ws(' | ', (SELECT ${named("tn.nspname", "t.tmplname")} FROM pg_ts_template t JOIN pg_namespace tn ON tn.oid = t.tmplnamespace WHERE t.oid = d.dicttemplate), d.dictinitoption)
      FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace WHERE ${IN_SCOPE} AND ${notInExtension("pg_ts_dict", "d.oid")}`,
  },
  {
    kind: "cast",
    sql: `SELECT 'pg_cast' AS cls, k.oid, 0 AS sub, format_type(k.castsource, NULL) || ' as ' || format_type(k.casttarget, NULL) AS identity, NULL AS owner,
      concat_ws(' ', CASE WHEN k.castfunc <> 0 THEN k.castfunc::regprocedure END, k.castcontext, k.castmethod) AS definition
      FROM pg_cast k WHERE k.oid >= 16384 AND ${WHOLE_DATABASE} AND ${notInExtension("pg_cast", "k.oid")}`,
  },
  {
    kind: "event-trigger",
    sql: `SELECT 'pg_event_trigger' AS cls, e.oid, 0 AS sub, quote_ident(e.evtname) AS identity, pg_get_userbyid(e.evtowner) AS owner,
      concat_ws(' | ', e.evtevent, e.evtfoid::regprocedure, e.evtenabled, array_to_string(e.evttags, ',')) AS definition
      FROM pg_event_trigger e WHERE ${WHOLE_DATABASE} AND ${notInExtension("pg_event_trigger", "e.oid")}`,
  },
  {
    kind: "publication",
    sql: `SELECT 'pg_publication' AS cls, p.oid, 0 AS sub, quote_ident(p.pubname) AS identity, pg_get_userbyid(p.pubowner) AS owner, concat_ws(' | ', p.puballtables, p.pubinsert, p.pubupdate,
      p.pubdelete, p.pubtruncate, ${optional("p.*", "pubviaroot")}, ${optional("p.*", "pubgencols")},
      CASE WHEN NOT p.puballtables THEN (SELECT string_agg(concat_ws(' ', ${named("t.schemaname", "t.tablename")}, to_jsonb(t.*) ->> 'attnames', to_jsonb(t.*) ->> 'rowfilter'), ','
        ORDER BY t.schemaname, t.tablename) FROM pg_publication_tables t WHERE t.pubname = p.pubname) END) AS definition
      FROM pg_publication p WHERE ${WHOLE_DATABASE} AND ${notInExtension("pg_publication", "p.oid")}`,
  },
  {
    kind: "foreign-server",
    sql: `SELECT 'pg_foreign_server' AS cls, s.oid, 0 AS sub, 'server ' || quote_ident(s.srvname) AS identity, pg_get_userbyid(s.srvowner) AS owner,
      concat_ws(' | ', (SELECT w.fdwname FROM pg_foreign_data_wrapper w WHERE w.oid = s.srvfdw), s.srvtype, s.srvversion, ${options("s.srvoptions")}) AS definition
      FROM pg_foreign_server s WHERE ${WHOLE_DATABASE} AND ${notInExtension("pg_foreign_server", "s.oid")}
      UNION ALL
      SELECT 'pg_foreign_data_wrapper', w.oid, 0, 'wrapper ' || quote_ident(w.fdwname), pg_get_userbyid(w.fdwowner),
      concat_ws(' | ', CASE WHEN w.fdwhandler <> 0 THEN w.fdwhandler::regprocedure END, CASE WHEN w.fdwvalidator <> 0 THEN w.fdwvalidator::regprocedure END, ${options("w.fdwoptions")})
      FROM pg_foreign_data_wrapper w WHERE ${WHOLE_DATABASE} AND ${notInExtension("pg_foreign_data_wrapper", "w.oid")}`,
  },
];
