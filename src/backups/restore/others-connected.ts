import { quantity } from "../../kernel/quantity.ts";
import type { DatabaseSession } from "../../ports/database.ts";
import type { RestoreMode } from "./restore-plan.ts";

/** Application names that are ours. */
const OURS = "holdfast %";

/**
 * Says that others are connected to a database that is about to be replaced: what they write after the safety backup's snapshot is in neither that
 * nor the restored database. What kind of session it is a role may only see of its own; those of the server's own workers have no user.
 *
 * https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ACTIVITY-VIEW
 */
export async function othersConnected(session: DatabaseSession, mode: RestoreMode): Promise<string[]> {
  const [row] = await session.query<{ others: number }>(
    `SELECT count(*)::int AS others FROM pg_catalog.pg_stat_activity
      WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid() AND coalesce(application_name, '') NOT LIKE $1
        AND usesysid IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend'`, [OURS],
  );
  const others = row?.others ?? 0;
  if (others === 0) return [];
  const ended = mode === "beside" ? "; they will be ended when the names are exchanged" : "";
  return [`${quantity(others, "session")} of others ${others === 1 ? "is" : "are"} connected to the target: stop the application first, ` +
    `what it writes from now on may be in neither the restored database nor the safety backup${ended}`];
}
