import type { ContentScope } from "./record.ts";
import { isUsersSchema } from "../../postgres/schemas.ts";

/** SQL fragments that decide which objects belong to a measurement; the same ones pg_dump would take. */

/** The bound values behind `$1` (schemas to include, empty = all) and `$2` (schemas to leave out). */
export function scopeValues(scope: ContentScope): [string[], string[]] {
  return [[...scope.includeSchemas], [...scope.excludeSchemas]];
}

/** True for a namespace row `n` that is not the server's own and that the scope asks for. */
export const IN_SCOPE = `
  (${isUsersSchema()}
   AND (cardinality($1::text[]) = 0 OR n.nspname::text = ANY ($1::text[]))
   AND NOT n.nspname::text = ANY ($2::text[]))
`;

/**
 * The same with the server's own schemas, which pg_dump leaves out whole: an object that a user put into one
 * is still a loss.
 */
export const NET_SCHEMA = `
  (n.nspname !~ '^pg_(toast|temp)'
   AND (cardinality($1::text[]) = 0 OR n.nspname::text = ANY ($1::text[]))
   AND NOT n.nspname::text = ANY ($2::text[]))
`;

/**
 * True when objects that belong to no schema are in scope: pg_dump leaves them out as soon as
 * schemas are named.
 */
export const WHOLE_DATABASE = "(cardinality($1::text[]) = 0 AND $2::text[] IS NOT NULL)";

/** True when the object is not a part of an extension: CREATE EXTENSION brings those, not the dump. */
export function notInExtension(catalog: string, oid: string): string {
  return `
    NOT EXISTS (SELECT FROM pg_depend member
                 WHERE member.classid = '${catalog}'::regclass
                   AND member.objid = ${oid}
                   AND member.deptype = 'e')
  `;
}

/** True for a table that an extension has marked as holding user data (pg_extension_config_dump). */
export function isExtensionConfig(oid: string): string {
  return `EXISTS (SELECT FROM pg_extension owning WHERE ${oid} = ANY (owning.extconfig))`;
}
