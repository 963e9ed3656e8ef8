import { HoldfastError } from "../../../kernel/errors.ts";
import type { Database, DatabaseSession } from "../../../ports/database.ts";
import { onAbort } from "../../../kernel/on-abort.ts";

/**
 * Two restores onto one database would destroy each other; this number is Holdfast's in the target's
 * advisory lock space.
 */
const ADVISORY_LOCK = 4_785_213_907;

/**
 * Who holds it, as far as this role may see (without pg_monitor others are a name alone): the two halves of
 * its number are in two columns (https://www.postgresql.org/docs/current/view-pg-locks.html).
 */
const HOLDER = `
  SELECT format('role %s%s%s',
                a.usename,
                CASE WHEN a.backend_start IS NULL THEN ''
                     ELSE ' from ' || coalesce(a.client_addr::text, 'the server itself') END,
                to_char(a.backend_start AT TIME ZONE 'UTC', '" since "YYYY-MM-DD"T"HH24:MI:SS"Z"')) AS who
    FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
   WHERE l.locktype = 'advisory'
     AND l.granted
     AND l.objsubid = 1
     AND a.usename IS NOT NULL
     AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
     AND (l.classid::int8 << 32) + l.objid::int8 = $1::int8
   LIMIT 1
`;

/**
 * Takes the target for one restore; closing the session gives it back.
 *
 * @throws lock.held
 */
export async function lockTarget(target: Database): Promise<DatabaseSession> {
  const session = await target.connect({ purpose: "restore lock", whenCancelled: "finish" });
  try {
    const [row] = await session.query<{ taken: boolean }>("SELECT pg_try_advisory_lock($1) AS taken", [
      ADVISORY_LOCK,
    ]);
    if (row?.taken) return session;
    throw (await heldError(session, target)) ?? held(target, undefined);
  } catch (error) {
    await session.close();
    throw error;
  }
}

/**
 * Looks without taking it: nobody is kept out by somebody who only plans.
 *
 * @param session on the target
 * @throws lock.held
 */
export async function requireUnlocked(session: DatabaseSession, target: Database): Promise<void> {
  const error = await heldError(session, target);
  if (error !== undefined) throw error;
}

async function heldError(session: DatabaseSession, target: Database): Promise<HoldfastError | undefined> {
  const [holder] = await session.query<{ who: string }>(HOLDER, [ADVISORY_LOCK]);
  return holder === undefined ? undefined : held(target, holder.who);
}

function held(target: Database, who: string | undefined): HoldfastError {
  return new HoldfastError(
    "lock.held",
    `another restore into ${target.address.database} is under way${who === undefined ? "" : ` (${who})`}`,
    {
      hint: "See pg_stat_activity for sessions named 'holdfast restore lock', and wait for it to end.",
    },
  );
}

/**
 * The run's own signal, and the lock's: without its session another restore may begin at any moment, so
 * whoever changes the target itself stops.
 *
 * @param guard holds the lock
 * @param cancelled of the run
 */
export function whileLocked(guard: DatabaseSession, target: Database, cancelled: AbortSignal): AbortSignal {
  const lost = new AbortController();
  const lose = (): void =>
    lost.abort(
      new HoldfastError(
        "database.lost",
        `the session that keeps other restores out of ${target.address.database} has ` +
          `ended: ${(guard.lost.reason as Error).message}`,
        {
          hint:
            "Another restore could have begun, so this one stopped; see that no other is under way, " +
            "and leave sessions named 'holdfast restore lock' alone.",
          cause: guard.lost.reason,
        },
      ),
    );
  onAbort(guard.lost, lose);
  return AbortSignal.any([cancelled, lost.signal]);
}

/**
 * A copy beside is nobody's business until it takes the target's name. A lock that was lost since is asked
 * for once more then.
 *
 * @throws lock.held
 */
export async function requireAlone(guard: DatabaseSession, target: Database): Promise<void> {
  if (guard.lost.aborted) await (await lockTarget(target)).close();
}
