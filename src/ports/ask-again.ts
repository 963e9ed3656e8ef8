import { isHoldfastError } from "../kernel/errors.ts";
import type { DatabaseSession } from "./database.ts";

/** A machine that is busy meets a limit of milliseconds now and then, and not every time. */
const TRIES = 20;

/**
 * Asks a small question in a session that has none of our settings, so the role's or database's own
 * `statement_timeout` holds in it, and may be shorter than a busy server takes: then it is asked again.
 * Setting the limit there would reach whoever a pooler lends the server's session to next.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html (57014)
 */
export async function askAgain<Row extends object>(
  session: DatabaseSession,
  sql: string,
  parameters?: readonly unknown[],
): Promise<Row[]> {
  for (let left = TRIES - 1; ; left -= 1) {
    try {
      return await session.query<Row>(sql, parameters);
    } catch (error) {
      const isTimeLimit =
        isHoldfastError(error, "database.query") && error.message.includes("(SQLSTATE 57014)");
      if (!isTimeLimit || left === 0 || session.transaction !== "none") throw error;
    }
  }
}
