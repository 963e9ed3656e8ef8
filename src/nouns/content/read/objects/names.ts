/**
 * SQL for names in catalogs: always with their schema, quoted where needed, so that a copy's are
 * the same text.
 */

export const named = (schema: string, name: string): string =>
  `quote_ident(${schema}) || '.' || quote_ident(${name})`;

/** The relation `c` in the schema `n`. */
export const RELATION = named("n.nspname", "c.relname");

export const roleName = (oid: string): string => `pg_get_userbyid(${oid})`;

export const typeName = (oid: string): string => `CASE WHEN ${oid} <> 0 THEN format_type(${oid}, NULL) END`;

/** Name of the object with this oid in a catalog that has a namespace; null for none. */
export function nameIn(catalog: string, prefix: string, oid: string): string {
  return `
    (SELECT ${named("sn.nspname", `so.${prefix}name`)}
       FROM ${catalog} so JOIN pg_namespace sn ON sn.oid = so.${prefix}namespace
      WHERE so.oid = ${oid})
  `;
}

export const collationName = (oid: string): string => nameIn("pg_collation", "coll", oid);

/** A function with its arguments; null for none. */
export const functionName = (oid: string): string =>
  `CASE WHEN ${oid}::oid <> 0 THEN ${oid}::oid::regprocedure END`;

/** Names of the columns with these numbers, in order; an expression has number 0. */
export function columnNames(numbers: string, relation: string): string {
  return `
    (SELECT string_agg(coalesce(quote_ident(ka.attname), '()'), ',' ORDER BY ko.place)
       FROM unnest(${numbers}) WITH ORDINALITY AS ko(num, place)
       LEFT JOIN pg_attribute ka ON ka.attrelid = ${relation} AND ka.attnum = ko.num)
  `;
}

/** The columns of an `int2vector`. */
export const vectorNames = (vector: string, relation: string): string =>
  columnNames(`string_to_array(${vector}::text, ' ')::int2[]`, relation);
