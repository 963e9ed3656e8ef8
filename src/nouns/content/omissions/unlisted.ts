import type { DatabaseSession } from "../../../ports/database.ts";
import type { TocEntry } from "../../../ports/dump-tools.ts";
import type { Difference } from "../compare/difference.ts";
import type { LeftOut } from "../left-out.ts";
import type { ContentScope } from "../record.ts";
import { NET_SCHEMA, notInExtension, scopeValues, WHOLE_DATABASE } from "../scope.ts";
import { attempt } from "../../server/attempt.ts";
import { isUsersSchema } from "../../../postgres/schemas.ts";

/**
 * The net: every object a user made and the scope asks for must be an entry of the archive's table of
 * contents, which names objects by the source's own ids. What is written inside another entry is left out by
 * a rule, each with its reason; what remains has been left out by pg_dump without a word.
 */

/**
 * Object ids below are given by initdb (src/include/access/transam.h, FirstNormalObjectId): the server
 * brings those itself.
 */
const FIRST_USER_OID = 16384;

interface ObjectClass {
  readonly catalog: string;
  readonly oid: string;
  /** `FROM …` that has the schema as `n` where {@link scope} is not given. */
  readonly from: string;
  /** What of the class stands in the archive as an entry of its own. */
  readonly where?: string;
  /** Default {@link NET_SCHEMA}. */
  readonly scope?: string;
  /** The catalog came with this major version. */
  readonly since?: number;
}

const inSchema = (catalog: string, namespace: string, where?: string): ObjectClass => ({
  catalog,
  oid: "x.oid",
  from: `${catalog} x JOIN pg_namespace n ON n.oid = x.${namespace}`,
  where: [notInExtension(catalog, "x.oid"), ...(where === undefined ? [] : [where])].join(" AND "),
});
const inNoSchema = (catalog: string, where?: string): ObjectClass => ({
  catalog,
  oid: "x.oid",
  from: `${catalog} x`,
  scope: WHOLE_DATABASE,
  where: [notInExtension(catalog, "x.oid"), ...(where === undefined ? [] : [where])].join(" AND "),
});
/**
 * A part of a relation `c`; parts of an extension's relation cannot be told from what its script makes (see
 * extensions.ts).
 */
const ofRelation = (catalog: string, relation: string, where: string): ObjectClass => ({
  catalog,
  oid: "x.oid",
  where: `${notInExtension("pg_class", "c.oid")} AND ${where}`,
  from: `${catalog} x JOIN pg_class c ON c.oid = x.${relation} JOIN pg_namespace n ON n.oid = c.relnamespace`,
});
const madeByAnother = (catalog: string): string => `
  NOT EXISTS (SELECT FROM pg_depend i
               WHERE i.classid = '${catalog}'::regclass AND i.objid = x.oid AND i.deptype = 'i')
`;

/**
 * Policies that an extension's script makes on its own tables, by extension. No catalog says who made a
 * policy, and pg_dump writes none of an extension's tables, so each is known by its name and by saying
 * exactly what the script says. https://github.com/citusdata/pg_cron/blob/main/pg_cron.sql
 */
const OF_SCRIPTS: Readonly<Record<string, readonly string[]>> = {
  pg_cron: ["cron_job_policy", "cron_job_run_details_policy"],
};
const AS_IN_SCRIPT = `
  x.polcmd = '*'
    AND x.polpermissive
    AND x.polroles = '{0}'
    AND x.polwithcheck IS NULL
    AND pg_get_expr(x.polqual, x.polrelid) = '(username = CURRENT_USER)'
`;

function notOfScript(): string {
  const known = Object.entries(OF_SCRIPTS).flatMap(([extension, names]) =>
    names.map((name) => `('${extension}', '${name}')`),
  );
  return `
    NOT (${AS_IN_SCRIPT}
         AND EXISTS (SELECT FROM pg_depend e JOIN pg_extension own ON own.oid = e.refobjid
                      WHERE e.classid = 'pg_class'::regclass
                        AND e.objid = c.oid
                        AND e.refclassid = 'pg_extension'::regclass
                        AND e.deptype = 'e'
                        AND (own.extname::text, x.polname::text) IN (VALUES ${known.join(", ")})))
  `;
}

const CLASSES: readonly ObjectClass[] = [
  // `public` is there before a restore; only what differs in it is dumped.
  {
    catalog: "pg_namespace",
    oid: "n.oid",
    from: "pg_namespace n",
    where: `n.nspname <> 'public' AND ${notInExtension("pg_namespace", "n.oid")}`,
  },
  inSchema("pg_class", "relnamespace", "x.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')"),
  {
    // A constraint brings its index. An invalid one holds nothing: it was left behind by a concurrent
    // build that failed.
    ...ofRelation(
      "pg_index",
      "indrelid",
      `
        (x.indisvalid OR c.relkind = 'p')
          AND NOT EXISTS (SELECT FROM pg_constraint k
                           WHERE k.conindid = x.indexrelid
                             AND k.conrelid = c.oid
                             AND k.contype IN ('p', 'u', 'x'))
      `,
    ),
    catalog: "pg_class",
    oid: "x.indexrelid",
  },
  // Checks stand in their table, unless they are not validated; foreign keys of partitions are made with
  // their parent's.
  ofRelation(
    "pg_constraint",
    "conrelid",
    `
      (x.contype IN ('p', 'u', 'x')
       OR (x.contype = 'f' AND x.conparentid = 0)
       OR (x.contype = 'c' AND NOT x.convalidated AND x.conislocal))
    `,
  ),
  {
    ...inSchema("pg_constraint", "connamespace"),
    where:
      "x.contypid <> 0 AND x.contype = 'c' AND NOT x.convalidated " +
      `AND ${notInExtension("pg_type", "x.contypid")}`,
  },
  // Those of partitions are made with their parent's.
  ofRelation(
    "pg_trigger",
    "tgrelid",
    "NOT x.tgisinternal AND coalesce(to_jsonb(x) ->> 'tgparentid', '0') = '0'",
  ),
  // The rule of a view is the view.
  ofRelation("pg_rewrite", "ev_class", "x.rulename <> '_RETURN'"),
  { ...ofRelation("pg_policy", "polrelid", "true"), where: notOfScript() },
  inSchema("pg_statistic_ext", "stxnamespace"),
  // Constructors of ranges are made with their type.
  inSchema("pg_proc", "pronamespace", madeByAnother("pg_proc")),
  // Row types, arrays and multiranges are made with what they are of.
  inSchema(
    "pg_type",
    "typnamespace",
    `
      (x.typtype IN ('b', 'd', 'e', 'r')
       OR (x.typtype = 'p' AND NOT x.typisdefined)
       OR (x.typtype = 'c' AND EXISTS (SELECT FROM pg_class r WHERE r.oid = x.typrelid AND r.relkind = 'c')))
        AND NOT EXISTS (SELECT FROM pg_type el WHERE el.typarray = x.oid)
    `,
  ),
  // One without a function was only named as another one's commutator, and is made with that.
  inSchema("pg_operator", "oprnamespace", "x.oprcode <> 0"),
  inSchema("pg_opclass", "opcnamespace"),
  // A family that has classes is made with them.
  inSchema("pg_opfamily", "opfnamespace", "NOT EXISTS (SELECT FROM pg_opclass o WHERE o.opcfamily = x.oid)"),
  inSchema("pg_collation", "collnamespace"),
  inSchema("pg_conversion", "connamespace"),
  inSchema("pg_ts_parser", "prsnamespace"),
  inSchema("pg_ts_template", "tmplnamespace"),
  inSchema("pg_ts_dict", "dictnamespace"),
  inSchema("pg_ts_config", "cfgnamespace"),
  // Casts of a range to its multirange are made with them.
  inNoSchema("pg_cast", madeByAnother("pg_cast")),
  inNoSchema("pg_language", "x.lanispl"),
  inNoSchema("pg_transform"),
  inNoSchema("pg_am"),
  inNoSchema("pg_event_trigger"),
  inNoSchema("pg_foreign_data_wrapper"),
  inNoSchema("pg_foreign_server"),
  inNoSchema("pg_publication"),
  {
    catalog: "pg_publication_rel",
    oid: "x.oid",
    scope: `${WHOLE_DATABASE} AND ${NET_SCHEMA}`,
    from:
      "pg_publication_rel x JOIN pg_class c ON c.oid = x.prrelid JOIN pg_namespace n ON n.oid " +
      "= c.relnamespace",
  },
  {
    catalog: "pg_publication_namespace",
    oid: "x.oid",
    scope: `${WHOLE_DATABASE} AND ${NET_SCHEMA}`,
    since: 15,
    from: "pg_publication_namespace x JOIN pg_namespace n ON n.oid = x.pnnspid",
  },
  {
    catalog: "pg_default_acl",
    oid: "x.oid",
    scope: `CASE WHEN x.defaclnamespace = 0 THEN ${WHOLE_DATABASE} ELSE ${NET_SCHEMA} END`,
    from: "pg_default_acl x LEFT JOIN pg_namespace n ON n.oid = x.defaclnamespace",
  },
  { catalog: "pg_extension", oid: "x.oid", from: "pg_extension x", scope: WHOLE_DATABASE },
];

interface Place {
  readonly catalog: string;
  readonly oid: string;
  /** The server's own schema that it stands in. */
  readonly within: string | null;
}

/**
 * Objects that a user made, that the scope asks for, and that are no entry of the archive.
 *
 * @param session with the pinned settings, inside the transaction whose snapshot was dumped
 * @param leftOut relations that pg_dump was told to leave out, which is said elsewhere
 */
export async function findUnlisted(
  session: DatabaseSession,
  scope: ContentScope,
  entries: readonly TocEntry[],
  leftOut: readonly LeftOut[] = [],
): Promise<Difference[]> {
  const listed = new Set(entries.map((entry) => `${entry.catalog} ${entry.oid}`));
  const [{ major }] = (await session.query<{ major: number }>(
    "SELECT current_setting('server_version_num')::int / 10000 AS major",
  )) as [{ major: number }];
  // One statement for all classes: a server may be far away.
  const queries = CLASSES.filter(({ since }) => (since ?? 0) <= major).map(queryFor);
  const places = await session.query<Place>(
    `SELECT catalog, oid, within FROM (${queries.join(" UNION ALL ")}) AS found ORDER BY nr, oid::int8`,
    scopeValues(scope),
  );
  const missing = places.filter((place) => !listed.has(`${place.catalog} ${place.oid}`));
  const left =
    missing.length === 0 || leftOut.length === 0 ? new Set<string>() : await standingOn(session, leftOut);
  const unsaid = missing.filter(({ catalog, oid }) => !left.has(`${catalog} ${oid}`));
  return unsaid.length === 0 ? [] : await describe(session, unsaid);
}

/** `<catalog> <oid>` of relations that were left out knowingly, and of everything that stands on them. */
async function standingOn(
  session: DatabaseSession,
  leftOut: readonly LeftOut[],
): Promise<ReadonlySet<string>> {
  const parts: readonly (readonly [catalog: string, from: string, oid: string, relation: string])[] = [
    ["pg_class", "pg_class", "oid", "oid"],
    ["pg_class", "pg_index", "indexrelid", "indrelid"],
    ["pg_constraint", "pg_constraint", "oid", "conrelid"],
    ["pg_trigger", "pg_trigger", "oid", "tgrelid"],
    ["pg_rewrite", "pg_rewrite", "oid", "ev_class"],
    ["pg_policy", "pg_policy", "oid", "polrelid"],
    ["pg_statistic_ext", "pg_statistic_ext", "oid", "stxrelid"],
    ["pg_publication_rel", "pg_publication_rel", "oid", "prrelid"],
  ];
  const selects = parts.map(
    ([catalog, from, oid, relation]) => `
      SELECT '${catalog}'::regclass::oid::int8::text || ' ' || ${oid}::int8::text AS place
        FROM ${from}
       WHERE ${relation} = ANY ($1::oid[])
    `,
  );
  const rows = await session.query<{ place: string }>(selects.join(" UNION ALL "), [
    leftOut.map(({ oid }) => oid),
  ]);
  return new Set(rows.map(({ place }) => place));
}

function queryFor({ catalog, oid, from, where, scope }: ObjectClass, nr: number): string {
  const within = /\bn\b/.test(from)
    ? `CASE WHEN NOT ${isUsersSchema()} THEN n.nspname::text END`
    : "NULL::text";
  return `
    SELECT ${nr} AS nr, '${catalog}'::regclass::oid::int8::text AS catalog, ${oid}::int8::text AS oid,
           ${within} AS within
      FROM ${from}
     WHERE ${oid} >= ${FIRST_USER_OID} AND ${where ?? "true"} AND (${scope ?? NET_SCHEMA})
  `;
}

/**
 * The server's functions that name objects look at the present: one that is being dropped has no
 * name any more.
 */
async function describe(session: DatabaseSession, places: readonly Place[]): Promise<Difference[]> {
  const named = await attempt(session, () =>
    session.query<{ type: string | null; name: string | null }>(
      `
        SELECT i.type, i.identity AS name
          FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS place(catalog, oid, nr),
               pg_identify_object(place.catalog::oid, place.oid::oid, 0) AS i
         ORDER BY place.nr
      `,
      [places.map((place) => place.catalog), places.map((place) => place.oid)],
    ),
  );
  return places.map(({ catalog, oid, within }, at): Difference => ({
    severity: "gap",
    about: named?.[at]?.type?.replaceAll(" ", "-") ?? "object",
    name: named?.[at]?.name ?? `${oid} of catalog ${catalog}`,
    message:
      within === null
        ? "is not in this backup: pg_dump left it out without saying why"
        : `is not in this backup: no dump holds what somebody made in the server's own schema ${within}`,
  }));
}
