import type { DatabaseSession } from "../../ports/database.ts";
import { quoteIdentifier, quoteLiteral } from "../../postgres/quoting.ts";

interface Row {
  readonly comment: string | null;
  /** Null where nobody was given anything. */
  readonly rights:
    readonly { readonly role: string | null; readonly right: string; readonly grantable: boolean }[] | null;
  readonly settings: readonly { readonly role: string | null; readonly entries: readonly string[] }[] | null;
}

const PROPERTIES = `
  SELECT pg_catalog.shobj_description(d.oid, 'pg_database') AS comment,
         (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('role', r.rolname, 'right',
             a.privilege_type, 'grantable', a.is_grantable))
            FROM pg_catalog.aclexplode(d.datacl) a
            LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee) AS rights,
         (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('role', r.rolname, 'entries', s.setconfig))
            FROM pg_catalog.pg_db_role_setting s LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
           WHERE s.setdatabase = d.oid) AS settings
    FROM pg_catalog.pg_database d
   WHERE d.datname = $1
`;

/**
 * Gives a copy of a database what CREATE DATABASE does not copy, because it is kept beside the database and
 * not in it: settings, rights, the comment.
 *
 * @param session of any database of the server, outside of a transaction
 */
export async function copyProperties(session: DatabaseSession, from: string, to: string): Promise<void> {
  const [row] = await session.query<Row>(PROPERTIES, [from]);
  const { comment = null, rights = null, settings = null } = row ?? {};
  const name = quoteIdentifier(to);
  if (comment !== null) await session.query(`COMMENT ON DATABASE ${name} IS ${quoteLiteral(comment)}`);
  if (rights !== null) await session.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
  for (const { role, right, grantable } of rights ?? []) {
    const who = role === null ? "PUBLIC" : quoteIdentifier(role);
    await session.query(
      `GRANT ${right} ON DATABASE ${name} TO ${who}${grantable ? " WITH GRANT OPTION" : ""}`,
    );
  }
  for (const { role, entries } of settings ?? []) {
    const whose = role === null ? `DATABASE ${name}` : `ROLE ${quoteIdentifier(role)} IN DATABASE ${name}`;
    await copySettings(session, whose, entries);
  }
}

/**
 * Sets what `pg_db_role_setting` keeps.
 *
 * @param whose `ROLE r`, `DATABASE d`, `ROLE r IN DATABASE d`
 * @param entries `name=value`, as the server keeps them
 */
export async function copySettings(
  session: DatabaseSession,
  whose: string,
  entries: readonly string[],
): Promise<void> {
  for (const entry of entries) {
    const setting = entry.slice(0, entry.indexOf("="));
    const value = quoteLiteral(entry.slice(setting.length + 1));
    const words = setting.split(".").map(quoteIdentifier).join(".");
    // The value as it is kept, whatever marks it holds: of lists it is several values.
    const taken = await session.execute(`
      BEGIN;
      SELECT pg_catalog.set_config(${quoteLiteral(setting)}, ${value}, true);
      ALTER ${whose} SET ${words} FROM CURRENT;
      COMMIT
    `);
    if (taken === undefined) continue;
    // Some settings no session may change; those are no lists.
    await session.query("ROLLBACK");
    await session.query(`ALTER ${whose} SET ${words} TO ${value}`);
  }
}
