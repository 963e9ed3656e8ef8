import { isHoldfastError } from "../../../kernel/errors.ts";
import { quoteIdentifier, quoteLiteral } from "../../../postgres/quoting.ts";
import type { RoleRecord } from "../../../nouns/content/record.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import { grantMemberships } from "./roles.ts";

/**
 * Roles belong to a whole server, throw-away databases are several: two validations on one server may need
 * the same role. So a role made here is marked, and every throw-away database holds on to those it needs by a
 * right on the database: as long as it exists, the server refuses to drop them
 * (https://www.postgresql.org/docs/current/catalog-pg-shdepend.html). Whoever is last drops them.
 */

/** Comment of roles that Holdfast made for a throw-away database. */
const MARK = "made by holdfast for a scratch database";

/** How often something is tried that another run may be in the way of. */
const ATTEMPTS = 10;

/**
 * Makes the roles that are not there, without login or power, and holds on to all that were made for such a
 * purpose.
 *
 * @param database a throw-away database that exists
 * @param powerful those that have to own what only a superuser may own, on a server that goes with its
 *   databases; nobody can log in as one of them, and whatever runs there runs as a superuser anyway
 */
export async function holdScratchRoles(
  session: DatabaseSession,
  database: string,
  roles: readonly RoleRecord[],
  powerful: ReadonlySet<string> = new Set(),
): Promise<void> {
  const held: RoleRecord[] = [];
  for (const role of roles) {
    try {
      if (await persistently(session, () => hold(session, database, role.name, powerful.has(role.name)))) {
        held.push(role);
      }
    } catch (error) {
      // Nothing of the copy is one's that was only on the same server; who may not make it can do without.
      if (role.needed !== false || !isHoldfastError(error, "database.permission")) throw error;
    }
  }
  await persistently(session, () => grantMemberships(session, held));
}

/** Makes the role if it is not there. Returns whether it is one of Holdfast's. */
async function hold(
  session: DatabaseSession,
  database: string,
  name: string,
  isPowerful: boolean,
): Promise<boolean> {
  const mark = await markOf(session, name);
  if (mark !== undefined && mark !== MARK) return false;
  if (mark === undefined) await make(session, name);
  // Another backup on this server may have needed it for less.
  if (isPowerful) await session.query(`ALTER ROLE ${quoteIdentifier(name)} SUPERUSER`);
  await session.query(`GRANT CONNECT ON DATABASE ${quoteIdentifier(database)} TO ${quoteIdentifier(name)}`);
  return true;
}

/** Another run may make, drop or grant the same in the same moment. */
async function persistently<T>(session: DatabaseSession, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isHoldfastError(error, "database.query") || attempt === ATTEMPTS) throw error;
      await session.query("SELECT pg_catalog.pg_sleep(0.05)");
    }
  }
}

/** The role's comment, empty when it has none; undefined when there is no such role. */
async function markOf(session: DatabaseSession, name: string): Promise<string | undefined> {
  const [row] = await session.query<{ mark: string }>(
    `
      SELECT coalesce(pg_catalog.shobj_description(oid, 'pg_authid'), '') AS mark
        FROM pg_catalog.pg_roles WHERE rolname = $1
    `,
    [name],
  );
  return row?.mark;
}

/** In one transaction, so that nobody ever sees it without its mark. */
async function make(session: DatabaseSession, name: string): Promise<void> {
  await session.query("BEGIN");
  try {
    await session.query(`CREATE ROLE ${quoteIdentifier(name)} NOLOGIN`);
    await session.query(`COMMENT ON ROLE ${quoteIdentifier(name)} IS ${quoteLiteral(MARK)}`);
    await session.query("COMMIT");
  } catch (error) {
    await session.query("ROLLBACK");
    throw error;
  }
}

/** Every role of the server that was made for a throw-away database. */
export async function scratchRoles(session: DatabaseSession): Promise<readonly Pick<RoleRecord, "name">[]> {
  return await session.query<{ name: string }>(`
    SELECT rolname::text AS name FROM pg_catalog.pg_roles
     WHERE pg_catalog.shobj_description(oid, 'pg_authid') = ${quoteLiteral(MARK)} ORDER BY 1
  `);
}

/** Drops those of the roles that were made here and that no other throw-away database holds on to. */
export async function dropScratchRoles(
  session: DatabaseSession,
  roles: readonly Pick<RoleRecord, "name">[],
): Promise<void> {
  for (const { name } of roles) {
    if ((await markOf(session, name)) !== MARK) continue;
    try {
      await session.query(`DROP ROLE IF EXISTS ${quoteIdentifier(name)}`);
    } catch (error) {
      // Needed still (SQLSTATE 2BP01), or dropped by another run in this moment.
      if (!isHoldfastError(error, "database.query")) throw error;
    }
  }
}
