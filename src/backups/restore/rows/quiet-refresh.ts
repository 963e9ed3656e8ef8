import type { RunRefresh } from "../../copy/loading/refresh.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import { eventTriggersAside } from "./set-aside.ts";

/**
 * How a live target's materialized views are refreshed: an event trigger that keeps a log would write a row
 * that the backup has not, into a table that was just filled. Those that this role may switch off are off in
 * the refresh's own transaction.
 *
 * https://www.postgresql.org/docs/current/event-trigger-matrix.html
 */
export async function quietRefresh(session: DatabaseSession): Promise<RunRefresh | undefined> {
  const aside = await eventTriggersAside(session);
  if (aside.length === 0) return undefined;
  return async (sql) => {
    await session.query("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
    try {
      for (const one of aside) await session.query(one.aside);
      await session.query(sql);
      for (const one of aside) for (const back of one.back) await session.query(back);
      await session.query("COMMIT");
    } catch (error) {
      await session.query("ROLLBACK").catch(() => undefined);
      throw error;
    }
  };
}
