import type { DatabaseSession } from "../ports/database.ts";
import { quoteIdentifier } from "../kernel/sql.ts";

/**
 * Drops a database if it exists, also under sessions that still use it. `WITH (FORCE)` came with PostgreSQL 13; on 12 those sessions are
 * ended first: https://www.postgresql.org/docs/current/sql-dropdatabase.html
 *
 * @param session in another database of the same server
 * @throws the server's error, such as database.permission
 */
export async function dropDatabaseForced(session: DatabaseSession, name: string): Promise<void> {
  const [server] = await session.query<{ knows: boolean }>("SELECT pg_catalog.current_setting('server_version_num')::int >= 130000 AS knows");
  if (server!.knows) {
    await session.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`);
    return;
  }
  await session.query("SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE datname = $1", [name]);
  await session.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)}`);
}
