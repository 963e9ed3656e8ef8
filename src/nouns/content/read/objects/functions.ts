import { IN_SCOPE, notInExtension, WHOLE_DATABASE } from "../../scope.ts";
import { always, flag, otherMajor, otherMajorFlag, printed, type ObjectClass } from "./object-class.ts";
import { functionName, named, roleName, typeName } from "./names.ts";
import { operatorFields } from "./operators-used.ts";
import { allOptions } from "./options.ts";

const AGGREGATE = `
  CASE WHEN p.prokind = 'a'
         THEN (SELECT concat_ws(' | ', g.aggkind, g.aggnumdirectargs, g.aggtransfn, g.aggfinalfn,
                                g.aggcombinefn, g.aggserialfn, g.aggdeserialfn, g.aggmtransfn,
                                g.aggminvtransfn, g.aggmfinalfn, g.aggfinalextra, g.aggmfinalextra,
                                g.aggfinalmodify, g.aggmfinalmodify, g.aggsortop::regoperator,
                                format_type(g.aggtranstype, NULL), g.aggtransspace,
                                ${typeName("g.aggmtranstype")}, g.aggmtransspace,
                                coalesce(quote_literal(g.agginitval), '-'),
                                coalesce(quote_literal(g.aggminitval), '-'))
                 FROM pg_aggregate g
                WHERE g.aggfnoid = p.oid) END
`;

const aFunction: ObjectClass = {
  kind: "function",
  place: { catalog: "pg_proc", oid: "p.oid" },
  identity: `${named("n.nspname", "p.proname")} || '(' || pg_get_function_identity_arguments(p.oid) || ')'`,
  owner: roleName("p.proowner"),
  from: `
     FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE ${IN_SCOPE}
      -- None of the server's own is in scope, and they are thousands.
      AND p.oid >= 16384
      AND ${notInExtension("pg_proc", "p.oid")}
      AND NOT EXISTS (SELECT FROM pg_depend i
                       WHERE i.classid = 'pg_proc'::regclass AND i.objid = p.oid AND i.deptype = 'i')
  `,
  fields: [
    always("kind", "nullif(p.prokind, 'f')", "`CREATE FUNCTION`, `PROCEDURE`, `AGGREGATE`, `WINDOW`"),
    printed(
      "arguments",
      "pg_get_function_arguments(p.oid)",
      "names, modes, types and defaults of its arguments",
    ),
    otherMajor("argument-defaults", "nullif(p.pronargdefaults, 0)", "how many arguments have a default"),
    always("result", "pg_get_function_result(p.oid)", "`RETURNS`"),
    always(
      "language",
      "(SELECT quote_ident(l.lanname) FROM pg_language l WHERE l.oid = p.prolang)",
      "`LANGUAGE`",
    ),
    always("body", "p.prosrc", "`AS`"),
    always("library", "p.probin", "`AS` of a C function"),
    printed(
      "sql-body",
      "CASE WHEN p.prosqlbody IS NOT NULL THEN pg_get_function_sqlbody(p.oid) END",
      "`BEGIN ATOMIC`, `RETURN`",
      { since: 14 },
    ),
    otherMajorFlag("has-sql-body", "p.prosqlbody IS NOT NULL", "`BEGIN ATOMIC`, `RETURN`", { since: 14 }),
    ...operatorFields("concat_ws(' ', p.proargdefaults, to_jsonb(p.*) ->> 'prosqlbody')"),
    always("volatility", "p.provolatile", "`IMMUTABLE`, `STABLE`, `VOLATILE`"),
    flag("strict", "p.proisstrict", "`STRICT`"),
    flag("security-definer", "p.prosecdef", "`SECURITY DEFINER`"),
    flag("leakproof", "p.proleakproof", "`LEAKPROOF`"),
    always("parallel", "p.proparallel", "`PARALLEL`"),
    always("cost", "CASE WHEN p.prokind <> 'a' THEN p.procost END", "`COST`"),
    always("rows", "p.prorows", "`ROWS`"),
    always("support", functionName("p.prosupport"), "`SUPPORT`"),
    always("settings", allOptions("p.proconfig"), "`SET`"),
    always(
      "transforms",
      `
        (SELECT string_agg(format_type(t, NULL), ',' ORDER BY place)
           FROM unnest(p.protrftypes) WITH ORDINALITY AS u(t, place))
      `,
      "`TRANSFORM FOR TYPE`",
    ),
    always("aggregate", AGGREGATE, "everything of `CREATE AGGREGATE`"),
  ],
};

const language: ObjectClass = {
  kind: "language",
  place: { catalog: "pg_language", oid: "l.oid" },
  identity: "quote_ident(l.lanname)",
  owner: roleName("l.lanowner"),
  from: `
    FROM pg_language l WHERE l.lanispl AND ${WHOLE_DATABASE} AND ${notInExtension("pg_language", "l.oid")}
  `,
  fields: [
    flag("trusted", "l.lanpltrusted", "`TRUSTED`"),
    always("handler", functionName("l.lanplcallfoid"), "`HANDLER`"),
    always("inline", functionName("l.laninline"), "`INLINE`"),
    always("validator", functionName("l.lanvalidator"), "`VALIDATOR`"),
  ],
};

const transform: ObjectClass = {
  kind: "transform",
  place: { catalog: "pg_transform", oid: "f.oid" },
  identity: "format_type(f.trftype, NULL) || ' in ' || quote_ident(l.lanname)",
  from: `
     FROM pg_transform f JOIN pg_language l ON l.oid = f.trflang
    WHERE ${WHOLE_DATABASE} AND ${notInExtension("pg_transform", "f.oid")}
  `,
  fields: [
    always("from-sql", functionName("f.trffromsql"), "`FROM SQL WITH FUNCTION`"),
    always("to-sql", functionName("f.trftosql"), "`TO SQL WITH FUNCTION`"),
  ],
};

const accessMethod: ObjectClass = {
  kind: "access-method",
  place: { catalog: "pg_am", oid: "m.oid" },
  identity: "quote_ident(m.amname)",
  from: `FROM pg_am m WHERE m.oid >= 16384 AND ${WHOLE_DATABASE} AND ${notInExtension("pg_am", "m.oid")}`,
  fields: [always("kind", "m.amtype", "`TYPE`"), always("handler", functionName("m.amhandler"), "`HANDLER`")],
};

export const FUNCTION_CLASSES: readonly ObjectClass[] = [aFunction, language, transform, accessMethod];
