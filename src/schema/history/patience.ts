import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import type { DatabaseSession } from "../../ports/database.ts";

/** How long a question to the history waits for somebody's lock on its tables. */
const PATIENCE_S = 5;

/**
 * Asks the history's tables something, in a session that waits without an end otherwise. Runs hold locks on
 * rows alone there, so what keeps everybody out is somebody at work by hand, a restore, or a session that was
 * forgotten.
 *
 * @throws database.lock-timeout
 */
export async function patiently<T>(session: DatabaseSession, ask: () => Promise<T>): Promise<T> {
  const [limit] = await session.query<{ before: string }>(
    "SELECT pg_catalog.current_setting('lock_timeout') AS before",
  );
  const wait = async (time: string): Promise<void> => {
    await session.query("SELECT pg_catalog.set_config('lock_timeout', $1, false)", [time]);
  };
  await wait(`${PATIENCE_S}s`);
  try {
    const answer = await ask();
    await wait(limit!.before);
    return answer;
  } catch (error) {
    // A transaction that failed takes the setting back by itself, and no more statements.
    await wait(limit!.before).catch(() => undefined);
    if (!isHoldfastError(error, "database.lock-timeout")) throw error;
    throw new HoldfastError(
      "database.lock-timeout",
      `the history of migrations has been locked by another session for ${PATIENCE_S} seconds`,
      {
        hint:
          "See in pg_locks who holds a lock on a table of the schema holdfast; let that end, or end it, " +
          "and run again.",
        cause: error,
      },
    );
  }
}
