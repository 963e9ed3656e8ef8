import { listed } from "../../../kernel/listed.ts";
import { quantity } from "../../../kernel/quantity.ts";
import { mayEnd } from "../../../nouns/server/end-sessions.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import type { RestoreMode } from "../request/restore-mode.ts";

/** Application names that are ours. */
const OURS = "holdfast %";

/**
 * Says that others are connected to a database that is about to be replaced: what they write after the safety
 * backup's snapshot is in neither that nor the restored database. What kind of session it is a role may only
 * see of its own; those of the server's own workers have no user.
 *
 * https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ACTIVITY-VIEW
 */
export async function othersConnected(session: DatabaseSession, mode: RestoreMode): Promise<string[]> {
  const [row] = await session.query<{ others: number; kept: string[]; role: string }>(
    `
      SELECT count(*)::int AS others, current_user::text AS role,
             coalesce(array_agg(DISTINCT a.usename::text) FILTER (WHERE NOT ${mayEnd("a.usesysid")}),
                      '{}') AS kept
        FROM pg_catalog.pg_stat_activity a
       WHERE a.datname = pg_catalog.current_database()
         AND a.pid <> pg_catalog.pg_backend_pid()
         AND coalesce(a.application_name, '') NOT LIKE $1
         AND a.usesysid IS NOT NULL
         AND coalesce(a.backend_type, 'client backend') = 'client backend'
    `,
    [OURS],
  );
  const { others, kept, role } = row!;
  const staying = mode === "beside" ? await whatStays(session) : await whatHolds(session);
  if (others === 0) return staying;
  const isOne = others === 1;
  const ended =
    mode !== "beside"
      ? ""
      : kept.length === 0
        ? `; ${isOne ? "it" : "they"} will be ended when the names are exchanged`
        : `; role ${role} may not end those of ${kept.join(", ")}, and while one of these is connected ` +
          "the names cannot be exchanged";
  return [
    `${quantity(others, "session")} of others ${isOne ? "is" : "are"} connected to the target: ` +
      "stop the application first, what it writes from now on may be in neither the restored database nor " +
      `the safety backup${ended}`,
    ...staying,
  ];
}

/**
 * What a database keeps when its name is exchanged: a prepared transaction forbids that, and a replication
 * slot goes on with the old database. https://www.postgresql.org/docs/current/view-pg-prepared-xacts.html
 */
async function whatStays(session: DatabaseSession): Promise<string[]> {
  const [row] = await session.query<{ prepared: string[]; slots: string[] }>(`
    SELECT ARRAY(SELECT gid::text
                   FROM pg_catalog.pg_prepared_xacts
                  WHERE database = pg_catalog.current_database()
                  ORDER BY 1) AS prepared,
           ARRAY(SELECT slot_name::text
                   FROM pg_catalog.pg_replication_slots
                  WHERE database = pg_catalog.current_database()
                  ORDER BY 1) AS slots
  `);
  const { prepared, slots } = row!;
  return [
    ...(prepared.length === 0
      ? []
      : [
          `prepared transactions are open in the target, ${listed(prepared)}, and while one is the names ` +
            "cannot be exchanged: COMMIT PREPARED or ROLLBACK PREPARED them first",
        ]),
    ...(slots.length === 0
      ? []
      : [
          "replication slots stay with the old database and keep the server's log from being removed: " +
            `${listed(slots)}; make them anew in the restored one, and drop them before ` +
            "the old one is dropped",
        ]),
  ];
}

/**
 * In place what a prepared transaction has locked cannot be dropped, and no session that could be ended holds
 * it. https://www.postgresql.org/docs/current/sql-prepare-transaction.html
 */
async function whatHolds(session: DatabaseSession): Promise<string[]> {
  const rows = await session.query<{ name: string }>(`
    SELECT gid::text AS name
      FROM pg_catalog.pg_prepared_xacts
     WHERE database = pg_catalog.current_database()
     ORDER BY 1
  `);
  if (rows.length === 0) return [];
  return [
    `prepared transactions are open in the target, ${listed(rows.map(({ name }) => name))}, and what they ` +
      "have locked cannot be replaced: COMMIT PREPARED or ROLLBACK PREPARED them first",
  ];
}
