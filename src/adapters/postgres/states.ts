import type { ErrorCode } from "../../kernel/errors.ts";
import { anyOf } from "../../kernel/pattern.ts";
import { CONFLICT_WITH_RECOVERY, ON_STANDBY } from "../../postgres/standby.ts";

/**
 * What a SQLSTATE means to whoever runs Holdfast:
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */

/** `connecting`: the session does not exist yet, so a broken connection means "unreachable", not "lost". */
export type Moment = "connecting" | "working";

/** A code of ours, and what to do. */
export type Found = { readonly code: ErrorCode; readonly hint: string | undefined };

/** Ways in which a server ends a session: restart, failover, an administrator, a time limit. */
const ENDED = new Set(["57P01", "57P02", "57P04", "57P05", "25P03", "25P04"]);

/**
 * The meaning of a server's error by its SQLSTATE, or by the words of a standby; `undefined` where it has
 * none of its own.
 */
export function byState(state: string, message: string, moment: Moment): Found | undefined {
  if (CONFLICT_WITH_RECOVERY.test(message)) return { code: "database.lost", hint: ON_STANDBY };
  if (ENDED.has(state)) {
    return {
      code: "database.lost",
      hint: "The server ended this session (restart, failover, an administrator or a time limit); run again.",
    };
  }
  switch (state) {
    case "53300":
      return {
        code: "database.unreachable",
        hint:
          "The server, the database or the role has no free connection slots; run at a quieter " +
          "time, close idle clients, give a lower --jobs, or raise max_connections (or the " +
          "CONNECTION LIMIT).",
      };
    case "53100":
      return { code: "database.query", hint: "The database server's own disk is full; free space there." };
    case "53200":
      return { code: "database.query", hint: outOfMemory(message) };
    case "55P03":
      return {
        code: "database.lock-timeout",
        hint:
          "Another session holds a conflicting lock, often a schema change, or a prepared transaction " +
          "does (pg_prepared_xacts); let it finish and run again.",
      };
    case "57P03":
      return {
        code: moment === "connecting" ? "database.unreachable" : "database.lost",
        hint: "The server is starting up or shutting down; try again in a moment.",
      };
    case "40P01":
      return {
        code: "database.changing",
        hint:
          "Another session waited for a lock of this one while this one waited for a lock of that; run " +
          "again, at a quieter time.",
      };
    case "XX001":
    case "XX002":
      return { code: "database.query", hint: damaged(message) };
    case "XX000":
      return LOOKED_AT_THE_PRESENT.test(message)
        ? {
            code: "database.changing",
            hint: "Somebody changed the schema while it was read; run again, " + "at a quieter time.",
          }
        : undefined;
    case "25006":
      return {
        code: "database.query",
        hint:
          "Transactions are read only there although Holdfast asks for writable ones: the server is a " +
          "standby, or its platform has made it read only (often because " +
          "its disk is full); give the primary's address, or free space.",
      };
    case "55006":
      return {
        code: "database.query",
        hint:
          "Something still uses that object: a session (see pg_stat_activity), a replication slot " +
          "or a subscription of that database; end it, and run again.",
      };
    case "2BP01":
      return {
        code: "database.query",
        hint:
          "Something that is to stay depends on what was to be removed; the message names it. Remove or " +
          "move it by hand, and run again.",
      };
  }
  return undefined;
}

/**
 * Functions that print definitions look at the present and not at the snapshot; these are their words for an
 * object that is gone by then. Such messages are internal and never translated.
 */
const LOOKED_AT_THE_PRESENT = anyOf(
  /^(?:cache lookup failed for|could not open relation with OID)/,
  /^could not find (?:tuple|entry) for/,
  /^relation with OID \d+ does not exist/,
);

/** The server's own data; a TOAST relation says by its number which table it belongs to. */
function damaged(message: string): string {
  const toast = /\bpg_toast_\d+\b/.exec(message)?.[0];
  const whose =
    toast === undefined
      ? ""
      : ` Its table: SELECT oid::regclass FROM pg_class WHERE reltoastrelid = 'pg_toast.${toast}'::regclass.`;
  return (
    "Data of this server is damaged, and no backup of it can be whole: see its disk and its log, and find " +
    `the rows (pg_amcheck); restore them from a backup that is proved.${whose}`
  );
}

/**
 * One code for two memories: the lock table that all sessions share, and what one statement takes for itself.
 */
function outOfMemory(message: string): string {
  return /shared memory/i.test(message)
    ? "The server's lock table is full: it has room for about max_locks_per_transaction × " +
        "(max_connections + max_prepared_transactions) locks in all. Raise " +
        "max_locks_per_transaction on the server (256 fits some ten thousand tables) and restart it, or " +
        "run while fewer other sessions hold locks."
    : "The server has no memory left for this statement; run at a quieter time, give a lower --jobs, or " +
        "give the server more memory.";
}
