import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { together } from "../../kernel/together.ts";
import { StepTime, type Bounds } from "./bounded.ts";
import { definitionOf, hashOf } from "./definition.ts";
import { requireSound, stepsOf, type Observed, type Runbook, type Step } from "./runbook.ts";

/** One step of a plan, as it was observed. */
export interface PlannedStep {
  readonly id: string;
  readonly title: string;
  readonly component: string;
  /** Index of its stage, from 0. */
  readonly stage: number;
  readonly observed: Observed;
}

/** What a runbook would do now. */
export interface Plan {
  readonly runbook: string;
  readonly target: string;
  readonly steps: readonly PlannedStep[];
  /** SHA-256 in hex of what is asked for and of the steps, without how the world stands. */
  readonly definition: string;
  /** SHA-256 in hex of that and of what was observed: what an approval is bound to. */
  readonly hash: string;
}

/**
 * Looks at every step, and acts on none. What a later step would find after an earlier one is not foreseen:
 * its observation is that of now.
 *
 * @throws what observing throws, naming the step; nothing of the others is left running
 */
export async function planRunbook(runbook: Runbook, bounds: Bounds): Promise<Plan> {
  requireSound(runbook);
  const stages = new Map(
    runbook.stages.flatMap((steps, stage) => steps.map(({ id }) => [id, stage] as const)),
  );
  // Side by side: a hundred functions are a hundred questions that do not need each other.
  const steps = await together<PlannedStep[]>(
    bounds.cancelled,
    stepsOf(runbook).map((step) => async (cancelled: AbortSignal) => ({
      id: step.id,
      title: step.title,
      component: step.component,
      stage: stages.get(step.id)!,
      observed: await observed(step, { clock: bounds.clock, cancelled }),
    })),
  );
  const definition = definitionOf(runbook);
  const state = steps.map(({ id, observed: { kind, what, ...rest } }) => [
    id,
    kind,
    what,
    "evidence" in rest ? (rest.evidence ?? null) : null,
  ]);
  return {
    runbook: runbook.name,
    target: runbook.target,
    steps,
    definition,
    hash: hashOf([definition, state]),
  };
}

async function observed(step: Step, bounds: Bounds): Promise<Observed> {
  try {
    return await new StepTime(step, bounds).within((signal) => step.observe({ signal, actedOn: undefined }));
  } catch (error) {
    if (bounds.cancelled.aborted || !isHoldfastError(error)) throw error;
    throw new HoldfastError(error.code, `${step.id} (${step.title}): ${error.message}`, {
      hint: error.hint,
      cause: error,
    });
  }
}

/**
 * Holds a plan against the one that was approved.
 *
 * @throws refused.unconfirmed
 */
export function requireApproved(approved: string | undefined, plan: Plan): void {
  if (approved === undefined || approved === plan.hash) return;
  throw new HoldfastError(
    "refused.unconfirmed",
    `this is not the plan with the hash ${approved}: what was asked for, or ${plan.target}, has changed ` +
      "since it was approved",
    { hint: `Look at the plan anew with --dry-run, and approve that one (${plan.hash}).` },
  );
}

/** What keeps a plan from being begun: a step that finds something else, or something at work. */
export function hindrances({ steps }: Plan): readonly PlannedStep[] {
  return steps.filter(({ observed: { kind } }) => kind === "wrong" || kind === "moving");
}
