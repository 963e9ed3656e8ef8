import { notInExtension, WHOLE_DATABASE } from "../../scope.ts";
import { always, flag, otherMajorFlag, printed, type ObjectClass } from "./object-class.ts";
import { functionName, RELATION, roleName, vectorNames } from "./names.ts";
import { operatorFields } from "./operators-used.ts";
import { OWN_RELATION } from "./tables.ts";

/**
 * A partition's own copy of its parent's trigger counts too, because its state may be another one and is
 * dumped. Up to 14 such copies are marked as internal, like the triggers behind constraints, which are known
 * by their functions.
 */
const trigger: ObjectClass = {
  kind: "trigger",
  place: { catalog: "pg_trigger", oid: "g.oid" },
  identity: `${RELATION} || '.' || quote_ident(g.tgname)`,
  from: `
     FROM pg_trigger g
     JOIN pg_class c ON c.oid = g.tgrelid
     JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_proc p ON p.oid = g.tgfoid
    WHERE (NOT g.tgisinternal
           OR c.relispartition AND NOT (p.oid < 16384 AND p.proname ~ '^(RI_FKey_|unique_key_recheck$)'))
      AND ${OWN_RELATION}
  `,
  fields: [
    printed("definition", "pg_get_triggerdef(g.oid)", "the whole statement"),
    always("state", "nullif(g.tgenabled, 'O')", "`DISABLE TRIGGER`, `ENABLE ALWAYS`, `ENABLE REPLICA`"),
    always("function", functionName("g.tgfoid"), "`EXECUTE FUNCTION`"),
    always("timing", "g.tgtype", "`BEFORE`, `AFTER`, `INSTEAD OF`, events, `FOR EACH`"),
    always("columns", vectorNames("g.tgattr", "g.tgrelid"), "`UPDATE OF`"),
    flag("deferrable", "g.tgdeferrable", "`DEFERRABLE`"),
    flag("deferred", "g.tginitdeferred", "`INITIALLY DEFERRED`"),
    otherMajorFlag("has-condition", "g.tgqual IS NOT NULL", "`WHEN`"),
    ...operatorFields("g.tgqual"),
  ],
};

const ROLES = `
  (SELECT string_agg(coalesce(quote_ident(r.rolname), 'public'), ',' ORDER BY r.rolname COLLATE "C")
     FROM unnest(p.polroles) AS o LEFT JOIN pg_roles r ON r.oid = o)
`;

const policy: ObjectClass = {
  kind: "policy",
  place: { catalog: "pg_policy", oid: "p.oid" },
  identity: `${RELATION} || '.' || quote_ident(p.polname)`,
  from: `
     FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE ${OWN_RELATION}
  `,
  fields: [
    always("command", "p.polcmd", "`FOR`"),
    flag("restrictive", "NOT p.polpermissive", "`AS RESTRICTIVE`"),
    always("roles", ROLES, "`TO`"),
    printed("using", "pg_get_expr(p.polqual, p.polrelid)", "`USING`"),
    printed("check", "pg_get_expr(p.polwithcheck, p.polrelid)", "`WITH CHECK`"),
    otherMajorFlag("has-using", "p.polqual IS NOT NULL", "`USING`"),
    otherMajorFlag("has-check", "p.polwithcheck IS NOT NULL", "`WITH CHECK`"),
    ...operatorFields("concat_ws(' ', p.polqual, p.polwithcheck)"),
  ],
};

const rule: ObjectClass = {
  kind: "rule",
  place: { catalog: "pg_rewrite", oid: "r.oid" },
  identity: `${RELATION} || '.' || quote_ident(r.rulename)`,
  from: `
     FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT (r.ev_type = '1' AND c.relkind IN ('v', 'm')) AND ${OWN_RELATION}
  `,
  fields: [
    printed("definition", "pg_get_ruledef(r.oid)", "the whole statement"),
    always("event", "r.ev_type", "`ON`"),
    flag("instead", "r.is_instead", "`DO INSTEAD`"),
    ...operatorFields("concat_ws(' ', r.ev_qual, r.ev_action)"),
    always("state", "nullif(r.ev_enabled, 'O')", "`DISABLE RULE`, `ENABLE ALWAYS`, `ENABLE REPLICA`"),
  ],
};

const eventTrigger: ObjectClass = {
  kind: "event-trigger",
  place: { catalog: "pg_event_trigger", oid: "e.oid" },
  identity: "quote_ident(e.evtname)",
  owner: roleName("e.evtowner"),
  from: `FROM pg_event_trigger e WHERE ${WHOLE_DATABASE} AND ${notInExtension("pg_event_trigger", "e.oid")}`,
  fields: [
    always("event", "e.evtevent", "`ON`"),
    always("function", functionName("e.evtfoid"), "`EXECUTE FUNCTION`"),
    always("state", "nullif(e.evtenabled, 'O')", "`DISABLE`, `ENABLE ALWAYS`, `ENABLE REPLICA`"),
    always(
      "tags",
      "(SELECT string_agg(tag, ',' ORDER BY tag) FROM unnest(e.evttags) AS tag)",
      "`WHEN TAG IN`",
    ),
  ],
};

export const TRIGGER_CLASSES: readonly ObjectClass[] = [trigger, policy, rule, eventTrigger];
