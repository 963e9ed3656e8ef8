import { otherMajor, sameMajor, type ObjectField } from "./object-class.ts";

/**
 * By which operators something compares, beside the server's own. `USING`, `IS DISTINCT FROM`, `NULLIF`,
 * `CASE x WHEN`, `(a, b) IN (…)` and rows compared with each other are printed without an operator, and a
 * restore, which has no search path, takes another one than the source did: of citext's `=` it becomes that
 * of text. The definitions are then equal and what they do is not.
 *
 * What an expression was understood as is in the catalog, as a tree with the operators' object ids. How often
 * each of them is in it is compared, because the same operator may be written out beside the place where it
 * is not. Names and texts in a tree have a `\` before every blank, so that none of them looks like a part of
 * it (`outToken` in src/backend/nodes/outfuncs.c).
 */

/** Object ids below are the server's own: no search path hides those. */
const FIRST_OTHER = 16_384;

/** Whether there is an operator that is not the server's own; asked once in a query. */
export const HAS_OTHERS = `EXISTS (SELECT FROM pg_operator other WHERE other.oid >= ${FIRST_OTHER})`;

/** `:opno 98`, and of rows `:opnos (o 97 98)`. */
const MENTIONS = "':opnos? ([(]o )?([0-9]+( [0-9]+)*)'";

/** Rows of `(name, times)`: operators in a tree that are not the server's own. */
export function operatorsIn(tree: string): string {
  return `
    (SELECT o.oid::regoperator::text AS name, count(*) AS times
       FROM regexp_matches(${tree}::text, ${MENTIONS}, 'g') AS m,
            unnest(string_to_array(m[2], ' ')) AS used(id)
       JOIN pg_operator o ON o.oid = used.id::oid
      WHERE o.oid >= ${FIRST_OTHER}
      GROUP BY o.oid)
  `;
}

const SET = "operators not the server's own in it";

/**
 * What is compared of a tree's operators: between servers of one major version which and how often, else
 * which, because majors differ in how often a tree repeats a part of itself.
 *
 * Compared only where the source has any. Manifests from before this field have none; and a restore, which
 * has no search path, can take none of these operators unless it is printed.
 *
 * @param tree SQL of a `pg_node_tree`, or of several as one text; null for none
 */
export function operatorFields(tree: string, rest: Pick<ObjectField, "since"> = {}): readonly ObjectField[] {
  // Trees are long, and most databases have none of these operators: that is asked once in a query, not
  // in every row.
  const list = (text: string): string => `
    CASE WHEN ${HAS_OTHERS} THEN
     (SELECT string_agg(${text}, ',' ORDER BY u.name COLLATE "C") FROM ${operatorsIn(tree)} AS u) END
  `;
  return [
    sameMajor("operators", list("u.name || ' ' || u.times"), SET, { ...rest, whenSet: true }),
    otherMajor("which-operators", list("u.name"), SET, { ...rest, whenSet: true }),
  ];
}
