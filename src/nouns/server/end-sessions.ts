import { isHoldfastError } from "../../kernel/errors.ts";
import type { DatabaseSession } from "../../ports/database.ts";

/**
 * SQL that is true where the working role may end a session of another: its own, those of roles
 * whose rights it has, with `pg_signal_backend` all but a superuser's, and a superuser every one.
 * https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-SIGNAL
 *
 * @param role whose session it is, as an oid
 */
export function mayEnd(role: string): string {
  const isSuperuser = (oid: string): string =>
    `EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid = ${oid} AND r.rolsuper)`;
  const me = "(SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)";
  return `
    (${isSuperuser(me)}
     OR NOT ${isSuperuser(role)}
        AND (pg_catalog.pg_has_role(${role}, 'USAGE')
             OR pg_catalog.pg_has_role('pg_signal_backend', 'USAGE')))
  `;
}

/** A session that is in the way. */
export interface OtherSession {
  readonly pid: number;
  readonly role: string;
  readonly application: string;
}

/**
 * Ends the sessions of others in these databases, each by itself, so that one that may not be ended keeps
 * no other alive. The server's own workers have no role; a statement that needs a database for itself tells
 * autovacuum to go, whoever asks.
 *
 * @returns those that the role may not end
 */
export async function endSessions(
  session: DatabaseSession,
  databases: readonly string[],
): Promise<OtherSession[]> {
  const kept: OtherSession[] = [];
  for (const other of await otherSessions(session, databases)) {
    try {
      await session.query("SELECT pg_catalog.pg_terminate_backend($1)", [other.pid]);
    } catch (error) {
      if (!isHoldfastError(error, "database.permission")) throw error;
      kept.push(other);
    }
  }
  return kept;
}

/** Sessions of roles that are in these databases. */
export async function otherSessions(
  session: DatabaseSession,
  databases: readonly string[],
): Promise<OtherSession[]> {
  return await session.query<OtherSession & Record<string, unknown>>(
    `
      SELECT pid, coalesce(usename::text, '?') AS role, coalesce(application_name, '') AS application
        FROM pg_catalog.pg_stat_activity
       WHERE datname = ANY ($1) AND usesysid IS NOT NULL AND pid <> pg_catalog.pg_backend_pid() ORDER BY pid
    `,
    [databases],
  );
}
