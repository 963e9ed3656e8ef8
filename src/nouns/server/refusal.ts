import { isHoldfastError, type ErrorCode, type HoldfastError } from "../../kernel/errors.ts";
import type { DatabaseSession } from "../../ports/database.ts";

/**
 * Tries something inside a transaction that goes on if the server refuses it: then everything is as
 * before the try.
 *
 * https://www.postgresql.org/docs/current/sql-savepoint.html
 *
 * @param codes what counts as a refusal; every answer of the server's when none is named
 * @returns why it was refused, or undefined
 * @throws anything else, a lost connection above all
 */
export async function refusal(
  session: DatabaseSession,
  work: () => Promise<unknown>,
  ...codes: readonly ErrorCode[]
): Promise<HoldfastError | undefined> {
  await session.query("SAVEPOINT trying");
  try {
    await work();
    await session.query("RELEASE SAVEPOINT trying");
    return undefined;
  } catch (error) {
    if (!isHoldfastError(error, ...codes) || session.lost.aborted) throw error;
    await session.query("ROLLBACK TO SAVEPOINT trying; RELEASE SAVEPOINT trying");
    return error;
  }
}
