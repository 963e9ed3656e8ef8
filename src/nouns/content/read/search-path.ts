import type { DatabaseSession } from "../../../ports/database.ts";
import { displayPart } from "../../../postgres/display-name.ts";
import { listed } from "../../../kernel/listed.ts";
import type { ContentScope } from "../record.ts";
import { IN_SCOPE, isExtensionConfig, notInExtension, scopeValues } from "../scope.ts";
import { unprintedOperators } from "./unprinted-operators.ts";
import { references, referencesInStrings, type Reference } from "./unqualified-names.ts";

/**
 * pg_restore works with an empty search path (https://www.postgresql.org/docs/release/10.3/, CVE-2018-1058).
 * A function that names its tables, types or other functions without their schema runs in production, where
 * the role's search path finds them, and fails in a restore as soon as it is called there: by a generated
 * column, an index, a check or a materialized view. Said when the backup is made, because then it can still
 * be mended.
 */

/** Warnings that a report holds; of more the number is told. */
const WARNINGS_MAX = 20;
/** Names in one warning. */
const NAMES_MAX = 3;
/** Larger tables are not searched for values that name indexes. */
const SEARCHED_BYTES_MAX = 1024 * 1024 * 1024;

/** The relation `c` of schema `n`, as SQL. */
const relation = "quote_ident(n.nspname) || '.' || quote_ident(c.relname)";

/**
 * Where a restore calls functions, and which ones: through operators, aggregates, views and other functions
 * too, as far as the server records it.
 */
const CALLED = `
  WITH RECURSIVE place AS (
    SELECT 'the generated column ' || ${relation} || '.' || quote_ident(a.attname) AS name,
           d.refclassid AS class, d.refobjid AS object
      FROM pg_attrdef f
      JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum AND a.attgenerated = 's'
      JOIN pg_class c ON c.oid = f.adrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      -- Before PostgreSQL 15 the column itself depends.
      JOIN pg_depend d ON (d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid)
                       OR (d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = a.attnum)
     WHERE ${IN_SCOPE}
    UNION
    SELECT CASE c.relkind WHEN 'p' THEN 'the partition key of ' ELSE 'the index ' END || ${relation},
           d.refclassid, d.refobjid
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
     WHERE c.relkind IN ('i', 'I', 'p') AND ${IN_SCOPE}
    UNION
    SELECT 'the check ' || quote_ident(o.conname) || ' of '
             || CASE WHEN o.conrelid <> 0 THEN o.conrelid::regclass::text ELSE o.contypid::regtype::text END,
           d.refclassid, d.refobjid
      FROM pg_constraint o JOIN pg_namespace n ON n.oid = o.connamespace
      JOIN pg_depend d ON d.classid = 'pg_constraint'::regclass AND d.objid = o.oid
     WHERE o.contype = 'c' AND ${IN_SCOPE}
    UNION
    SELECT 'the materialized view ' || ${relation}, 'pg_rewrite'::regclass, r.oid
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_rewrite r ON r.ev_class = c.oid
     WHERE c.relkind = 'm' AND c.relispopulated AND ${IN_SCOPE}
  ), arrow AS (
    SELECT classid, objid, refclassid, refobjid FROM pg_depend
     WHERE classid IN ('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_rewrite'::regclass)
       AND refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_class'::regclass)
    UNION ALL
    SELECT 'pg_class'::regclass, v.oid, 'pg_rewrite'::regclass, r.oid
      FROM pg_class v JOIN pg_rewrite r ON r.ev_class = v.oid WHERE v.relkind = 'v'
  ), called AS (
    SELECT name, class, object FROM place
    UNION
    SELECT called.name, arrow.refclassid, arrow.refobjid
      FROM called JOIN arrow ON arrow.classid = called.class AND arrow.objid = called.object
  )
  SELECT p.oid, min(called.name COLLATE "C") AS place, count(DISTINCT called.name)::int AS places,
         l.lanname::text AS language, p.prosrc AS body,
         quote_ident(pn.nspname) || '.' || quote_ident(p.proname)
           || '(' || pg_get_function_identity_arguments(p.oid) || ')' AS function
    FROM called JOIN pg_proc p ON called.class = 'pg_proc'::regclass AND p.oid = called.object
    JOIN pg_namespace pn ON pn.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
   WHERE p.oid >= 16384 AND l.lanname NOT IN ('internal', 'c') AND p.prokind <> 'a'
     AND ${notInExtension("pg_proc", "p.oid")}
     AND NOT EXISTS (SELECT FROM unnest(p.proconfig) setting WHERE setting LIKE 'search\\_path=%')
     -- A body that was parsed when it was made names what it means by number; since PostgreSQL 14.
     AND to_jsonb(p) ->> 'prosqlbody' IS NULL
   GROUP BY p.oid, p.prokind, p.proname, p.prosrc, pn.nspname, l.lanname ORDER BY p.oid
`;

/** Where names of these kinds are; `pg_catalog` is always searched first. */
const RESOLVE = `
  SELECT DISTINCT asked.kind, asked.name, n.nspname::text AS schema
    FROM unnest($1::text[], $2::text[]) AS asked (kind, name)
    JOIN LATERAL (
      SELECT relnamespace AS namespace FROM pg_class
       WHERE asked.kind = 'relation'
         AND relname = asked.name::name
         AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      UNION ALL SELECT pronamespace FROM pg_proc WHERE asked.kind = 'function' AND proname = asked.name::name
      UNION ALL SELECT typnamespace FROM pg_type WHERE asked.kind = 'type' AND typname = asked.name::name
      UNION ALL SELECT oprnamespace FROM pg_operator
       WHERE asked.kind = 'operator' AND oprname = asked.name::name
      UNION ALL SELECT cfgnamespace FROM pg_ts_config
       WHERE asked.kind = 'configuration' AND cfgname = asked.name::name
      UNION ALL SELECT dictnamespace FROM pg_ts_dict
       WHERE asked.kind = 'dictionary' AND dictname = asked.name::name
    ) AS at ON true
    JOIN pg_namespace n ON n.oid = at.namespace
   WHERE n.nspname !~ '^pg_t(?:emp|oast)' ORDER BY 1, 2, 3
`;

interface Called {
  readonly place: string;
  readonly places: number;
  readonly language: string;
  readonly body: string;
  readonly function: string;
}

/** What of a function or query only a search path finds. */
interface Suspect {
  readonly references: readonly Reference[];
  /** @param path the search path that finds them */
  readonly warning: (names: readonly string[], path: string) => string;
}

/**
 * What in a database will probably not come back as it is, because a restore has no search path or makes
 * indexes last; each with the statement that mends it. Nothing of the database's own is called.
 *
 * @param session with the pinned settings, inside the backup's snapshot
 */
export async function searchPathWarnings(
  session: DatabaseSession,
  scope: ContentScope,
): Promise<readonly string[]> {
  const suspects = [...(await calledFunctions(session, scope)), ...(await materializedViews(session, scope))];
  const schemas = await resolve(
    session,
    suspects.flatMap((suspect) => suspect.references),
  );
  const warnings: string[] = [];
  for (const { references: all, warning } of suspects) {
    const known = [...new Map(all.map((reference) => [key(reference), reference])).values()].filter(
      (reference) => schemas.has(key(reference)),
    );
    const places = known.map((reference) => schemas.get(key(reference)) ?? []);
    if (known.length > 0) {
      warnings.push(
        warning(
          known.map((reference) => reference.name),
          path(places),
        ),
      );
    }
  }
  warnings.push(...(await unprintedOperators(session, scope)), ...(await indexNamesInRows(session, scope)));
  const more = warnings.length - WARNINGS_MAX;
  return more <= 0
    ? warnings
    : [...warnings.slice(0, WARNINGS_MAX), `${more} more warnings of this kind are not shown`];
}

function key({ kind, name }: Reference): string {
  return `${kind} ${name}`;
}

/** Names that are in schemas of somebody's own and not in `pg_catalog`, with those schemas. */
async function resolve(
  session: DatabaseSession,
  asked: readonly Reference[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (asked.length === 0) return new Map();
  const rows = await session.query<{ kind: Reference["kind"]; name: string; schema: string }>(RESOLVE, [
    asked.map(({ kind }) => kind),
    asked.map(({ name }) => name),
  ]);
  const schemas = new Map<string, string[]>();
  for (const row of rows) schemas.set(key(row), [...(schemas.get(key(row)) ?? []), row.schema]);
  for (const [name, at] of schemas) if (at.includes("pg_catalog")) schemas.delete(name);
  return schemas;
}

async function calledFunctions(session: DatabaseSession, scope: ContentScope): Promise<readonly Suspect[]> {
  const rows = await session.query<Called>(CALLED, scopeValues(scope));
  return rows.map((called) => ({
    references: references(called.body, called.language),
    warning: (names, where) =>
      `function ${called.function} finds ${listed(names, NAMES_MAX)} only by a search path, and a restore ` +
      `has none: ${called.place}${called.places > 1 ? ` (and ${called.places - 1} more)` : ""} may ` +
      `not come back; mend it with ALTER FUNCTION ${called.function} SET search_path = ${where};`,
  }));
}

/** Materialized views whose query has another one in a string, as `ts_stat` takes it. */
async function materializedViews(session: DatabaseSession, scope: ContentScope): Promise<readonly Suspect[]> {
  const rows = await session.query<{ view: string; query: string }>(
    `
      SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS view, pg_get_viewdef(c.oid) AS query
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind = 'm' AND c.relispopulated AND ${IN_SCOPE} AND ${notInExtension("pg_class", "c.oid")}
       ORDER BY 1
    `,
    scopeValues(scope),
  );
  return rows.map(({ view, query }) => ({
    references: referencesInStrings(query),
    warning: (names, where) =>
      `the materialized view ${view} names ${listed(names, NAMES_MAX)} in a string ` +
      "without a schema, and a restore has no search path: the view may come back empty; " +
      `write the name with its schema (${where}) in its query`,
  }));
}

/** Rows that name an index, which a restore makes after all rows. */
async function indexNamesInRows(session: DatabaseSession, scope: ContentScope): Promise<readonly string[]> {
  const columns = await session.query<{ qualified: string; column: string; small: boolean }>(
    `
      SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS qualified,
             quote_ident(a.attname) AS "column", pg_relation_size(c.oid) <= ${SEARCHED_BYTES_MAX} AS small
        FROM pg_attribute a
        JOIN pg_class c ON c.oid = a.attrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE a.atttypid = 'regclass'::regtype
         AND a.attnum > 0
         AND NOT a.attisdropped
         AND c.relkind = 'r'
         AND ${IN_SCOPE}
         AND (${notInExtension("pg_class", "c.oid")} OR ${isExtensionConfig("c.oid")})
       ORDER BY 1, 2
    `,
    scopeValues(scope),
  );
  const warnings: string[] = [];
  for (const { qualified, column, small } of columns) {
    const what = `column ${qualified}.${column} holds names of relations (regclass)`;
    if (!small) {
      warnings.push(
        `${what} and was too large to be searched: rows that name an index cannot be ` +
          `restored, because indexes are made after all rows; keep such names as text`,
      );
      continue;
    }
    const [row] = await session.query<{ found: string | null }>(
      `SELECT min(i.oid::regclass::text) AS found FROM pg_class i WHERE i.relkind IN ('i', 'I') AND ` +
        `EXISTS (SELECT FROM ONLY ${qualified} t WHERE t.${column} = i.oid)`,
    );
    if (row?.found != null) {
      warnings.push(
        `${what}, among them the index ${row.found}: a restore makes indexes after all ` +
          "rows, so that this table's rows come last, where it may be filled at all then; " +
          `keep such names as text (ALTER TABLE ${qualified} ALTER ${column} TYPE text)`,
      );
    }
  }
  return warnings;
}

/**
 * The server's own schema first. Where a name stands in several schemas, only a person knows which is meant.
 */
function path(places: readonly (readonly string[])[]): string {
  const schemas = [...new Set(places.flat())];
  if (places.some((each) => each.length > 1)) {
    return `pg_catalog, <of ${schemas.map(displayPart).join(" and ")} the one that is meant>`;
  }
  return ["pg_catalog", ...schemas.map(displayPart)].join(", ");
}
