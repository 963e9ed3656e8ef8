import { refusal } from "../../../../nouns/server/refusal.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";

/**
 * Keeps triggers and foreign keys from acting in this transaction, where the role may. Asked for in the
 * session: on some platforms an administrator may set it there and not as a start-up option.
 *
 * https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-SESSION-REPLICATION-ROLE
 */
export async function quieten(session: DatabaseSession): Promise<boolean> {
  const refused = await refusal(
    session,
    () => session.query("SET LOCAL session_replication_role = 'replica'"),
    "database.permission",
    "database.query",
  );
  return refused === undefined;
}

export async function unquieten(session: DatabaseSession): Promise<void> {
  await session.query("SET LOCAL session_replication_role = 'origin'");
}

/** @param session in no transaction */
export async function mayQuieten(session: DatabaseSession): Promise<boolean> {
  await session.query("BEGIN");
  try {
    return await quieten(session);
  } finally {
    await session.query("ROLLBACK").catch(() => undefined);
  }
}
