import { HoldfastError } from "../../../kernel/errors.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import { isUsersSchema } from "../../../postgres/schemas.ts";

/** Everything a database holds outside some schemas: object → how the server describes it. */
export type Outside = ReadonlyMap<string, string>;

/** Names shown in the message. */
const NAMES_MAX = 5;

/**
 * Lists what lies outside the schemas: relations, columns, defaults, constraints, triggers, policies, rules,
 * functions, types, extensions. Taken before and after a cascading drop it shows what the drop took along.
 */
export async function listOutside(session: DatabaseSession, schemas: readonly string[]): Promise<Outside> {
  const relation =
    "JOIN pg_catalog.pg_class c ON c.oid = %s JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace";
  const outside = `n.nspname <> ALL ($1) AND ${isUsersSchema()}`;
  const of = (catalog: string, from: string, sub = "0"): string => `
    SELECT 'pg_catalog.${catalog}'::pg_catalog.regclass AS cls, x.oid AS obj, ${sub} AS sub
      FROM pg_catalog.${catalog} x
      ${from}
     WHERE ${outside}
  `;
  const rows = await session.query<{ key: string; name: string }>(
    `
      WITH found AS (
        ${of("pg_class", "JOIN pg_catalog.pg_namespace n ON n.oid = x.relnamespace")}
        UNION ALL SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, a.attrelid, a.attnum
                    FROM pg_catalog.pg_attribute a ${relation.replace("%s", "a.attrelid")}
                   WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f') AND ${outside}
        UNION ALL ${of("pg_attrdef", relation.replace("%s", "x.adrelid"))}
        UNION ALL ${of("pg_constraint", "JOIN pg_catalog.pg_namespace n ON n.oid = x.connamespace")}
        UNION ALL ${of("pg_trigger", relation.replace("%s", "x.tgrelid"))} AND NOT x.tgisinternal
        UNION ALL ${of("pg_policy", relation.replace("%s", "x.polrelid"))}
        UNION ALL ${of("pg_rewrite", relation.replace("%s", "x.ev_class"))}
        UNION ALL ${of("pg_proc", "JOIN pg_catalog.pg_namespace n ON n.oid = x.pronamespace")}
        UNION ALL ${of("pg_type", "JOIN pg_catalog.pg_namespace n ON n.oid = x.typnamespace")}
        UNION ALL ${of("pg_operator", "JOIN pg_catalog.pg_namespace n ON n.oid = x.oprnamespace")}
        UNION ALL SELECT 'pg_catalog.pg_extension'::pg_catalog.regclass, e.oid, 0
                    FROM pg_catalog.pg_extension e
        UNION ALL SELECT 'pg_catalog.pg_event_trigger'::pg_catalog.regclass, e.oid, 0
                    FROM pg_catalog.pg_event_trigger e
      )
      SELECT cls || ' ' || obj || ' ' || sub AS key, pg_catalog.pg_describe_object(cls, obj, sub) AS name
        FROM found
    `,
    [schemas],
  );
  return new Map(rows.map((row) => [row.key, row.name]));
}

/**
 * What the server would drop with schemas, or with what stands in them: what depends on it, and what
 * something that goes is a part of.
 */
const GOES = `
  WITH RECURSIVE gone (cls, obj, sub) AS (
    SELECT 'pg_catalog.pg_namespace'::pg_catalog.regclass::oid, oid, 0
      FROM pg_catalog.pg_namespace
     WHERE nspname = ANY ($1::text[])
    UNION
    SELECT d.classid, d.objid, d.objsubid
      FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_namespace n ON n.oid = d.refobjid
     WHERE d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
       AND n.nspname = ANY ($2::text[])
       AND d.classid <> 'pg_catalog.pg_extension'::pg_catalog.regclass
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                        WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e')
    UNION
    SELECT x.cls, x.obj, x.sub FROM gone g CROSS JOIN LATERAL (
      SELECT d.classid AS cls, d.objid AS obj, d.objsubid AS sub FROM pg_catalog.pg_depend d
       WHERE d.refclassid = g.cls AND d.refobjid = g.obj AND (g.sub = 0 OR d.refobjsubid = g.sub)
      UNION ALL
      SELECT d.refclassid, d.refobjid, d.refobjsubid FROM pg_catalog.pg_depend d
       WHERE d.classid = g.cls AND d.objid = g.obj AND d.objsubid = g.sub AND d.deptype IN ('i', 'e')) x
  )
  SELECT DISTINCT cls::pg_catalog.regclass || ' ' || obj || ' ' || sub AS key FROM gone
`;

/**
 * The same refusal, foreseen: asked of the catalog's own notes of what depends on what, which a cascading
 * drop follows. Nothing is locked.
 *
 * @param dropped schemas that go
 * @param emptied schemas that stay without what is in them, but for extensions
 * @throws refused.outside-scope
 */
export async function foreseeUntouched(
  session: DatabaseSession,
  dropped: readonly string[],
  emptied: readonly string[],
  expected: readonly string[],
): Promise<void> {
  const before = await listOutside(session, [...dropped, ...emptied]);
  const gone = new Set(
    (await session.query<{ key: string }>(GOES, [dropped, emptied])).map(({ key }) => key),
  );
  const whole = (key: string): string => key.replace(/ \d+$/, " 0");
  requireUntouched(
    before,
    new Map([...before].filter(([key]) => !gone.has(key) && !gone.has(whole(key)))),
    expected,
  );
}

/**
 * Refuses when something outside the backup's schemas has gone.
 *
 * @param expected extensions that the restore makes again
 * @throws refused.outside-scope naming the first ones; the caller rolls back
 */
export function requireUntouched(before: Outside, after: Outside, expected: readonly string[]): void {
  const again = new Set(expected.map((name) => `extension ${name}`));
  const gone = [...before]
    .filter(([key, name]) => !after.has(key) && !again.has(name))
    .map(([, name]) => name);
  if (gone.length === 0) return;
  const more = gone.length > NAMES_MAX ? ` and ${gone.length - NAMES_MAX} more` : "";
  throw new HoldfastError(
    "refused.outside-scope",
    "replacing the backup's schemas would destroy what other schemas have: " +
      `${gone.slice(0, NAMES_MAX).join(", ")}${more}`,
    {
      hint:
        "Nothing was changed. Restore the rows only (--what data), named tables (--tables), or the whole " +
        "backup into an empty database.",
    },
  );
}
