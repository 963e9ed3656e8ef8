import type { DatabaseSession } from "../../../ports/database.ts";
import { RELATION } from "./objects/names.ts";
import { HAS_OTHERS, operatorsIn } from "./objects/operators-used.ts";
import { OWN_RELATION } from "./objects/tables.ts";
import type { ContentScope } from "../record.ts";
import { IN_SCOPE, notInExtension, scopeValues } from "../scope.ts";

/**
 * Expressions that compare by an operator which is not printed and which a restore, having no search
 * path, does not find ({@link operatorsIn} says more). Said when the backup is made, because then it can
 * still be mended.
 */

const OF_RELATION = "JOIN pg_namespace n ON n.oid = c.relnamespace";

/**
 * Whether a function has a body of SQL, from 14 on; asked only of those that may, because whole rows of
 * pg_proc are long.
 */
const HAS_BODY = `
  p.prolang = (SELECT oid FROM pg_language WHERE lanname = 'sql')
    AND to_jsonb(p.*) ->> 'prosqlbody' IS NOT NULL
`;

/** Rows of `(what, tree, printed)`: what an expression is of, what it was understood as, and its text. */
const EXPRESSIONS = `
  SELECT CASE WHEN r.rulename <> '_RETURN' THEN 'the rule ' || quote_ident(r.rulename) || ' of '
              WHEN c.relkind = 'm' THEN 'the materialized view ' ELSE 'the view ' END || ${RELATION} AS what,
         concat_ws(' ', r.ev_qual, r.ev_action) AS tree,
         CASE WHEN r.rulename = '_RETURN' THEN pg_get_viewdef(c.oid) ELSE pg_get_ruledef(r.oid) END AS printed
    FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class ${OF_RELATION} WHERE ${OWN_RELATION}
  UNION ALL
  SELECT 'the default or generation of the column ' || ${RELATION} || '.' || quote_ident(a.attname),
         d.adbin::text,
         pg_get_expr(d.adbin, d.adrelid)
    FROM pg_attrdef d JOIN pg_class c ON c.oid = d.adrelid ${OF_RELATION}
    JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE ${OWN_RELATION}
  UNION ALL
  SELECT 'the check ' || quote_ident(k.conname) || ' of '
           || CASE WHEN k.conrelid <> 0 THEN k.conrelid::regclass::text ELSE k.contypid::regtype::text END,
         k.conbin::text, pg_get_constraintdef(k.oid)
    FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
   WHERE k.contype = 'c' AND ${IN_SCOPE} AND ${notInExtension("pg_class", "k.conrelid")}
     AND ${notInExtension("pg_type", "k.contypid")}
  UNION ALL
  SELECT 'the index ' || ${RELATION}, concat_ws(' ', i.indexprs, i.indpred), pg_get_indexdef(c.oid)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid ${OF_RELATION}
   WHERE (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL) AND ${IN_SCOPE}
     AND ${notInExtension("pg_class", "i.indrelid")}
  UNION ALL
  SELECT 'the partition key of ' || ${RELATION}, p.partexprs::text, pg_get_partkeydef(c.oid)
    FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid ${OF_RELATION} WHERE ${OWN_RELATION}
  UNION ALL
  SELECT 'the trigger ' || quote_ident(g.tgname) || ' on ' || ${RELATION}, g.tgqual::text,
         pg_get_triggerdef(g.oid)
    FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid ${OF_RELATION}
   WHERE g.tgqual IS NOT NULL AND ${OWN_RELATION}
  UNION ALL
  SELECT 'the policy ' || quote_ident(p.polname) || ' on ' || ${RELATION},
         concat_ws(' ', p.polqual, p.polwithcheck),
         concat_ws(' ', pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid ${OF_RELATION} WHERE ${OWN_RELATION}
  UNION ALL
  SELECT 'the function ' || p.oid::regprocedure,
         concat_ws(' ', p.proargdefaults, to_jsonb(p.*) ->> 'prosqlbody'),
         CASE WHEN to_jsonb(p.*) ->> 'prosqlbody' IS NULL THEN pg_get_function_arguments(p.oid)
              ELSE pg_get_functiondef(p.oid) END
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
   WHERE p.prokind <> 'a' AND (p.proargdefaults IS NOT NULL OR ${HAS_BODY})
     AND ${IN_SCOPE} AND ${notInExtension("pg_proc", "p.oid")}
  UNION ALL
  SELECT 'the default of the type ' || t.oid::regtype, t.typdefaultbin::text, pg_get_expr(t.typdefaultbin, 0)
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
   WHERE t.typdefaultbin IS NOT NULL AND ${IN_SCOPE} AND ${notInExtension("pg_type", "t.oid")}
`;

/** Where there are only the server's own operators, no expression is looked at. */
const FOUND = `
  SELECT e.what, e.printed, (SELECT sum(u.times)::int FROM ${operatorsIn("e.tree")} AS u) AS times,
         (SELECT array_agg(u.name ORDER BY u.name COLLATE "C")
            FROM ${operatorsIn("e.tree")} AS u) AS operators
    FROM (${EXPRESSIONS}) AS e
   WHERE ${HAS_OTHERS} AND EXISTS (SELECT FROM ${operatorsIn("e.tree")} AS u)
   ORDER BY 1
`;

interface Expression {
  readonly what: string;
  readonly printed: string;
  readonly times: number;
  readonly operators: readonly string[];
}

/** Text in which brackets and words mean nothing. */
const QUOTED = /'(?:[^']|'')*'|"(?:[^"]|"")*"/g;

/**
 * A sentence for each such expression. An operator that a path of `pg_catalog` alone does not find is printed
 * as `OPERATOR(schema.name)`, so where there are fewer of these than operators, one is not printed.
 *
 * @param session with the pinned settings, inside the backup's snapshot
 */
export async function unprintedOperators(
  session: DatabaseSession,
  scope: ContentScope,
): Promise<readonly string[]> {
  const found = await session.query<Expression & object>(FOUND, scopeValues(scope));
  return found
    .filter(({ printed, times }) => timesPrinted(printed) < times)
    .map(
      ({ what, operators }) =>
        `${what} compares by ${operators.join(", ")} where its definition prints no operator (USING, ` +
        "IS DISTINCT FROM, NULLIF, CASE x WHEN, (a, b) IN), and a restore, which has no search " +
        "path, finds another operator there or none: it comes back as something else, or not at all; " +
        "write that comparison with an operator (a = b)",
    );
}

function timesPrinted(text: string): number {
  return (text.replaceAll(QUOTED, "''").match(/\bOPERATOR\(/g) ?? []).length;
}
