import { HoldfastError, isHoldfastError } from "../kernel/errors.ts";
import { quoteIdentifier } from "../kernel/sql.ts";
import { dropDatabase } from "../archive/drop-database.ts";
import type { Clock } from "../ports/clock.ts";
import type { Database } from "../ports/database.ts";

/** Tries to remove an unfinished copy; sessions that were told to go need a moment on a busy server. */
const TRIES = 4;
/** Milliseconds between two tries. */
const PAUSE_MS = 1_000;

/**
 * Removes a copy that was not put in place.
 *
 * @param target any database of the same server
 * @returns why it is still there; `undefined` when it is gone
 */
export async function removeCopy(target: Database, name: string, clock: Clock): Promise<string | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const purpose = "restore clean-up";
      await using session = await target.connect({ purpose });
      await dropDatabase(session, name, () => target.connect({ purpose, database: name }));
      return undefined;
    } catch (error) {
      if (attempt === TRIES) return (error as Error).message;
    }
    await clock.sleep(PAUSE_MS);
  }
}

/** What a person has to know of a copy that could not be removed. */
export function leftCopy(name: string, why: string): string {
  return `The unfinished copy ${name} is still on the server (${why}): drop it by hand, DROP DATABASE ` +
    `${quoteIdentifier(name)}.`;
}

/**
 * The failure of a restore beside, saying what it leaves. A server whose connection broke may finish CREATE
 * DATABASE later, when nobody looks any more.
 */
export function namingCopy(error: unknown, name: string, why: string | undefined): unknown {
  const mayAppear = why === undefined && isHoldfastError(error, "database.lost", "database.unreachable");
  if (why === undefined && !mayAppear) return error;
  const left = mayAppear
    ? `The unfinished copy was removed; should a database ${name} appear on the server all the same, drop it.`
    : leftCopy(name, why ?? "");
  const { code, hint } = isHoldfastError(error) ? error : { code: "tool.failed" as const, hint: undefined };
  return new HoldfastError(code, (error as Error).message, { hint: hint === undefined ? left : `${hint} ${left}`, cause: error });
}
