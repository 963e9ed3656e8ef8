import { always, otherMajorFlag, printed, type ObjectClass } from "./object-class.ts";
import { RELATION, roleName } from "./names.ts";
import { operatorFields } from "./operators-used.ts";
import { optionsNamed, VIEW_OPTIONS } from "./options.ts";
import { ACCESS_METHOD, OWN_RELATION, STORAGE_OPTIONS, TOAST_STORAGE_OPTIONS } from "./tables.ts";

const ATTRIBUTES = "FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped";

/** Its query, and the defaults of its columns. */
const TREES = `
  (SELECT concat_ws(' ',
                    (SELECT r.ev_action
                       FROM pg_rewrite r
                      WHERE r.ev_class = c.oid AND r.rulename = '_RETURN'),
                    (SELECT string_agg(d.adbin::text, ' ') FROM pg_attrdef d WHERE d.adrelid = c.oid)))
`;

function viewClass(
  kind: "view" | "materialized-view",
  relkind: string,
  fields: ObjectClass["fields"],
): ObjectClass {
  return {
    kind,
    place: { catalog: "pg_class", oid: "c.oid" },
    identity: RELATION,
    owner: roleName("c.relowner"),
    from: `
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = '${relkind}' AND ${OWN_RELATION}
    `,
    fields: [printed("query", "pg_get_viewdef(c.oid)", "`AS`"), ...operatorFields(TREES), ...fields],
  };
}

export const VIEW_CLASSES: readonly ObjectClass[] = [
  viewClass("view", "v", [
    always(
      "columns",
      `(SELECT string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod), ','
      ORDER BY a.attnum) ${ATTRIBUTES})`,
      "names and types of its columns",
    ),
    always(
      "options",
      optionsNamed("c.reloptions", VIEW_OPTIONS),
      "`WITH (security_barrier, …)`, `WITH CHECK OPTION`",
    ),
    printed(
      "defaults",
      `
        (SELECT string_agg(d.adnum || ' ' || pg_get_expr(d.adbin, d.adrelid), ',' ORDER BY d.adnum)
           FROM pg_attrdef d
          WHERE d.adrelid = c.oid)
      `,
      "`ALTER COLUMN … SET DEFAULT`",
    ),
    otherMajorFlag(
      "has-defaults",
      "EXISTS (SELECT FROM pg_attrdef d WHERE d.adrelid = c.oid)",
      "`ALTER COLUMN … SET DEFAULT`",
    ),
  ]),
  viewClass("materialized-view", "m", [
    always("options", STORAGE_OPTIONS, "`WITH (…)`, storage parameters by name"),
    always("toast-options", TOAST_STORAGE_OPTIONS, "`WITH (toast.…)`"),
    always("access-method", ACCESS_METHOD, "`USING`"),
    always("replica-identity", "nullif(c.relreplident, 'd')", "`REPLICA IDENTITY`"),
  ]),
];
