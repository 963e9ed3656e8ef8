import { HoldfastError, isHoldfastError, withHint } from "../../kernel/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { Observed, Step, StepResult } from "./step.ts";

/** What a list shows may be some seconds old: this often it is looked whether a step is true now. */
const LOOKS = 6;
/** After a refusal it is true only where somebody else was quicker, which was before. */
const LOOKS_REFUSED = 2;
const FIRST_PAUSE_MS = 500;

export interface Reconciling {
  readonly dryRun: boolean;
  readonly clock: Pick<Clock, "sleep">;
  readonly log: Pick<Log, "stage" | "info">;
  readonly cancelled: AbortSignal;
}

/** What became of steps, where one of them may have failed without ending the others. */
export interface Reconciled {
  /** Of every step. */
  readonly results: readonly StepResult[];
  /** What the first of those that failed did end with, whose hint says what is true all the same. */
  readonly failure: HoldfastError | undefined;
}

/**
 * Makes the steps true that are not, in their order, each looked at before and after. What is true already is
 * left alone, so that a run that was killed anywhere is finished by the next one; of a step that goes
 * wrong, or
 * fails, those that it does not carry are still done.
 *
 * @throws what acting throws: of a step that carries the rest at once, else at the end; forge.unconfirmed
 */
export async function reconcile(steps: readonly Step[], around: Reconciling): Promise<readonly StepResult[]> {
  const { results, failure } = await reconcileAsFar(steps, around);
  if (failure !== undefined) throw failure;
  return results;
}

/**
 * The same for whoever has to tell what became of the other steps: one that fails and carries nothing is
 * told.
 *
 * @throws what acting on a step that carries the rest throws
 */
export async function reconcileAsFar(
  steps: readonly Step[],
  { dryRun, clock, log, cancelled }: Reconciling,
): Promise<Reconciled> {
  const results: StepResult[] = [];
  const failures: HoldfastError[] = [];
  const actedOn = new Set<Step>();
  let isCarried = true;
  for (const step of steps) {
    cancelled.throwIfAborted();
    if (!isCarried) {
      results.push({
        name: step.name,
        state: "not-reached",
        acted: false,
        what: "what comes before it is not true",
      });
      continue;
    }
    let result: StepResult;
    try {
      result = await one(step);
    } catch (error) {
      if (step.carriesTheRest || !isHoldfastError(error)) throw withHint(error, soFar(results));
      log.info(`${step.name}: ${error.message}; going on with what does not need it`);
      failures.push(error);
      results.push({
        name: step.name,
        state: "failed",
        // What became of it nobody knows; that it was tried counts.
        acted: actedOn.has(step),
        what: error.message,
      });
      continue;
    }
    results.push(result);
    const stands = result.state === "was" || result.state === "done" || result.state === "would";
    if (step.carriesTheRest && !stands) isCarried = false;
  }
  const [failure] = failures;
  return { results, failure: failure === undefined ? undefined : withHint(failure, soFar(results)) };

  async function one(step: Step): Promise<StepResult> {
    const { name } = step;
    const before = await step.observe();
    if (before.kind !== "missing") return resultOf(name, before, false);
    if (dryRun) return { name, state: "would", acted: false, what: before.what };
    log.stage(before.what);
    actedOn.add(step);
    const refused = await acted(step);
    const after = await settled(step, refused === undefined ? LOOKS : LOOKS_REFUSED);
    if (after.kind !== "missing") {
      return after.kind === "true"
        ? { name, state: "done", acted: true, what: after.what }
        : resultOf(name, after, true);
    }
    throw refused ?? unconfirmed(after.what);
  }

  /**
   * Somebody else may have done it in between, which the forge tells as a refusal: then it is true all the
   * same.
   */
  async function acted(step: Step): Promise<HoldfastError | undefined> {
    try {
      await step.act();
      return undefined;
    } catch (error) {
      const mayBeDone =
        isHoldfastError(error, "forge.refused") || isHoldfastError(error, "forge.unreachable");
      if (!mayBeDone) throw error;
      log.info(`${error.message}; looking whether it is so all the same`);
      return error;
    }
  }

  async function settled(step: Step, looks: number): Promise<Observed> {
    for (let look = 1, pauseMs = FIRST_PAUSE_MS; ; look += 1, pauseMs *= 2) {
      const after = await step.observe();
      if (after.kind !== "missing" || look === looks) return after;
      await clock.sleep(pauseMs, cancelled);
    }
  }
}

/** What somebody at three in the morning wants to know next. */
function soFar(results: readonly StepResult[]): string {
  const stand = results.filter(({ state }) => state === "was" || state === "done").map(({ name }) => name);
  if (stand.length === 0) return "Nothing was done before it; run again.";
  return `True already, and left alone by the next run: ${stand.join(", ")}.`;
}

function resultOf(
  name: string,
  observed: Exclude<Observed, { kind: "missing" }>,
  acted: boolean,
): StepResult {
  const { what } = observed;
  if (observed.kind === "true") return { name, state: "was", acted, what };
  if (observed.kind === "waits") return { name, state: "waits", acted, what };
  return { name, state: "wrong", acted, what: `${what}. ${observed.hint}` };
}

function unconfirmed(what: string): HoldfastError {
  return new HoldfastError("forge.unconfirmed", `GitHub took it, and does not show that it is so: ${what}`, {
    hint: "Run again in a minute; what is true then is left alone.",
  });
}
