import { IN_SCOPE, notInExtension } from "../../scope.ts";
import { always, flag, otherMajorFlag, printed, type ObjectClass } from "./object-class.ts";
import { collationName, functionName, named, nameIn, roleName } from "./names.ts";
import { operatorFields } from "./operators-used.ts";

const ofKind = (letter: string, sql: string): string => `CASE WHEN t.typtype = '${letter}' THEN ${sql} END`;
const ofRange = (sql: string): string =>
  ofKind("r", `(SELECT ${sql} FROM pg_range r WHERE r.rngtypid = t.oid)`);

const ATTRIBUTES = `
  (SELECT string_agg(concat_ws(' ',
                               quote_ident(a.attname),
                               format_type(a.atttypid, a.atttypmod),
                               CASE WHEN a.attcollation <> at.typcollation
                                      THEN ${collationName("a.attcollation")} END),
                     ',' ORDER BY a.attnum)
     FROM pg_attribute a JOIN pg_type at ON at.oid = a.atttypid
    WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)
`;

const LABELS = `
  (SELECT string_agg(quote_literal(e.enumlabel), ',' ORDER BY e.enumsortorder)
     FROM pg_enum e
    WHERE e.enumtypid = t.oid)
`;

const INPUT_OUTPUT =
  "concat_ws(' ', t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, " +
  "t.typmodout, t.typanalyze)";
const LAYOUT = `
  concat_ws(' ', t.typlen, t.typbyval, t.typalign, t.typstorage, t.typdelim, t.typcategory, t.typispreferred,
            t.typcollation <> 0, CASE WHEN t.typelem <> 0 THEN format_type(t.typelem, NULL) END)
`;

/** Shell types (`CREATE TYPE name`) too; row types of tables, array and multirange types come with theirs. */
const type: ObjectClass = {
  kind: "type",
  place: { catalog: "pg_type", oid: "t.oid" },
  identity: named("n.nspname", "t.typname"),
  owner: roleName("t.typowner"),
  from: `
     FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE (t.typtype IN ('b', 'c', 'd', 'e', 'r') OR t.typtype = 'p' AND NOT t.typisdefined)
      AND (t.typtype <> 'c' OR EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
      AND NOT EXISTS (SELECT FROM pg_type el WHERE el.typarray = t.oid)
      AND ${IN_SCOPE}
      AND ${notInExtension("pg_type", "t.oid")}
  `,
  fields: [
    always("kind", "t.typtype", "`AS`, `AS ENUM`, `AS RANGE`, `CREATE DOMAIN`"),
    always("labels", ofKind("e", LABELS), "`AS ENUM (…)`, `ADD VALUE`"),
    always("attributes", ofKind("c", ATTRIBUTES), "`AS (…)`, `ADD ATTRIBUTE`"),
    always("base-type", ofKind("d", "format_type(t.typbasetype, t.typtypmod)"), "`CREATE DOMAIN … AS`"),
    flag("not-null", ofKind("d", "t.typnotnull"), "`NOT NULL`"),
    printed("default", "coalesce(pg_get_expr(t.typdefaultbin, 0), t.typdefault)", "`DEFAULT`"),
    otherMajorFlag("has-default", "t.typdefault IS NOT NULL", "`DEFAULT`"),
    ...operatorFields("t.typdefaultbin"),
    always(
      "collation",
      ofKind(
        "d",
        `
          (SELECT CASE WHEN b.typcollation <> t.typcollation THEN ${collationName("t.typcollation")} END
             FROM pg_type b
            WHERE b.oid = t.typbasetype)
        `,
      ),
      "`COLLATE`",
    ),
    always("subtype", ofRange("format_type(r.rngsubtype, NULL)"), "`SUBTYPE`"),
    always("subtype-class", ofRange(nameIn("pg_opclass", "opc", "r.rngsubopc")), "`SUBTYPE_OPCLASS`"),
    always("subtype-collation", ofRange(collationName("r.rngcollation")), "`COLLATION`"),
    always("canonical", ofRange(functionName("r.rngcanonical")), "`CANONICAL`"),
    always("difference", ofRange(functionName("r.rngsubdiff")), "`SUBTYPE_DIFF`"),
    always("multirange", ofRange("format_type(r.rngmultitypid, NULL)"), "`MULTIRANGE_TYPE_NAME`", {
      since: 14,
    }),
    always("input-output", ofKind("b", INPUT_OUTPUT), "`INPUT`, `OUTPUT`, `RECEIVE`, `SEND`, …"),
    always("layout", ofKind("b", LAYOUT), "`INTERNALLENGTH`, `ALIGNMENT`, `STORAGE`, `ELEMENT`, …"),
    always("subscript", ofKind("b", "nullif(t.typsubscript::oid, 0)::regproc"), "`SUBSCRIPT`", { since: 14 }),
  ],
};

export const TYPE_CLASSES: readonly ObjectClass[] = [type];
