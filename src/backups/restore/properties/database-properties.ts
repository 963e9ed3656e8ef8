import { HoldfastError, isHoldfastError } from "../../../kernel/errors.ts";
import { quoteIdentifier, quoteLiteral } from "../../../postgres/quoting.ts";
import type { DatabaseSetting } from "../../copy/judging/database-properties.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import { LIST_SETTINGS, splitListSetting } from "./list-setting.ts";
import { LOCK_TIMEOUT } from "../care/lock-timeout.ts";
import { refusedByName, settingStatement } from "./settings-into-database.ts";

/**
 * What belongs to a database itself and not to anything in it: owner, grants, settings, connection limit,
 * comment. A database that takes another one's place is given what that one had; what the source had besides
 * is `bring-properties.ts`.
 */

interface Setting {
  readonly role: string | null;
  readonly entry: string;
}

/**
 * Gives database `to` the properties of database `from`; both on the session's server, in one transaction.
 *
 * @param rehearse only finds out whether it would work, and changes nothing: to be asked before hours of
 *   loading, not after
 * @throws database.permission naming the property
 */
export async function copyDatabaseProperties(
  session: DatabaseSession,
  from: string,
  to: string,
  rehearse = false,
): Promise<void> {
  const statements = await propertyStatements(session, from, to);
  await session.query("BEGIN");
  try {
    await session.query(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`);
    for (const { what, asked, sql } of statements) {
      // Its value may be a secret, and what a server refuses is in its log.
      const refused = asked === undefined ? undefined : await refusedByName(session, asked, to);
      await run(what, refused === undefined ? session.query(sql) : Promise.reject(refused));
    }
    await session.query(rehearse ? "ROLLBACK" : "COMMIT");
  } catch (error) {
    await session.query("ROLLBACK");
    throw error;
  }
}

interface Statement {
  readonly what: string;
  readonly sql: string;
  /** The setting that it sets. */
  readonly asked?: Pick<DatabaseSetting, "name" | "role">;
}

async function run(what: string, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    throw new HoldfastError(
      error.code,
      `could not give the restored database the old one's ${what}: ${error.message}`,
      {
        hint: isHoldfastError(error, "database.lock-timeout")
          ? "Another session is changing settings or rights of the database; run again when it is done. " +
            "The target is as it was."
          : "Use a role that may do that, or --mode in-place, which keeps the database itself. " +
            "The target is as it was.",
        cause: error,
      },
    );
  }
}

async function propertyStatements(session: DatabaseSession, from: string, to: string): Promise<Statement[]> {
  const target = quoteIdentifier(to);
  const [row] = await session.query<{
    owner: string;
    limit: number;
    comment: string | null;
    granted: boolean;
  }>(
    `
      SELECT pg_catalog.pg_get_userbyid(datdba)::text AS owner, datconnlimit AS "limit",
             datacl IS NOT NULL AS granted, pg_catalog.shobj_description(oid, 'pg_database') AS comment
        FROM pg_catalog.pg_database
       WHERE datname = $1
    `,
    [from],
  );
  if (!row) throw new Error(`database ${from} has vanished`);
  return [
    ...(await settingsOf(session, from)).map((setting) => propertySetting(setting, to)),
    ...(row.comment === null
      ? []
      : [{ what: "comment", sql: `COMMENT ON DATABASE ${target} IS ${quoteLiteral(row.comment)}` }]),
    ...(row.limit < 0
      ? []
      : [{ what: "connection limit", sql: `ALTER DATABASE ${target} CONNECTION LIMIT ${row.limit}` }]),
    { what: "owner", sql: `ALTER DATABASE ${target} OWNER TO ${quoteIdentifier(row.owner)}` },
    // A database without explicit grants has the default ones, and so has a new one. One with an empty list
    // has none at all.
    ...(row.granted ? await grantStatements(session, from, target, row.owner) : []),
  ];
}

async function settingsOf(session: DatabaseSession, database: string): Promise<Setting[]> {
  return await session.query<Setting>(
    `
      SELECT r.rolname::text AS role, entry
        FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
        LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole, pg_catalog.unnest(s.setconfig) AS entry
       WHERE d.datname = $1 ORDER BY role NULLS FIRST, entry
    `,
    [database],
  );
}

/** Values come from whoever may set them, so they only ever travel as literals. */
function propertySetting({ role, entry }: Setting, target: string): Statement {
  const equals = entry.indexOf("=");
  const name = entry.slice(0, equals);
  const value = entry.slice(equals + 1);
  const setting = {
    role: role ?? undefined,
    name,
    values: LIST_SETTINGS.has(name) ? splitListSetting(value) : [value],
  };
  return {
    what: `setting ${name}${role === null ? "" : ` of role ${role}`}`,
    sql: settingStatement(setting, target),
    asked: setting,
  };
}

async function grantStatements(
  session: DatabaseSession,
  from: string,
  target: string,
  owner: string,
): Promise<Statement[]> {
  const grants = await session.query<{ grantee: string | null; privilege: string; grantable: boolean }>(
    `
      SELECT r.rolname::text AS grantee, a.privilege_type AS privilege, a.is_grantable AS grantable
        FROM pg_catalog.pg_database d, pg_catalog.aclexplode(d.datacl) a
        LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
       WHERE d.datname = $1
    `,
    [from],
  );
  return [
    { what: "grants", sql: `REVOKE ALL ON DATABASE ${target} FROM PUBLIC, ${quoteIdentifier(owner)}` },
    ...grants.map(({ grantee, privilege, grantable }) => ({
      what: `grant of ${privilege}`,
      sql: `
        GRANT ${privilege} ON DATABASE ${target}
          TO ${grantee === null ? "PUBLIC" : quoteIdentifier(grantee)}${grantable ? " WITH GRANT OPTION" : ""}
      `,
    })),
  ];
}
