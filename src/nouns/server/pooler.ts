import type { Database, DatabaseSession } from "../../ports/database.ts";
import { askAgain } from "../../ports/ask-again.ts";

/** Probes of one server session being lent to a second client; one alone could be chance. */
const PROBES = 3;

/**
 * What stands between here and the server, found out by asking:
 *
 * - `none`: the process the server announced is the one that answers;
 * - `session`: a pooler that gives every client a server session of its own, which is as good as none;
 * - `transaction`: a pooler that lends a server session for one transaction only. Exported snapshots, session
 *   settings and pg_dump do not work through it.
 *
 * A pooler announces a process id of its own invention. In transaction mode the second client, inside a
 * transaction, is given the server session that the first one used and no longer holds; in session mode
 * it never is.
 */
export async function detectPooler(database: Database): Promise<"none" | "session" | "transaction"> {
  await using first = await database.connect({ purpose: "probe", bare: true });
  if (first.announcedPid === (await backendPid(first))) return "none";
  await using second = await database.connect({ purpose: "probe", bare: true });
  for (let probe = 0; probe < PROBES; probe += 1) {
    const lent = await backendPid(first);
    await second.query("BEGIN");
    try {
      if ((await backendPid(second)) === lent) return "transaction";
      // The other way round: while the second holds a session, the first may be handed another than before.
      if ((await backendPid(first)) !== lent) return "transaction";
    } finally {
      await second.query("ROLLBACK");
    }
  }
  return "session";
}

async function backendPid(session: DatabaseSession): Promise<number> {
  const [row] = await askAgain<{ pid: number }>(session, "SELECT pg_catalog.pg_backend_pid() AS pid");
  return row!.pid;
}
