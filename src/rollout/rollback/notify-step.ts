import { isHoldfastError } from "../../kernel/errors.ts";
import type { Observed, Step } from "../../nouns/runbook/runbook.ts";
import type { Notice, Notifications } from "../../ports/notifications.ts";

const MINUTE_MS = 60_000;
const TELL = "tell people of it";

/**
 * People are told what was done, last: by then it is known. What was rolled back is so, told or not.
 *
 * @param about of what is told, such as the id of the run: told once, however often the run is gone on with
 * @param makeNotice its title and text, made when everything else is over
 */
export function notifyStep(
  about: Pick<Notice, "kind" | "key">,
  notifications: Notifications,
  makeNotice: () => Promise<Pick<Notice, "title" | "body">>,
): Step {
  return {
    id: "notify",
    title: TELL,
    component: "notification",
    isRepeatable: true,
    timeoutMs: 5 * MINUTE_MS,
    retry: { attempts: 3, pauseMs: 2_000, mayHelp: () => true },
    onFailure: "continue",
    /**
     * Where nobody can be asked it is to be tried: telling looks for itself, and says a thing once. Plans are
     * made of observations, and no rollback waits for the place where people read of it; so the words, which
     * a plan's hash covers, are the same too.
     */
    async observe({ signal }) {
      try {
        return await observed();
      } catch (error) {
        signal.throwIfAborted();
        if (isHoldfastError(error) && error.kind === "outside") return { kind: "missing", what: TELL };
        throw error;
      }
    },
    async act() {
      await notifications.tell({ ...about, ...(await makeNotice()) });
    },
    confirm: observed,
    undo: "not-needed",
  };

  async function observed(): Promise<Observed> {
    const there = await notifications.find(about);
    if (there === undefined) return { kind: "missing", what: TELL };
    return {
      kind: "true",
      what: there.address === undefined ? "it is told" : `it is told at ${there.address}`,
    };
  }
}
