import { formatDuration } from "../../kernel/duration.ts";
import type { DatabaseSession } from "../../ports/database.ts";
import type { Ports } from "../../ports/ports.ts";
import type { Statement } from "../script/script.ts";
import type { Refused } from "./carry-out.ts";
import { leavesSessionAsItWas } from "./leaves-alone.ts";
import type { ScriptSessions } from "./script-sessions.ts";
import { onAbort } from "../../kernel/on-abort.ts";

/** A lock that somebody holds, a deadlock, a transaction in the way: a moment later it may go through. */
const PASSING = new Set(["55P03", "40P01", "40001"]);
const BACKOFF_MS = 1_000;

/** What a script is carried out with. */
export interface Trying {
  readonly sessions: ScriptSessions;
  /** What people are told that met a lock. */
  readonly file: string;
  /** How many more times it is tried. */
  readonly retries: number;
  /** Ends the running statement, and the waiting between two tries. */
  readonly stop: AbortSignal;
  /** What it carries out; whether the next script may go on in the same session depends on it. */
  readonly statements: readonly Statement[];
  /** One try, in a session that is as a new one. */
  readonly attempt: (session: DatabaseSession, stop: AbortSignal) => Promise<Refused | undefined>;
}

/** How it ended, and at which try. */
export interface Through {
  readonly refused: Refused | undefined;
  readonly attempts: number;
}

/** Tries until it goes through, is refused for good, or was tried often enough; each pause is longer. */
export async function untilThrough(
  trying: Trying,
  { clock, random, log }: Pick<Ports, "clock" | "random" | "log">,
): Promise<Through> {
  const { stop, retries, file } = trying;
  for (let attempts = 1; ; attempts += 1) {
    const refused = await once(trying);
    if (refused === undefined || !PASSING.has(refused.refusal.state) || attempts > retries) {
      return { refused, attempts };
    }
    const pause = BACKOFF_MS * 2 ** (attempts - 1) * (0.5 + random.fraction());
    log.info(
      `${file} met a lock (${refused.refusal.message}); ` +
        `trying again in ${formatDuration(pause)}, ${retries - attempts + 1} more`,
    );
    await clock.sleep(pause, stop);
  }
}

/** A session in which something went wrong is none to go on with. */
async function once({ sessions, stop, attempt, statements }: Trying): Promise<Refused | undefined> {
  stop.throwIfAborted();
  return await sessions.use(
    async (session) => {
      const cancel = (): void => void session.cancel().catch(() => undefined);
      stop.throwIfAborted();
      using _cancelling = onAbort(stop, cancel);
      const refused = await attempt(session, stop);
      if (refused !== undefined) stop.throwIfAborted();
      return refused;
    },
    (refused) => refused === undefined && !stop.aborted && leavesSessionAsItWas(statements),
  );
}
