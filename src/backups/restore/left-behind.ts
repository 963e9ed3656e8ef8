import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { quoteIdentifier } from "../../postgres/quoting.ts";
import { dropPersistently } from "../copy/drop-database.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Database } from "../../ports/database.ts";

/**
 * Removes a copy that was not put in place.
 *
 * @param target any database of the same server
 * @returns why it is still there; `undefined` when it is gone
 */
export async function removeCopy(target: Database, name: string, clock: Clock): Promise<string | undefined> {
  const purpose = "restore clean-up";
  try {
    await dropPersistently(name, (database) => target.connect(database === undefined ? { purpose } : { purpose, database }), clock);
    return undefined;
  } catch (error) {
    return (error as Error).message;
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
