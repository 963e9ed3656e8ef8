import { IN_SCOPE, notInExtension, WHOLE_DATABASE } from "../../scope.ts";
import { always, flag, type ObjectClass } from "./object-class.ts";
import { functionName, named, nameIn, roleName, typeName } from "./names.ts";

const operatorName = (oid: string): string => `CASE WHEN ${oid} <> 0 THEN ${oid}::regoperator END`;
const estimator = (oid: string): string => `nullif(${oid}::oid, 0)::regproc`;

/** One that is only named as another's commutator, and never made, is not dumped. */
const operator: ObjectClass = {
  kind: "operator",
  place: { catalog: "pg_operator", oid: "o.oid" },
  identity: "o.oid::regoperator::text",
  owner: roleName("o.oprowner"),
  from: `
     FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
    WHERE o.oprcode <> 0 AND ${IN_SCOPE} AND ${notInExtension("pg_operator", "o.oid")}
  `,
  fields: [
    always("function", functionName("o.oprcode"), "`FUNCTION`"),
    always("commutator", operatorName("o.oprcom"), "`COMMUTATOR`"),
    always("negator", operatorName("o.oprnegate"), "`NEGATOR`"),
    always("restrict", estimator("o.oprrest"), "`RESTRICT`"),
    always("join", estimator("o.oprjoin"), "`JOIN`"),
    flag("merges", "o.oprcanmerge", "`MERGES`"),
    flag("hashes", "o.oprcanhash", "`HASHES`"),
  ],
};

const operatorClass: ObjectClass = {
  kind: "operator",
  title: "operator class",
  place: { catalog: "pg_opclass", oid: "o.oid" },
  identity: `'class ' || ${named("n.nspname", "o.opcname")} || ' using ' || quote_ident(m.amname)`,
  owner: roleName("o.opcowner"),
  from: `
     FROM pg_opclass o JOIN pg_am m ON m.oid = o.opcmethod JOIN pg_namespace n ON n.oid = o.opcnamespace
    WHERE ${IN_SCOPE} AND ${notInExtension("pg_opclass", "o.oid")}
  `,
  fields: [
    always("type", "format_type(o.opcintype, NULL)", "`FOR TYPE`"),
    flag("default", "o.opcdefault", "`DEFAULT`"),
    always("storage", typeName("o.opckeytype"), "`STORAGE`"),
    always("family", nameIn("pg_opfamily", "opf", "o.opcfamily"), "`FAMILY`"),
  ],
};

const FAMILY_OPERATORS = `
  (SELECT string_agg(concat_ws(' ',
                               a.amopstrategy,
                               a.amopopr::regoperator,
                               a.amoppurpose,
                               CASE WHEN a.amopsortfamily <> 0
                                      THEN ${nameIn("pg_opfamily", "opf", "a.amopsortfamily")} END),
                     ',' ORDER BY a.amopstrategy, a.amopopr::regoperator::text COLLATE "C")
     FROM pg_amop a
    WHERE a.amopfamily = o.oid)
`;
const FAMILY_FUNCTIONS = `
  (SELECT string_agg(concat_ws(' ', a.amprocnum, a.amproc::oid::regprocedure,
                               format_type(a.amproclefttype, NULL), format_type(a.amprocrighttype, NULL)),
                     ',' ORDER BY a.amprocnum, a.amproc::oid::regprocedure::text COLLATE "C")
     FROM pg_amproc a
    WHERE a.amprocfamily = o.oid)
`;

const operatorFamily: ObjectClass = {
  kind: "operator",
  title: "operator family",
  place: { catalog: "pg_opfamily", oid: "o.oid" },
  identity: `'family ' || ${named("n.nspname", "o.opfname")} || ' using ' || quote_ident(m.amname)`,
  owner: roleName("o.opfowner"),
  from: `
     FROM pg_opfamily o JOIN pg_am m ON m.oid = o.opfmethod JOIN pg_namespace n ON n.oid = o.opfnamespace
    WHERE ${IN_SCOPE} AND ${notInExtension("pg_opfamily", "o.oid")}
  `,
  fields: [
    always("operators", FAMILY_OPERATORS, "`OPERATOR` of the family and of its classes"),
    always("functions", FAMILY_FUNCTIONS, "`FUNCTION` of the family and of its classes"),
  ],
};

const cast: ObjectClass = {
  kind: "cast",
  place: { catalog: "pg_cast", oid: "k.oid" },
  identity: "format_type(k.castsource, NULL) || ' as ' || format_type(k.casttarget, NULL)",
  // From 14 on a range type brings the cast to its multirange type.
  from: `
     FROM pg_cast k
    WHERE k.oid >= 16384
      AND ${WHOLE_DATABASE}
      AND ${notInExtension("pg_cast", "k.oid")}
      AND NOT EXISTS (SELECT FROM pg_depend i
                       WHERE i.classid = 'pg_cast'::regclass AND i.objid = k.oid AND i.deptype = 'i')
  `,
  fields: [
    always("function", functionName("k.castfunc"), "`WITH FUNCTION`"),
    always("context", "k.castcontext", "`AS ASSIGNMENT`, `AS IMPLICIT`"),
    always("method", "k.castmethod", "`WITH INOUT`, `WITHOUT FUNCTION`"),
  ],
};

export const OPERATOR_CLASSES: readonly ObjectClass[] = [operator, operatorClass, operatorFamily, cast];
