import type { DatabaseSession } from "../../ports/database.ts";
import { refusal } from "./refusal.ts";

/**
 * Asks something inside a transaction that must survive a refusal.
 *
 * @returns undefined when the server refused; a connection that is lost is thrown
 */
export async function attempt<T>(session: DatabaseSession, ask: () => Promise<T>): Promise<T | undefined> {
  let answer: T | undefined;
  await refusal(
    session,
    async () => {
      answer = await ask();
    },
    "database.query",
    "database.permission",
    "database.row-security",
    "database.lock-timeout",
  );
  return answer;
}
