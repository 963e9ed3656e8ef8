import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { withRetry } from "../../kernel/retry.ts";
import { newBackupId, timeOfBackupId } from "../../nouns/catalog/backup-id.ts";
import { artifactPath } from "../../nouns/catalog/paths.ts";
import type { BackupPorts } from "./ports.ts";
import type { BackupPlan } from "./plan.ts";

/**
 * Schemas change while they are read. pg_dump, and the server's own functions that print definitions, look
 * at the present and not at the snapshot; so an object that goes away in a bad moment fails a backup that
 * would have been fine a second later. Such a failure is met with a new snapshot.
 */

/** Times a backup is begun, when nothing but a bad moment was in the way. */
const ATTEMPTS = 5;
/**
 * The same words can mean a schema that will never be readable (a function that finds its tables only with
 * its owner's search path).
 */
const ATTEMPTS_DOUBTFUL = 3;
const FIRST_PAUSE_MS = 500;
const PAUSE_MS_MAX = 5_000;
/**
 * The longest wait for a lock, in milliseconds, in all attempts but the last. Several sessions of one backup
 * hold locks; a schema change that holds what one of them wants, and wants what another one holds, is a
 * deadlock that the server cannot see. Giving everything back and beginning again ends it.
 */
const LOCK_WAIT_MS_MAX = 15_000;

/**
 * One attempt's part of the work. `stored` takes the path of every artifact as soon as it lies in the store.
 */
export type Attempt<T> = (plan: BackupPlan, stored: string[]) => Promise<T>;

/**
 * Carries out `attempt` until it succeeds, fails for good, or was tried often enough. Artifacts of an
 * attempt that failed are removed where the store allows it, and every attempt has a backup id of its own,
 * because artifacts are created once.
 *
 * @param stop ends the waiting between two attempts
 * @throws the last attempt's error, which then says how often it was tried
 */
export async function inAttempts<T>(
  plan: BackupPlan,
  ports: BackupPorts,
  stop: AbortSignal,
  attempt: Attempt<T>,
): Promise<T> {
  const { clock, log, random } = ports;
  const began = clock.elapsed();
  let made = 0;
  let waitedMs = 0;
  const isWorthAnother = (error: unknown): boolean => {
    // Late failures are costly: the longest time for one snapshot is also the longest for all that came to
    // nothing.
    if (stop.aborted || clock.elapsed() - began > plan.request.snapshotLimitMs) return false;
    return isBadMoment(error) || (isDoubtful(error) && made < ATTEMPTS_DOUBTFUL);
  };
  try {
    return await withRetry(
      {
        attempts: ATTEMPTS,
        firstDelayMs: FIRST_PAUSE_MS,
        delayMsMax: PAUSE_MS_MAX,
        random: () => random.fraction(),
        sleep: (ms) => clock.sleep(ms, stop),
        isTransient: isWorthAnother,
        onRetry: (error, before) =>
          log.warn(
            `${sayingWhy(error)}; trying again with a new snapshot ` +
              `(${before + 1} of ${ATTEMPTS}): ${(error as Error).message}`,
          ),
      },
      async (number) => {
        made = number;
        const one = attemptPlan(
          plan,
          number,
          lockWaitMs(plan.request.lockWaitMs, waitedMs, number === ATTEMPTS),
          ports,
        );
        const stored: string[] = [];
        try {
          return await attempt(one, stored);
        } catch (error) {
          if (isHoldfastError(error, "database.lock-timeout")) waitedMs += one.request.lockWaitMs;
          // Any other failure may have come after the manifest was written, which keeps its artifacts.
          if (isBadMoment(error) || isDoubtful(error)) await removeArtifacts(one, stored, ports);
          throw error;
        }
      },
    );
  } catch (error) {
    throw made > 1 ? sayingHowOften(error, made) : error;
  }
}

function sayingWhy(error: unknown): string {
  return isHoldfastError(error, "database.lock-timeout")
    ? "a table was locked by somebody else"
    : "the schema may have changed while it was read";
}

/** All attempts together wait as long as was allowed; 0 waits for ever. */
function lockWaitMs(allowedMs: number, waitedMs: number, last: boolean): number {
  const share = Math.min(LOCK_WAIT_MS_MAX, Math.ceil(allowedMs / ATTEMPTS));
  return last ? Math.max(share, allowedMs - waitedMs) : share;
}

/** Errors that mean no more than that now is a bad moment. */
function isBadMoment(error: unknown): boolean {
  return isHoldfastError(error, "database.changing", "database.lock-timeout");
}

/**
 * 42P01 table, 42703 column, 42883 function, 42704 object, 3F000 schema: unknown, though it was there a
 * moment ago; or never to be found.
 */
function isDoubtful(error: unknown): boolean {
  return (
    isHoldfastError(error, "database.query") &&
    /\(SQLSTATE (?:42P01|42703|42883|42704|3F000)\)/.test(error.message)
  );
}

/** The first attempt has the plan's own id and paths. */
function attemptPlan(plan: BackupPlan, number: number, waitMs: number, ports: BackupPorts): BackupPlan {
  const request = { ...plan.request, lockWaitMs: waitMs };
  if (number === 1) return { ...plan, request };
  const id = newBackupId(new Date(ports.clock.now().getTime() - plan.clocks.aheadMs), ports.random);
  const key = { ...plan.key, id, time: timeOfBackupId(id) as Date };
  const dumps = plan.dumps.map(({ kind }) => ({
    kind,
    path: artifactPath(key, kind, request.recipients.length > 0),
  }));
  return { ...plan, request, key, dumps };
}

async function removeArtifacts(
  plan: BackupPlan,
  paths: readonly string[],
  ports: BackupPorts,
): Promise<void> {
  for (const path of paths) {
    try {
      await plan.request.store.remove(path);
    } catch (error) {
      ports.log.warn(
        `${path} belongs to an attempt that failed and could not be removed: ` +
          `${(error as Error).message}; \`list\` shows it, and nothing reads it`,
      );
    }
  }
}

function sayingHowOften(error: unknown, times: number): unknown {
  if (!isBadMoment(error) && !isDoubtful(error)) return error;
  const { code, message, hint } = error as HoldfastError;
  const words =
    code === "database.changing"
      ? "Run the backup at a quieter time, or keep schema changes (migrations, jobs that create and drop " +
        "tables) away from it while it begins."
      : (hint ?? "");
  return new HoldfastError(code, `${message} (and so at each of ${times} ` + `attempts)`, {
    hint: words,
    cause: error,
  });
}
