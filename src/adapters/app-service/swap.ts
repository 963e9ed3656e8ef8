import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import type { SlotFacts, SwapStatus, SwapTold } from "../../ports/slot-host.ts";
import { NoAnswer } from "./arm-client.ts";
import type { Budget } from "./budget.ts";

/** The parts of a swap that somebody else knows how to do. */
export interface Swapping {
  readonly source: string;
  readonly target: string;
  /** The target as it is now. @throws */
  readonly look: () => Promise<SlotFacts>;
  /** Sends it, once. @throws NoAnswer where it is not known whether it arrived */
  readonly send: () => Promise<() => Promise<void>>;
  readonly budget: Budget;
}

const LOOK_EVERY_MS = 250;
/** How long a swap without an answer is looked for before it is said that nobody knows. */
const APPEARS_MS = 5_000;

/**
 * Swaps, and tells what came of it by what the host remembers before and after: its answer may be an error
 * though it happened, success though it did not, or none.
 *
 * @throws where nothing was begun: the host refused to, or could not be asked before
 */
export async function swapAndLook(swapping: Swapping): Promise<SwapTold> {
  const { look, send, budget, source, target } = swapping;
  const before = (await look()).lastSwap;
  let failure: HoldfastError | undefined;
  try {
    const end = await send();
    try {
      await end();
    } catch (error) {
      failure = failureOf(error, budget);
    }
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    failure = error;
  }
  const seen = await settled(swapping, before, failure);
  if (seen === undefined) return { outcome: "unknown", failure, before, after: undefined };
  const after = seen.lastSwap;
  const isNew = after !== undefined && after.at.getTime() !== before?.at.getTime();
  if (isNew && isOf(after, source, target)) return { outcome: "happened", failure, before, after };
  // Nobody has answered, or it goes on behind a time that is over: it may still come.
  const mayCome = seen.inProgress !== undefined || failure instanceof NoAnswer;
  if (isNew || mayCome) return { outcome: "unknown", failure, before, after };
  failure ??= new HoldfastError(
    "slots.refused",
    `App Service says that ${source} was swapped with ${target}, and remembers no such swap`,
    { hint: "Look which build answers at both addresses before anything else is done." },
  );
  return { outcome: "did-not", failure, before, after };
}

/** Looks until nothing is going on any more; undefined where it could not be asked. */
async function settled(
  { look, budget }: Swapping,
  before: SwapStatus | undefined,
  failure: HoldfastError | undefined,
): Promise<SlotFacts | undefined> {
  const appears = failure instanceof NoAnswer ? budget.left - APPEARS_MS : Infinity;
  let seen: SlotFacts | undefined;
  try {
    for (;;) {
      seen = await look();
      const isThere = seen.lastSwap !== undefined && seen.lastSwap.at.getTime() !== before?.at.getTime();
      if (seen.inProgress === undefined && (isThere || budget.left <= appears)) return seen;
      await budget.pause(LOOK_EVERY_MS, "the swap is still under way");
    }
  } catch (error) {
    budget.signal.throwIfAborted();
    if (!isHoldfastError(error)) throw error;
    return seen;
  }
}

function failureOf(error: unknown, budget: Budget): HoldfastError {
  budget.signal.throwIfAborted();
  if (isHoldfastError(error)) return error;
  throw error;
}

function isOf({ source, target }: SwapStatus, from: string, to: string): boolean {
  const [one, other] = [source.toLowerCase(), target.toLowerCase()];
  return one === from.toLowerCase() && other === to.toLowerCase();
}
