import { IN_SCOPE, notInExtension, WHOLE_DATABASE } from "../../scope.ts";
import { collation, named, optional, options, type ObjectQuery } from "./object-query.ts";

/** Classes that stand in a schema by themselves, and those that stand in none. */
export const OTHER_QUERIES: readonly ObjectQuery[] = [
  {
    kind: "schema",
    sql: `
      SELECT 'pg_namespace' AS cls, n.oid, 0 AS sub, quote_ident(n.nspname) AS identity,
             pg_get_userbyid(n.nspowner) AS owner, '' AS definition
        FROM pg_namespace n
       WHERE ${IN_SCOPE} AND ${notInExtension("pg_namespace", "n.oid")}
    `,
  },
  {
    kind: "function",
    sql: `
      SELECT 'pg_proc' AS cls, p.oid, 0 AS sub,
             ${named("n.nspname", "p.proname")} || '(' || pg_get_function_identity_arguments(p.oid)
             || ')' AS identity,
             pg_get_userbyid(p.proowner) AS owner,
             CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) ELSE (
               SELECT concat_ws(' | ', pg_get_function_result(p.oid), g.aggkind, g.aggtransfn, g.aggfinalfn,
                                g.aggcombinefn, g.aggserialfn, g.aggdeserialfn, g.aggmtransfn,
                                g.aggminvtransfn, g.aggmfinalfn, g.aggsortop::regoperator,
                                format_type(g.aggtranstype, NULL), g.agginitval, p.proparallel)
                 FROM pg_aggregate g
                WHERE g.aggfnoid = p.oid) END AS definition,
             concat_ws(' | ', p.prokind, (SELECT l.lanname FROM pg_language l WHERE l.oid = p.prolang),
                       format_type(p.prorettype, NULL), p.proretset, p.provolatile, p.proisstrict,
                       p.prosecdef, p.proleakproof, p.proparallel, p.prosrc,
                       ${options("p.proconfig")}) AS portable
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
       WHERE ${IN_SCOPE}
         AND ${notInExtension("pg_proc", "p.oid")}
         AND NOT EXISTS (SELECT FROM pg_depend i
                          WHERE i.classid = 'pg_proc'::regclass AND i.objid = p.oid AND i.deptype = 'i')
    `,
  },
  {
    kind: "type",
    sql: `
      SELECT 'pg_type' AS cls, t.oid, 0 AS sub, ${named("n.nspname", "t.typname")} AS identity,
             pg_get_userbyid(t.typowner) AS owner,
             concat_ws(' | ',
                       t.typtype,
                       (SELECT string_agg(quote_literal(e.enumlabel), ',' ORDER BY e.enumsortorder)
                          FROM pg_enum e
                         WHERE e.enumtypid = t.oid),
                       CASE WHEN t.typtype = 'd'
                              THEN concat_ws(' ', format_type(t.typbasetype, t.typtypmod), t.typnotnull,
                                             t.typdefault, ${collation("t.typcollation")}) END,
                       (SELECT string_agg(quote_ident(a.attname) || ' '
                                          || format_type(a.atttypid, a.atttypmod) || ' '
                                          || ${collation("a.attcollation")},
                                          ',' ORDER BY a.attnum)
                          FROM pg_attribute a
                         WHERE t.typtype = 'c'
                           AND a.attrelid = t.typrelid
                           AND a.attnum > 0
                           AND NOT a.attisdropped),
                       (SELECT concat_ws(' ', format_type(r.rngsubtype, NULL), ${collation("r.rngcollation")},
                                         r.rngcanonical, r.rngsubdiff)
                          FROM pg_range r
                         WHERE r.rngtypid = t.oid),
                       CASE WHEN t.typtype = 'b' THEN concat_ws(
                         ' ', t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout,
                         t.typlen, t.typbyval, t.typalign, t.typstorage) END) AS definition,
             concat_ws(' | ',
                       t.typtype,
                       (SELECT string_agg(quote_literal(e.enumlabel), ',' ORDER BY e.enumsortorder)
                          FROM pg_enum e
                         WHERE e.enumtypid = t.oid),
                       CASE WHEN t.typtype = 'd'
                              THEN concat_ws(' ', format_type(t.typbasetype, t.typtypmod), t.typnotnull) END,
                       (SELECT string_agg(quote_ident(a.attname) || ' '
                                          || format_type(a.atttypid, a.atttypmod),
                                          ',' ORDER BY a.attnum)
                          FROM pg_attribute a
                         WHERE t.typtype = 'c'
                           AND a.attrelid = t.typrelid
                           AND a.attnum > 0
                           AND NOT a.attisdropped)) AS portable
        FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
       WHERE t.typtype IN ('b', 'c', 'd', 'e', 'r')
         AND (t.typtype <> 'c'
              OR EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
         AND NOT EXISTS (SELECT FROM pg_type el WHERE el.typarray = t.oid)
         AND ${IN_SCOPE}
         AND ${notInExtension("pg_type", "t.oid")}
    `,
  },
  {
    kind: "operator",
    sql: `
      SELECT 'pg_operator' AS cls, o.oid, 0 AS sub, o.oid::regoperator::text AS identity,
             pg_get_userbyid(o.oprowner) AS owner,
             concat_ws(' | ', o.oprcode, o.oprcom::regoperator, o.oprnegate::regoperator, o.oprrest,
                       o.oprjoin, o.oprcanmerge, o.oprcanhash) AS definition
        FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
       WHERE ${IN_SCOPE} AND ${notInExtension("pg_operator", "o.oid")}
      UNION ALL SELECT 'pg_opclass', o.oid, 0,
                       'class ' || ${named("n.nspname", "o.opcname")} || ' using ' || m.amname,
                       pg_get_userbyid(o.opcowner),
                       concat_ws(' | ',
                                 format_type(o.opcintype, NULL),
                                 o.opcdefault,
                                 CASE WHEN o.opckeytype <> 0 THEN format_type(o.opckeytype, NULL) END,
                                 (SELECT string_agg(a.amopstrategy || ':' || a.amopopr::regoperator,
                                                    ',' ORDER BY a.amopstrategy, a.amopopr::regoperator::text)
                                    FROM pg_amop a
                                   WHERE a.amopfamily = o.opcfamily),
                                 (SELECT string_agg(a.amprocnum || ':' || a.amproc::regprocedure,
                                                    ',' ORDER BY a.amprocnum, a.amproc::regprocedure::text)
                                    FROM pg_amproc a
                                   WHERE a.amprocfamily = o.opcfamily))
                  FROM pg_opclass o
                  JOIN pg_am m ON m.oid = o.opcmethod
                  JOIN pg_namespace n ON n.oid = o.opcnamespace
                 WHERE ${IN_SCOPE} AND ${notInExtension("pg_opclass", "o.oid")}
    `,
  },
  {
    kind: "collation",
    sql: `
      SELECT 'pg_collation' AS cls, c.oid, 0 AS sub, ${named("n.nspname", "c.collname")} AS identity,
             pg_get_userbyid(c.collowner) AS owner,
             concat_ws(' | ', c.collprovider, c.collisdeterministic, c.collcollate, c.collctype,
                       ${optional("c.*", "colliculocale")}, ${optional("c.*", "colllocale")},
                       ${optional("c.*", "collicurules")}) AS definition
        FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
       WHERE ${IN_SCOPE} AND ${notInExtension("pg_collation", "c.oid")}
    `,
  },
  {
    kind: "text-search",
    sql: `
      SELECT 'pg_ts_config' AS cls, c.oid, 0 AS sub,
             'configuration ' || ${named("n.nspname", "c.cfgname")} AS identity,
             pg_get_userbyid(c.cfgowner) AS owner,
             concat_ws(' | ',
                       (SELECT prsname FROM pg_ts_parser WHERE oid = c.cfgparser),
                       (SELECT string_agg(m.maptokentype || ':' || m.mapdict::regdictionary,
                                          ',' ORDER BY m.maptokentype, m.mapseqno)
                          FROM pg_ts_config_map m
                         WHERE m.mapcfg = c.oid)) AS definition
        FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace
       WHERE ${IN_SCOPE} AND ${notInExtension("pg_ts_config", "c.oid")}
      UNION ALL SELECT 'pg_ts_dict', d.oid, 0, 'dictionary ' || ${named("n.nspname", "d.dictname")},
                       pg_get_userbyid(d.dictowner),
                       concat_ws(' | ',
                                 (SELECT ${named("tn.nspname", "t.tmplname")}
                                    FROM pg_ts_template t JOIN pg_namespace tn ON tn.oid = t.tmplnamespace
                                   WHERE t.oid = d.dicttemplate),
                                 d.dictinitoption)
                  FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace
                 WHERE ${IN_SCOPE} AND ${notInExtension("pg_ts_dict", "d.oid")}
    `,
  },
  {
    kind: "cast",
    sql: `
      SELECT 'pg_cast' AS cls, k.oid, 0 AS sub,
             format_type(k.castsource, NULL) || ' as ' || format_type(k.casttarget, NULL) AS identity,
             NULL AS owner,
             concat_ws(' ', CASE WHEN k.castfunc <> 0 THEN k.castfunc::regprocedure END, k.castcontext,
                       k.castmethod) AS definition
        FROM pg_cast k
       WHERE k.oid >= 16384 AND ${WHOLE_DATABASE} AND ${notInExtension("pg_cast", "k.oid")}
    `,
  },
  {
    kind: "event-trigger",
    sql: `
      SELECT 'pg_event_trigger' AS cls, e.oid, 0 AS sub, quote_ident(e.evtname) AS identity,
             pg_get_userbyid(e.evtowner) AS owner,
             concat_ws(' | ', e.evtevent, e.evtfoid::regprocedure, e.evtenabled,
                       array_to_string(e.evttags, ',')) AS definition
        FROM pg_event_trigger e
       WHERE ${WHOLE_DATABASE} AND ${notInExtension("pg_event_trigger", "e.oid")}
    `,
  },
  {
    kind: "publication",
    sql: `
      SELECT 'pg_publication' AS cls, p.oid, 0 AS sub, quote_ident(p.pubname) AS identity,
             pg_get_userbyid(p.pubowner) AS owner,
             concat_ws(' | ',
                       p.puballtables,
                       p.pubinsert,
                       p.pubupdate,
                       p.pubdelete,
                       p.pubtruncate,
                       ${optional("p.*", "pubviaroot")},
                       ${optional("p.*", "pubgencols")},
                       CASE WHEN NOT p.puballtables THEN (
                         SELECT string_agg(concat_ws(' ', ${named("t.schemaname", "t.tablename")},
                                                     to_jsonb(t.*) ->> 'attnames',
                                                     to_jsonb(t.*) ->> 'rowfilter'),
                                           ',' ORDER BY t.schemaname, t.tablename)
                           FROM pg_publication_tables t
                          WHERE t.pubname = p.pubname) END) AS definition
        FROM pg_publication p
       WHERE ${WHOLE_DATABASE} AND ${notInExtension("pg_publication", "p.oid")}
    `,
  },
  {
    kind: "foreign-server",
    sql: `
      SELECT 'pg_foreign_server' AS cls, s.oid, 0 AS sub, 'server ' || quote_ident(s.srvname) AS identity,
             pg_get_userbyid(s.srvowner) AS owner,
             concat_ws(' | ', (SELECT w.fdwname FROM pg_foreign_data_wrapper w WHERE w.oid = s.srvfdw),
                       s.srvtype, s.srvversion, ${options("s.srvoptions")}) AS definition
        FROM pg_foreign_server s
       WHERE ${WHOLE_DATABASE} AND ${notInExtension("pg_foreign_server", "s.oid")}
      UNION ALL SELECT 'pg_foreign_data_wrapper', w.oid, 0, 'wrapper ' || quote_ident(w.fdwname),
                       pg_get_userbyid(w.fdwowner),
                       concat_ws(' | ', CASE WHEN w.fdwhandler <> 0 THEN w.fdwhandler::regprocedure END,
                                 CASE WHEN w.fdwvalidator <> 0 THEN w.fdwvalidator::regprocedure END,
                                 ${options("w.fdwoptions")})
                  FROM pg_foreign_data_wrapper w
                 WHERE ${WHOLE_DATABASE} AND ${notInExtension("pg_foreign_data_wrapper", "w.oid")}
    `,
  },
];
