import type { ObjectKind } from "../../record.ts";

/**
 * One query for every class of objects. Each gives rows of
 *
 * - `cls`, `oid`, `sub`: where comments are attached;
 * - `identity`: the object's name, quoted where needed, never an object id;
 * - `definition`: everything that makes it what it is, in a fixed order;
 * - `owner`: a role's name, or null where the object has none of its own;
 * - `portable`, where expressions or queries are a part of the definition: what of it every major
 *   version prints alike.
 *
 * `$1`, `$2` are the scope. Columns that only newer servers have are read through `to_jsonb`, so that older
 * ones do not fail.
 */
export interface ObjectQuery {
  readonly kind: ObjectKind;
  readonly sql: string;
  /** The definition is an expression or query printed by the server: {@link canonical} applies. */
  readonly printed?: boolean;
}

/** A name in its schema, quoted where needed. */
export const named = (schema: string, name: string): string =>
  `quote_ident(${schema}) || '.' || quote_ident(${name})`;
/** A collation by its name; nothing where there is none. */
export const collation = (oid: string): string => `
  coalesce((SELECT ${named("cn.nspname", "co.collname")}
              FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace
             WHERE co.oid = ${oid}),
           '')
`;
/** Options are a set: their order in the catalog depends on how they were set. */
export const options = (list: string): string =>
  `coalesce((SELECT string_agg(o, ',' ORDER BY o COLLATE "C") FROM unnest(${list}) AS o), '')`;
/** A column that only newer servers have. */
export const optional = (row: string, column: string): string =>
  `coalesce(to_jsonb(${row}) ->> '${column}', '')`;
