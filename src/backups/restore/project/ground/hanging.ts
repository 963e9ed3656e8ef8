import { leadingNames } from "../../../../nouns/platform/identity.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";

/**
 * Where the user's objects on the platform's ground stand in the server's catalogs, with all that is a
 * part of them (a view's columns and rule, a table's row type, indexes, sequences): what goes along with a
 * cascading drop and is not among these is somebody else's.
 *
 * https://www.postgresql.org/docs/current/catalog-pg-depend.html
 *
 * @param objects kind and identity, as a content record names them
 * @returns `<catalog> <oid>` of each
 */
export async function placesOf(
  session: DatabaseSession,
  objects: readonly (readonly [kind: string, identity: string])[],
): Promise<ReadonlySet<string>> {
  const names = objects.map(([, identity]) => leadingNames(identity));
  const rows = await session.query<{ place: string }>(PLACES, [
    objects.map(([kind]) => kind),
    objects.map(([, identity]) => identity),
    ...[0, 1, 2].map((at) => names.map((each) => each[at] ?? "")),
  ]);
  return new Set(rows.map(({ place }) => place));
}

const ON_RELATION = (catalog: string, kind: string, relation: string, name: string): string => `
  SELECT '${catalog}'::regclass::oid, x.oid
    FROM given g
    JOIN pg_namespace n ON n.nspname = g.schema
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = g.second
    JOIN ${catalog} x ON x.${relation} = c.oid AND x.${name} = g.third
   WHERE g.kind = '${kind}'
`;

const IN_SCHEMA = (catalog: string, kinds: readonly string[], schema: string, name: string): string => `
  SELECT '${catalog}'::regclass::oid, x.oid
    FROM given g
    JOIN pg_namespace n ON n.nspname = g.schema
    JOIN ${catalog} x ON x.${schema} = n.oid AND x.${name} = g.second
   WHERE g.kind IN (${kinds.map((kind) => `'${kind}'`).join(", ")})
`;

/** Functions are known by their arguments too, with these' names. */
const FUNCTIONS = `
  SELECT 'pg_proc'::regclass::oid, p.oid
    FROM given g
    JOIN pg_namespace n ON n.nspname = g.schema
    JOIN pg_proc p ON p.pronamespace = n.oid AND p.proname = g.second
   WHERE g.kind = 'function'
     AND quote_ident(n.nspname) || '.' || quote_ident(p.proname) || '('
       || pg_get_function_identity_arguments(p.oid) || ')' = g.identity
`;

const PLACES = `
  WITH RECURSIVE given AS (
    SELECT *
      FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS each (
        kind, identity, schema, second, third)
  ), own (cls, obj) AS (
    ${[
      ON_RELATION("pg_trigger", "trigger", "tgrelid", "tgname"),
      ON_RELATION("pg_policy", "policy", "polrelid", "polname"),
      ON_RELATION("pg_rewrite", "rule", "ev_class", "rulename"),
      ON_RELATION("pg_constraint", "constraint", "conrelid", "conname"),
      IN_SCHEMA(
        "pg_class",
        ["table", "view", "materialized-view", "index", "sequence"],
        "relnamespace",
        "relname",
      ),
      IN_SCHEMA("pg_type", ["type"], "typnamespace", "typname"),
      IN_SCHEMA("pg_collation", ["collation"], "collnamespace", "collname"),
      IN_SCHEMA("pg_statistic_ext", ["statistics"], "stxnamespace", "stxname"),
      FUNCTIONS,
    ].join("\n    UNION ALL ")}
  ), whole (cls, obj) AS (
    SELECT cls, obj FROM own
    UNION SELECT d.classid, d.objid
            FROM whole w
            JOIN pg_depend d ON d.refclassid = w.cls
                 AND d.refobjid = w.obj
                 AND d.deptype IN ('i', 'a', 'P', 'S')
  )
  SELECT cls::regclass || ' ' || obj AS place FROM whole
`;
