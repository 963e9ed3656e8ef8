import type { DatabaseSession } from "../../../ports/database.ts";
import type { TableName } from "../request/table-name.ts";

/** What one role's future objects of one kind give. */
interface DefaultPrivileges {
  readonly role: string;
  /** Whether this session's role may change them. */
  readonly isOwn: boolean;
  /** Sets them back to what the server gives of itself, which removes them. */
  readonly reset: string;
}

/**
 * Default privileges, each set back as a whole: an archive says nothing of one that was taken away
 * wholly. In a schema they come on top of those that are everywhere, which begin with the server's own.
 * https://www.postgresql.org/docs/current/catalog-pg-default-acl.html
 *
 * @param schemas in which they are; null for those that are everywhere
 */
export async function defaultPrivileges(
  session: DatabaseSession,
  schemas: readonly (string | null)[],
): Promise<readonly DefaultPrivileges[]> {
  const named = schemas.filter((name) => name !== null);
  return await session.query<DefaultPrivileges>(DEFAULTS, [named, named.length < schemas.length]);
}

const GRANTEE = "CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END";
const DEFAULTS = `
  WITH there AS (
    SELECT r.rolname::text AS role, n.nspname::text AS schema, d.defaclacl AS acl, a.word,
           pg_has_role(r.oid, 'USAGE') AS own,
           CASE WHEN n.oid IS NULL THEN acldefault(
             CASE d.defaclobjtype WHEN 'S' THEN 's'::"char" ELSE d.defaclobjtype END,
             d.defaclrole) END AS standard
      FROM pg_default_acl d
      JOIN pg_roles r ON r.oid = d.defaclrole
      LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
      JOIN (VALUES ('r'::"char", 'TABLES'), ('S', 'SEQUENCES'), ('f', 'FUNCTIONS'), ('T', 'TYPES'),
            ('n', 'SCHEMAS'), ('L', 'LARGE OBJECTS')) AS a (type, word)
        ON a.type = d.defaclobjtype
     WHERE CASE WHEN n.oid IS NULL THEN $2::bool ELSE n.nspname = ANY ($1::text[]) END
  ), statement AS (
    SELECT DISTINCT t.role, t.own, t.schema, t.word, 1 AS step,
           format('REVOKE ALL ON %s FROM %s', t.word, ${GRANTEE}) AS sql
      FROM there t, aclexplode(t.acl) x
    UNION ALL SELECT t.role, t.own, t.schema, t.word, 2,
                     format('GRANT %s ON %s TO %s', x.privilege_type, t.word, ${GRANTEE})
                FROM there t, aclexplode(t.standard) x
  )
  SELECT role, own AS "isOwn",
         string_agg(format('ALTER DEFAULT PRIVILEGES FOR ROLE %I %s%s', role,
                           CASE WHEN schema IS NULL THEN '' ELSE format('IN SCHEMA %I ', schema) END, sql),
                    '; ' ORDER BY step) AS reset
    FROM statement
   GROUP BY role, own, schema, word
   ORDER BY role, schema, word
`;

/**
 * Default privileges of the whole database would act on everything the restore makes; those of a schema go
 * with the schema.
 */
export async function resetDefaultPrivileges(session: DatabaseSession): Promise<void> {
  for (const { isOwn, reset } of await defaultPrivileges(session, [null])) {
    if (isOwn) await session.query(reset);
  }
}

/** Whether some role's default privileges may give rights on a new table or sequence. */
export async function hasDefaultPrivileges(session: DatabaseSession): Promise<boolean> {
  const [row] = await session.query<{ found: boolean }>(
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_default_acl WHERE defaclobjtype IN ('r', 'S')) AS found",
  );
  return row?.found === true;
}

/**
 * Takes from tables just made, and from their sequences, what default privileges gave them. pg_dump writes
 * only rights that are not the built-in ones, so a table without rights of its own has no entry that would
 * take others away.
 */
export async function takeDefaultsBack(session: DatabaseSession, made: readonly TableName[]): Promise<void> {
  const statements = await session.query<{ sql: string }>(
    `
      WITH made AS (
        SELECT c.oid FROM unnest($1::text[], $2::text[]) AS wanted (schema, name)
          JOIN pg_namespace n ON n.nspname = wanted.schema
          JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.name
      ), given AS (
        SELECT c.oid, c.relowner AS owner, c.relacl AS acl,
               CASE WHEN c.relkind = 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END
                   || format('%I.%I', n.nspname, c.relname) AS what
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relacl IS NOT NULL AND c.relkind IN ('r', 'p', 'S') AND (c.oid IN (SELECT oid FROM made)
            OR c.relkind = 'S' AND EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
              AND d.objid = c.oid
                                              AND d.refclassid = 'pg_class'::regclass
                                              AND d.refobjid IN (SELECT oid FROM made)
                                              AND d.deptype IN ('a', 'i')))
      ), step AS (
        SELECT oid, 1 AS turn, 'REVOKE ALL ON ' || what || ' FROM ' AS change, x.grantee
          FROM given, aclexplode(acl) x
        UNION
        SELECT oid, 2, 'GRANT ALL ON ' || what || ' TO ', owner FROM given
      )
      SELECT change || CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END AS sql
        FROM step ORDER BY oid, turn, sql
    `,
    [made.map(({ schema }) => schema), made.map(({ name }) => name)],
  );
  for (const { sql } of statements) await session.query(sql);
}
