import { HoldfastError, isHoldfastError } from "../../../kernel/errors.ts";
import { quoteIdentifier } from "../../../postgres/quoting.ts";
import { dropPersistently } from "../../copy/databases/drop-database.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Database } from "../../../ports/database.ts";

/**
 * Removes a copy that was not put in place.
 *
 * @param target any database of the same server
 * @returns why it is still there; `undefined` when it is gone
 */
export async function removeCopy(target: Database, name: string, clock: Clock): Promise<string | undefined> {
  const purpose = "restore clean-up";
  try {
    await dropPersistently(
      name,
      (database) =>
        target.connect({
          purpose,
          whenCancelled: "finish",
          ...(database === undefined ? {} : { database }),
        }),
      clock,
    );
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/**
 * The beginning of a database's name that leaves room for what follows: a name has 63 bytes, and the end
 * tells copies apart.
 */
export function copyStem(live: string, room: number): string {
  return Buffer.from(live)
    .subarray(0, 63 - room)
    .toString("utf8")
    .replace(/\uFFFD/g, "");
}

/** What follows the stem in the names of copies: the day, and six hex digits. */
const OF_COPY = "_restored_[0-9]{8}_[0-9a-f]{6}";
/** Length of the longest addition to a stem. */
export const COPY_ROOM = "_restored_".length + 8 + 1 + 6;

/**
 * Names the copies beside a database that restores have left on its server, by being killed or stopped
 * at the exchange.
 */
export async function leftCopies(target: Database): Promise<string[]> {
  await using session = await target.connect({ purpose: "restore plan" });
  const stem = copyStem(target.address.database, COPY_ROOM);
  const rows = await session.query<{ name: string }>(
    `
      SELECT datname::text AS name
        FROM pg_catalog.pg_database
       WHERE pg_catalog.starts_with(datname::text, $1)
         AND pg_catalog.substr(datname::text, pg_catalog.length($1) + 1) ~ $2
       ORDER BY 1
    `,
    [stem, `^${OF_COPY}$`],
  );
  if (rows.length === 0) return [];
  return [
    "the server holds copies of other restores beside: " +
      `${rows.map(({ name }) => quoteIdentifier(name)).join(", ")}. A restore may be under way, or one ` +
      "was stopped at the exchange of names: its copy is proved, and its last words said how to go on. " +
      "Of any other DROP DATABASE frees the room",
  ];
}

/** What a person has to know of a copy that could not be removed. */
export function leftCopy(name: string, why: string): string {
  return (
    `The unfinished copy ${name} is still on the server (${why}): drop it by hand, DROP DATABASE ` +
    `${quoteIdentifier(name)}.`
  );
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
  return new HoldfastError(code, (error as Error).message, {
    hint: hint === undefined ? left : `${hint} ${left}`,
    cause: error,
  });
}
