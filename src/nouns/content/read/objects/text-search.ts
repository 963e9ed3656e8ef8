import { IN_SCOPE, notInExtension } from "../../scope.ts";
import { always, type ObjectClass } from "./object-class.ts";
import { functionName, named, nameIn, roleName } from "./names.ts";

interface Part {
  readonly title: string;
  readonly catalog: string;
  readonly prefix: string;
  readonly owned: boolean;
  readonly fields: ObjectClass["fields"];
}

function part({ title, catalog, prefix, owned, fields }: Part): ObjectClass {
  return {
    kind: "text-search",
    title: `text search ${title}`,
    place: { catalog, oid: "t.oid" },
    identity: `'${title} ' || ${named("n.nspname", `t.${prefix}name`)}`,
    ...(owned ? { owner: roleName(`t.${prefix}owner`) } : {}),
    from: `
       FROM ${catalog} t JOIN pg_namespace n ON n.oid = t.${prefix}namespace
      WHERE ${IN_SCOPE} AND ${notInExtension(catalog, "t.oid")}
    `,
    fields,
  };
}

const MAPPINGS = `
  (SELECT string_agg(m.maptokentype || ':' || m.mapdict::regdictionary, ',' ORDER BY m.maptokentype,
                     m.mapseqno)
     FROM pg_ts_config_map m
    WHERE m.mapcfg = t.oid)
`;

export const TEXT_SEARCH_CLASSES: readonly ObjectClass[] = [
  part({
    title: "configuration",
    catalog: "pg_ts_config",
    prefix: "cfg",
    owned: true,
    fields: [
      always("parser", nameIn("pg_ts_parser", "prs", "t.cfgparser"), "`PARSER`"),
      always("mappings", MAPPINGS, "`ADD MAPPING`, `ALTER MAPPING`"),
    ],
  }),
  part({
    title: "dictionary",
    catalog: "pg_ts_dict",
    prefix: "dict",
    owned: true,
    fields: [
      always("template", nameIn("pg_ts_template", "tmpl", "t.dicttemplate"), "`TEMPLATE`"),
      always("options", "t.dictinitoption", "its options"),
    ],
  }),
  part({
    title: "parser",
    catalog: "pg_ts_parser",
    prefix: "prs",
    owned: false,
    fields: [
      always("start", functionName("t.prsstart"), "`START`"),
      always("token", functionName("t.prstoken"), "`GETTOKEN`"),
      always("end", functionName("t.prsend"), "`END`"),
      always("token-types", functionName("t.prslextype"), "`LEXTYPES`"),
      always("headline", functionName("t.prsheadline"), "`HEADLINE`"),
    ],
  }),
  part({
    title: "template",
    catalog: "pg_ts_template",
    prefix: "tmpl",
    owned: false,
    fields: [
      always("init", functionName("t.tmplinit"), "`INIT`"),
      always("lexize", functionName("t.tmpllexize"), "`LEXIZE`"),
    ],
  }),
];
