import { isHoldfastError } from "../../kernel/errors.ts";
import type { DatabaseSession } from "../../ports/database.ts";

/**
 * Asks something inside a transaction that must survive a refusal.
 *
 * @returns undefined when the server refused; a connection that is lost is thrown
 */
export async function attempt<T>(session: DatabaseSession, ask: () => Promise<T>): Promise<T | undefined> {
  await session.query("SAVEPOINT attempt");
  try {
    const answer = await ask();
    await session.query("RELEASE SAVEPOINT attempt");
    return answer;
  } catch (error) {
    if (!isHoldfastError(error, "database.query", "database.permission", "database.row-security", "database.lock-timeout")) throw error;
    await session.query("ROLLBACK TO SAVEPOINT attempt");
    return undefined;
  }
}
