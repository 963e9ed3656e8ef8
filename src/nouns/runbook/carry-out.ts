import type { Json } from "../../kernel/outcome.ts";
import { messageOf, StepTime } from "./bounded.ts";
import { isMissing, isTrue, reasonOf, rested, settled, told, type Doing, type Told } from "./looking.ts";
import type { Observed, Observing, Step } from "./runbook.ts";
import { standingOf } from "./standing.ts";

/**
 * Makes one step true, and writes down what happens, before and after. Never throws for a step that fails:
 * its failure stands in the journal.
 *
 * @throws lock.lost, and the reason why the run was told to stop
 */
export async function carryOut(step: Step, doing: Doing): Promise<void> {
  const { id } = step;
  const { journal, log } = doing;
  const standing = standingOf(journal.entries).steps.get(id);
  if (standing === undefined) throw new Error(`the journal ${journal.run} knows no step ${id}`);
  if (standing.state === "found" || standing.state === "confirmed") return;
  const { actedOn } = standing;
  const time = new StepTime(step, doing);
  let seen = await told(doing, () => rested(id, (signal) => step.observe({ signal, actedOn }), time, doing));
  // An act whose end nobody saw, and which is true now: it is ours, and has to be confirmed.
  if (isTrue(seen) && actedOn !== undefined) {
    seen = await told(doing, () => rested(id, (signal) => confirm(step, { signal, actedOn }), time, doing));
  }
  if (isTrue(seen)) {
    const kind = actedOn === undefined ? "found" : "confirmed";
    await journal.write({ kind, step: id, what: seen.value.what });
    return;
  }
  for (let attempt = 1; ; attempt += 1) {
    if (!isMissing(seen)) {
      await fail(reasonOf(step, seen));
      return;
    }
    const { what, evidence = null } = seen.value;
    await journal.write({ kind: "acting", step: id, attempt, what, evidence });
    log.stage(what);
    const { refusal, after } = await acted(step, { attempt, evidence }, time, doing);
    if (isTrue(after)) {
      await journal.write({ kind: "confirmed", step: id, what: after.value.what });
      return;
    }
    const mayHelp = refusal === undefined ? step.isRepeatable : step.retry.mayHelp(refusal.error);
    if (!mayHelp || attempt >= step.retry.attempts || time.left <= 0 || !("value" in after)) {
      await fail(refusal?.error ?? reasonOf(step, after));
      return;
    }
    await doing.clock.sleep(Math.min(time.left, pauseAfter(attempt, step, doing)), doing.cancelled);
    seen = after;
  }

  async function fail(error: unknown): Promise<void> {
    log.info(`${id}: ${messageOf(error)}`);
    await journal.write({ kind: "failed", step: id, message: messageOf(error), rule: step.onFailure });
  }
}

function confirm(step: Step, observing: Observing): Promise<Observed> {
  return step.confirm === undefined ? step.observe(observing) : step.confirm(observing);
}

/** Milliseconds, between half and all of what doubles with each attempt. */
function pauseAfter(attempt: number, { retry }: Step, { random }: Pick<Doing, "random">): number {
  const ceiling = retry.pauseMs * 2 ** (attempt - 1);
  return ceiling / 2 + (ceiling / 2) * random.fraction();
}

interface Acted {
  /** What the act threw: it may have happened all the same. */
  readonly refusal: { readonly error: unknown } | undefined;
  readonly after: Told<Observed>;
}

/** Acts once, and looks what came of it, whatever the act says of itself. */
async function acted(
  step: Step,
  { attempt, evidence }: { readonly attempt: number; readonly evidence: Json },
  time: StepTime,
  doing: Doing,
): Promise<Acted> {
  const { id } = step;
  const did = await told(doing, () =>
    time.within((signal) => step.act({ signal, progress: (text) => doing.log.info(`${id}: ${text}`) })),
  );
  const refusal = "error" in did ? did : undefined;
  await doing.journal.write(
    refusal === undefined
      ? { kind: "acted", step: id, attempt }
      : { kind: "act-failed", step: id, attempt, message: messageOf(refusal.error) },
  );
  time.forLastLook();
  const look = (signal: AbortSignal): Promise<Observed> => confirm(step, { signal, actedOn: { evidence } });
  const wasRefused = refusal !== undefined;
  return { refusal, after: await told(doing, () => settled(id, look, time, doing, { wasRefused })) };
}
