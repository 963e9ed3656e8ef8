import type { DatabaseSession } from "../../../ports/database.ts";
import { defaultPrivileges } from "./default-privileges.ts";
import { objectsIn } from "./objects-in.ts";

/**
 * Whether roles that this one cannot act for have set in a schema what their future objects there give to
 * others. That goes with the schema, and only they can set it again: a hosting platform's roles, say, whose
 * API would not reach what they make later.
 */
export async function hasDefaultsOfOthers(session: DatabaseSession, schema: string): Promise<boolean> {
  const [row] = await session.query<{ found: boolean }>(
    `
      SELECT EXISTS (SELECT FROM pg_catalog.pg_default_acl d
                       JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace
                      WHERE n.nspname = $1 AND NOT pg_catalog.pg_has_role(d.defaclrole, 'USAGE')) AS found
    `,
    [schema],
  );
  return row!.found;
}

/**
 * Drops what is in a schema, inside a transaction, and leaves the schema with its rights. Extensions in it
 * stay too: their members are the same in every copy. What this role's own future objects would give is taken
 * back, because it would act on everything that is restored.
 */
export async function emptySchema(session: DatabaseSession, schema: string): Promise<void> {
  for (const { drop } of await objectsIn(session, [schema])) await session.query(drop);
  for (const { isOwn, reset } of await defaultPrivileges(session, [schema])) {
    if (isOwn) await session.query(reset);
  }
}

/**
 * Sets a schema's rights back to those of a new one, where this role may speak for its owner: an archive says
 * only what was given and taken besides.
 *
 * https://www.postgresql.org/docs/15/ddl-schemas.html#DDL-SCHEMAS-PATTERNS
 */
export async function resetSchemaRights(session: DatabaseSession, schema: string): Promise<void> {
  const [row] = await session.query<{ sql: string }>(
    `
      SELECT pg_catalog.concat_ws('; ',
                                  (SELECT pg_catalog.string_agg(
                                    DISTINCT pg_catalog.format('REVOKE ALL ON SCHEMA %I FROM %s',
                                                               n.nspname,
                                                               CASE x.grantee
                                                                    WHEN 0 THEN 'PUBLIC'
                                                                    ELSE pg_catalog.quote_ident(
                                                                      pg_catalog.pg_get_userbyid(x.grantee))
                                                                      END),
                                    '; ')
                                     FROM pg_catalog.aclexplode(n.nspacl) x),
                                  pg_catalog.format('GRANT ALL ON SCHEMA %I TO %I', n.nspname,
                                                    pg_catalog.pg_get_userbyid(n.nspowner)),
                                  CASE WHEN n.nspname = 'public'
                                         THEN CASE WHEN pg_catalog.current_setting('server_version_num')::int
                                                     >= 150000
                                                     THEN 'GRANT USAGE ON SCHEMA public TO PUBLIC'
                                                   ELSE 'GRANT ALL ON SCHEMA public TO PUBLIC' END END) AS sql
        FROM pg_catalog.pg_namespace n
       WHERE n.nspname = $1 AND pg_catalog.pg_has_role(n.nspowner, 'USAGE')
    `,
    [schema],
  );
  if (row !== undefined) await session.query(row.sql);
}
