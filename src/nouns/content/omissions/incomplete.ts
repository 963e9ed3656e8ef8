import type { DatabaseSession } from "../../../ports/database.ts";
import type { Difference } from "../compare/difference.ts";
import type { LeftOut } from "../left-out.ts";
import { OBJECT_CLASSES } from "../read/objects/all.ts";
import type { ServerFacts } from "../read/objects/object-class.ts";
import { objectQuery, type ObjectRow } from "../read/objects/object-query.ts";
import { referredSchema } from "../read/objects/referred-schema.ts";
import { serverFacts } from "../read/objects/server-facts.ts";
import { decodeText, textColumn } from "../read/objects/server-text.ts";
import type { ContentScope, ObjectKind } from "../record.ts";
import { scopeValues } from "../scope.ts";
import { isUsersSchema } from "../../../postgres/schemas.ts";

/**
 * What a backup of a part of a database holds and cannot bring back by itself: a foreign key to a table that
 * is in no schema of the scope, a policy that calls a function out there, a view over it, and whatever needs
 * one of these. pg_dump writes them without a word; a restore into an empty database fails at them. So they
 * are named when the backup is made, while its scope can still be made wider.
 *
 * Only what the server keeps note of can be known: the body of a function is a text to it.
 * https://www.postgresql.org/docs/current/catalog-pg-depend.html
 */

/** What such a gap is about; the comparison with a copy says what came of it there. */
export const INCOMPLETE = "incomplete";

/** True for a namespace `n` whose objects are in the backup, or on every server. */
const AT_HAND = `
  (NOT ${isUsersSchema()}
   OR (cardinality($1::text[]) = 0 OR n.nspname::text = ANY ($1::text[]))
      AND NOT n.nspname::text = ANY ($2::text[]))
`;

/**
 * Every dependency of one object on another, both of user's making, as pairs of catalog and object. What
 * is written inside another object's definition counts as that: the rule of a view, the default of a
 * column, a check.
 */
const NEEDS = `
  SELECT CASE WHEN coalesce(r.ev_class, f.adrelid, k.conrelid) IS NULL THEN d.classid
              ELSE 'pg_class'::regclass END AS class,
         coalesce(r.ev_class, f.adrelid, k.conrelid, d.objid) AS object, d.refclassid AS refclass,
         d.refobjid AS refobject
    FROM pg_depend d
    LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass
         AND r.oid = d.objid
         AND r.rulename = '_RETURN'
    LEFT JOIN pg_attrdef f ON d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid
    LEFT JOIN pg_constraint k ON d.classid = 'pg_constraint'::regclass
         AND k.oid = d.objid
         AND k.contype = 'c'
         AND k.convalidated
         AND k.conrelid <> 0
   WHERE d.deptype IN ('n', 'a', 'i')
     AND d.objid >= 16384
     AND d.refobjid >= 16384
     AND d.refclassid NOT IN ('pg_namespace'::regclass, 'pg_extension'::regclass)
`;

/**
 * What is needed, for people. Names are read from the snapshot; what has been dropped since shows
 * as a number.
 */
const NEEDED = `
  CASE x.refclass
       WHEN 'pg_class'::regclass
         THEN (SELECT CASE o.relkind
                           WHEN 'v' THEN 'view '
                           WHEN 'm' THEN 'materialized view '
                           WHEN 'S' THEN 'sequence '
                           WHEN 'i' THEN 'index '
                           WHEN 'I' THEN 'index '
                           ELSE 'table ' END
               || quote_ident(n.nspname) || '.' || quote_ident(o.relname)
                 FROM pg_class o
                WHERE o.oid = x.refobject)
       WHEN 'pg_proc'::regclass THEN 'function ' || x.refobject::regprocedure
       WHEN 'pg_type'::regclass THEN 'type ' || format_type(x.refobject, NULL)
       WHEN 'pg_operator'::regclass THEN 'operator ' || x.refobject::regoperator
       WHEN 'pg_foreign_server'::regclass THEN 'foreign server '
         || (SELECT quote_ident(o.srvname) FROM pg_foreign_server o WHERE o.oid = x.refobject)
       WHEN 'pg_language'::regclass THEN 'language '
         || (SELECT quote_ident(o.lanname) FROM pg_language o WHERE o.oid = x.refobject)
       WHEN 'pg_am'::regclass THEN 'access method '
         || (SELECT quote_ident(o.amname) FROM pg_am o WHERE o.oid = x.refobject)
       ELSE 'an object of schema ' || quote_ident(n.nspname) END
`;

/**
 * What belongs to no schema: as soon as schemas are named, pg_dump leaves it out (`include_everything` in
 * src/bin/pg_dump/pg_dump.c).
 */
const SCHEMALESS =
  "(cardinality($1::text[]) > 0 AND x.refclass IN ('pg_foreign_server'::regclass, 'pg_language'::regclass, " +
  "'pg_am'::regclass))";

/**
 * What needs something that is not at hand; extensions are made before everything else, and so are
 * their members.
 */
const outside = (server: ServerFacts): string => `
  SELECT *
    FROM (
          SELECT DISTINCT x.class::regclass || ' ' || x.object AS place,
                 ${textColumn(server, NEEDED)} AS needs
            FROM (${NEEDS}) x
            LEFT JOIN pg_namespace n ON n.oid = ${referredSchema("x.refclass", "x.refobject")}
           WHERE (n.oid IS NOT NULL AND NOT ${AT_HAND}
                  OR ${SCHEMALESS}
                  OR x.refclass = 'pg_class'::regclass AND x.refobject = ANY ($3::oid[]))
             AND NOT EXISTS (SELECT FROM pg_depend member
                              WHERE member.classid = x.refclass
                                AND member.objid = x.refobject
                                AND member.deptype = 'e') ) found
   ORDER BY needs LIKE 'index %', needs
`;

/** What needs one of these places. */
const FURTHER = `
  SELECT DISTINCT x.class::regclass || ' ' || x.object AS place,
         x.refclass::regclass || ' ' || x.refobject AS cause
    FROM (${NEEDS}) x
   WHERE x.refclass::regclass || ' ' || x.refobject = ANY ($1::text[])
`;

interface Outside {
  readonly place: string;
  /** Null for what has been dropped since. */
  readonly needs: string | null;
}

/** Whether an object in scope is in the backup. */
type Holds = (kind: ObjectKind, identity: string) => boolean;

interface Further {
  readonly place: string;
  readonly cause: string;
}

/**
 * @param session with the pinned settings, inside the transaction whose snapshot was dumped
 * @param leftOut relations in scope of which the backup holds nothing
 * @param holds what stands on those is not in it either
 */
export async function findIncomplete(
  session: DatabaseSession,
  scope: ContentScope,
  leftOut: readonly LeftOut[],
  holds: Holds = () => true,
): Promise<Difference[]> {
  if (scope.includeSchemas.length + scope.excludeSchemas.length + leftOut.length === 0) return [];
  const server = await serverFacts(session);
  const seeds = await session.query<Outside>(outside(server), [
    ...scopeValues(scope),
    leftOut.map(({ oid }) => oid),
  ]);
  if (seeds.length === 0) return [];
  const objects = await objectsOf(session, server, scope, holds);
  // What is itself out of scope is of no concern, and neither is what needs it.
  const why = new Map<string, string>();
  for (const { place, needs } of seeds) {
    if (objects.has(place) && !why.has(place)) why.set(place, decodeText(server, needs ?? "an object"));
  }
  let fresh = [...why.keys()];
  while (fresh.length > 0) {
    const all = await session.query<Further>(FURTHER, [fresh]);
    const rows = all.filter(({ place }) => objects.has(place) && !why.has(place));
    for (const { place, cause } of rows) why.set(place, why.get(cause)!);
    fresh = [...new Set(rows.map(({ place }) => place))];
  }
  return [...why]
    .map(([place, needs]): Difference => ({
      severity: "gap",
      about: INCOMPLETE,
      name: objects.get(place)!,
      message: `needs ${needs}, which is not in this backup: a restore of this backup alone cannot make it`,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** `<catalog> <oid>` → `<kind> <identity>` of everything in the backup that others can be told to need. */
async function objectsOf(
  session: DatabaseSession,
  server: ServerFacts,
  scope: ContentScope,
  holds: Holds,
): Promise<Map<string, string>> {
  const objects = new Map<string, string>();
  const classes = OBJECT_CLASSES.filter(
    ({ place, superuser }) => place !== undefined && (superuser !== true || server.superuser),
  );
  for (const each of classes) {
    const rows = await session.query<ObjectRow>(
      objectQuery(server, { ...each, fields: [] }),
      scopeValues(scope),
    );
    for (const { place, identity } of rows) {
      const name = decodeText(server, identity);
      if (place !== null && holds(each.kind, name)) objects.set(place, `${each.kind} ${name}`);
    }
  }
  return objects;
}
