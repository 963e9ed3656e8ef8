import type { Json } from "../../kernel/outcome.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import type { Random } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { messageOf, StepTime, type Bounds } from "./bounded.ts";
import type { Journal } from "./journal.ts";
import { standingOf, type StepStanding } from "./standing.ts";
import type { Observed, Observing, Step } from "./runbook.ts";

/** What carrying out a step needs. */
export interface Doing extends Bounds {
  readonly journal: Journal;
  readonly random: Pick<Random, "fraction">;
  readonly log: Pick<Log, "stage" | "info">;
}

/** What moves, or is not shown yet, is looked at again after so long; doubled up to the longest pause. */
const PAUSE_MS = 500;
const PAUSE_MS_MAX = 10_000;
/** After an act what an outside shows may be some seconds old: so often "missing" is not believed. */
const LOOKS = 5;
/** For the last look after an act that took all the time there was. */
const LAST_LOOK_MS = 15_000;

/** What a stranger's code gave back, or threw. */
type Told<T> = { readonly value: T } | { readonly error: unknown };

/**
 * Makes one step true, and writes down what happens, before and after. Never throws for a step that fails:
 * its failure stands in the journal.
 *
 * @throws lock.lost, and the reason why the run was told to stop
 */
export async function carryOut(step: Step, doing: Doing): Promise<void> {
  const { journal, log } = doing;
  const standing = standingOf(journal.entries).steps.get(step.id);
  if (standing === undefined) throw new Error(`the journal ${journal.run} knows no step ${step.id}`);
  if (standing.state === "found" || standing.state === "confirmed") return;
  const time = new StepTime(step, doing);
  let before = await told(doing, () => rested(step, standing, time, doing, "observe"));
  // An act whose end nobody saw, and which is true now: it is ours, and has to be confirmed.
  if (isTrue(before) && standing.actedOn !== undefined) {
    before = await told(doing, () => rested(step, standing, time, doing, "confirm"));
    if (isTrue(before)) {
      await journal.write({ kind: "confirmed", step: step.id, what: before.value.what });
      return;
    }
  }
  if (isTrue(before)) {
    await journal.write({ kind: "found", step: step.id, what: before.value.what });
    return;
  }
  for (let attempt = 1; ; attempt += 1) {
    if (!("value" in before) || before.value.kind !== "missing") {
      await fail(reasonOf(step, before));
      return;
    }
    const { what, evidence = null } = before.value;
    await journal.write({ kind: "acting", step: step.id, attempt, what, evidence });
    log.stage(what);
    const { refusal, after } = await acted(step, { attempt, evidence }, time, doing);
    if (isTrue(after)) {
      await journal.write({ kind: "confirmed", step: step.id, what: after.value.what });
      return;
    }
    const mayHelp = refusal === undefined ? step.isRepeatable : step.retry.mayHelp(refusal.error);
    if (!mayHelp || attempt >= step.retry.attempts || time.left <= 0 || !("value" in after)) {
      await fail(refusal?.error ?? reasonOf(step, after));
      return;
    }
    const ceiling = step.retry.pauseMs * 2 ** (attempt - 1);
    await doing.clock.sleep(
      Math.min(time.left, ceiling / 2 + (ceiling / 2) * doing.random.fraction()),
      doing.cancelled,
    );
    before = after;
  }

  async function fail(error: unknown): Promise<void> {
    log.info(`${step.id}: ${messageOf(error)}`);
    await journal.write({ kind: "failed", step: step.id, message: messageOf(error), rule: step.onFailure });
  }
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
  const { journal, log } = doing;
  const did = await told(doing, () =>
    time.within((signal) => step.act({ signal, progress: (text) => log.info(`${step.id}: ${text}`) })),
  );
  const refusal = "error" in did ? did : undefined;
  await journal.write(
    refusal === undefined
      ? { kind: "acted", step: step.id, attempt }
      : { kind: "act-failed", step: step.id, attempt, message: messageOf(refusal.error) },
  );
  time.leaveAtLeast(Math.min(LAST_LOOK_MS, step.timeoutMs));
  const after = await told(doing, () =>
    settled(step, evidence, time, doing, refusal === undefined ? LOOKS : 2),
  );
  return { refusal, after };
}

/** Looks until it is true, or is something else; what is only missing may not be shown yet. */
async function settled(
  step: Step,
  evidence: Json,
  time: StepTime,
  doing: Doing,
  looks: number,
): Promise<Observed> {
  for (let look = 1, pauseMs = PAUSE_MS; ; look += 1, pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX)) {
    const after = await rested(step, { actedOn: { evidence } }, time, doing, "confirm");
    if (after.kind !== "missing" || look === looks || time.left <= pauseMs) return after;
    await doing.clock.sleep(pauseMs, doing.cancelled);
  }
}

/** Looks, and waits while something moves. @throws runbook.timeout, and what looking throws */
async function rested(
  step: Step,
  { actedOn }: Pick<StepStanding, "actedOn">,
  time: StepTime,
  doing: Doing,
  how: "observe" | "confirm",
): Promise<Observed> {
  const look = (observing: Observing): Promise<Observed> =>
    how === "confirm" && step.confirm !== undefined ? step.confirm(observing) : step.observe(observing);
  for (let pauseMs = PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX)) {
    const seen = await time.within((signal) => look({ signal, actedOn }));
    if (seen.kind !== "moving") return seen;
    if (time.left <= pauseMs) throw time.over(seen.what);
    doing.log.info(`${step.id}: ${seen.what}`);
    await doing.clock.sleep(pauseMs, doing.cancelled);
  }
}

/** Keeps what a step's own code throws apart from what ends the run. */
async function told<T>({ cancelled }: Pick<Doing, "cancelled">, work: () => Promise<T>): Promise<Told<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    cancelled.throwIfAborted();
    return { error };
  }
}

function isTrue(seen: Told<Observed>): seen is { readonly value: Extract<Observed, { kind: "true" }> } {
  return "value" in seen && seen.value.kind === "true";
}

function reasonOf({ id, title }: Step, seen: Told<Observed>): unknown {
  if ("error" in seen) return seen.error;
  const { kind, what } = seen.value;
  return new HoldfastError(
    "runbook.unconfirmed",
    kind === "wrong" ? `${id} (${title}): ${what}` : `${id} (${title}) was done, and is not so: ${what}`,
    {
      hint:
        kind === "wrong"
          ? seen.value.hint
          : "Look at it; then go on with the same run, which looks before it acts.",
    },
  );
}

/** Takes back one step that this run did. @throws as {@link carryOut} */
export async function takeBack(step: Step, doing: Doing): Promise<"undone" | "failed" | "stays"> {
  const { undo } = step;
  if (undo === undefined) return "stays";
  if (undo === "not-needed") return "undone";
  const { journal, log } = doing;
  const time = new StepTime({ ...step, title: undo.title }, doing);
  const { actedOn } = standingOf(journal.entries).steps.get(step.id)!;
  const look = (): Promise<Observed> => time.within((signal) => undo.observe({ signal, actedOn }));
  let seen = await told(doing, () => untilRest(look));
  if (!isTrue(seen) && "value" in seen && seen.value.kind === "missing") {
    await journal.write({ kind: "undoing", step: step.id, what: seen.value.what });
    log.stage(undo.title);
    const did = await told(doing, () =>
      time.within((signal) => undo.act({ signal, progress: (text) => log.info(`${step.id}: ${text}`) })),
    );
    time.leaveAtLeast(Math.min(LAST_LOOK_MS, step.timeoutMs));
    seen = await told(doing, () => untilRest(look));
    if (!isTrue(seen) && "error" in did) seen = did;
  }
  if (isTrue(seen)) {
    await journal.write({ kind: "undone", step: step.id, what: seen.value.what });
    return "undone";
  }
  await journal.write({ kind: "undo-failed", step: step.id, message: messageOf(reasonOf(step, seen)) });
  return "failed";

  async function untilRest(observe: () => Promise<Observed>): Promise<Observed> {
    for (let looks = 1, pauseMs = PAUSE_MS; ; looks += 1, pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX)) {
      const now = await observe();
      const isAsActed = now.kind === "missing" && looks < LOOKS && looks > 0 && hasUndone();
      if (now.kind !== "moving" && !isAsActed) return now;
      if (time.left <= pauseMs) {
        if (now.kind === "moving") throw time.over(now.what);
        return now;
      }
      await doing.clock.sleep(pauseMs, doing.cancelled);
    }
  }

  /** Whether it was acted: before, "missing" is believed at once. */
  function hasUndone(): boolean {
    return journal.entries.some(({ event }) => event.kind === "undoing" && event.step === step.id);
  }
}
