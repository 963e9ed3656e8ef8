import { messageOf, StepTime } from "./bounded.ts";
import { isMissing, isTrue, reasonOf, rested, settled, told, type Doing } from "./looking.ts";
import type { Observed, Step } from "./runbook.ts";
import { standingOf } from "./standing.ts";

/** What taking a step back came to; `stays` where nobody knows how, and people have to see to it. */
export type TakenBack = "undone" | "failed" | "stays";

/**
 * Takes back one step that this run did, and writes it down. What leaves nothing in anybody's way is left as
 * it is, and counts as taken back.
 *
 * @throws lock.lost, and the reason why the run was told to stop
 */
export async function takeBack(step: Step, doing: Doing): Promise<TakenBack> {
  const { id, undo } = step;
  if (undo === undefined) return "stays";
  if (undo === "not-needed") return "undone";
  const { journal, log } = doing;
  const { title } = undo;
  const time = new StepTime({ ...step, title }, doing);
  const { actedOn } = standingOf(journal.entries).steps.get(id)!;
  const look = (signal: AbortSignal): Promise<Observed> => undo.observe({ signal, actedOn });
  let seen = await told(doing, () => rested(id, look, time, doing));
  if (isMissing(seen)) {
    await journal.write({ kind: "undoing", step: id, what: seen.value.what });
    log.stage(title);
    const did = await told(doing, () =>
      time.within((signal) => undo.act({ signal, progress: (text) => log.info(`${id}: ${text}`) })),
    );
    time.forLastLook();
    seen = await told(doing, () => settled(id, look, time, doing, { wasRefused: "error" in did }));
    if (!isTrue(seen) && "error" in did) seen = did;
  }
  if (isTrue(seen)) {
    await journal.write({ kind: "undone", step: id, what: seen.value.what });
    return "undone";
  }
  await journal.write({ kind: "undo-failed", step: id, message: messageOf(reasonOf({ id, title }, seen)) });
  return "failed";
}
