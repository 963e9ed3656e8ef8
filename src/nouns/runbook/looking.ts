import { HoldfastError } from "../../kernel/errors.ts";
import type { Random } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { Bounds, StepTime } from "./bounded.ts";
import type { Journal } from "./journal.ts";
import type { Observed, Step } from "./runbook.ts";

/** What carrying out a step needs. */
export interface Doing extends Bounds {
  readonly journal: Journal;
  readonly random: Pick<Random, "fraction">;
  readonly log: Pick<Log, "stage" | "info">;
}

/** What a step's own code gave back, or threw. */
export type Told<T> = { readonly value: T } | { readonly error: unknown };

/** Keeps what a step's own code throws apart from what ends the run. @throws the reason of the run's end */
export async function told<T>(
  { cancelled }: Pick<Doing, "cancelled">,
  work: () => Promise<T>,
): Promise<Told<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    cancelled.throwIfAborted();
    return { error };
  }
}

/** One way of looking at a step, or at what takes it back. */
export type Look = (signal: AbortSignal) => Promise<Observed>;

/** What moves, or is not shown yet, is looked at again after so long; doubled up to the longest pause. */
const PAUSE_MS = 500;
const PAUSE_MS_MAX = 10_000;
/** After an act what an outside shows may be some seconds old: so often "missing" is not believed. */
const LOOKS = 5;
/** After a refusal it is true only where it was done all the same. */
const LOOKS_REFUSED = 2;

/** Looks, and waits while something moves. @throws runbook.timeout, and what looking throws */
export async function rested(id: string, look: Look, time: StepTime, doing: Doing): Promise<Observed> {
  for (let pauseMs = PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX)) {
    const seen = await time.within(look);
    if (seen.kind !== "moving") return seen;
    if (time.left <= pauseMs) throw time.over(seen.what);
    doing.log.info(`${id}: ${seen.what}`);
    await doing.clock.sleep(pauseMs, doing.cancelled);
  }
}

/**
 * Looks after an act until it is true, or is something else; what is only missing may not be shown yet.
 *
 * @throws as {@link rested}
 */
export async function settled(
  id: string,
  look: Look,
  time: StepTime,
  doing: Doing,
  { wasRefused }: { readonly wasRefused: boolean },
): Promise<Observed> {
  const looks = wasRefused ? LOOKS_REFUSED : LOOKS;
  for (let count = 1, pauseMs = PAUSE_MS; ; count += 1, pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX)) {
    const seen = await rested(id, look, time, doing);
    if (seen.kind !== "missing" || count === looks || time.left <= pauseMs) return seen;
    await doing.clock.sleep(pauseMs, doing.cancelled);
  }
}

export function isTrue(
  seen: Told<Observed>,
): seen is { readonly value: Extract<Observed, { kind: "true" }> } {
  return "value" in seen && seen.value.kind === "true";
}

export function isMissing(
  seen: Told<Observed>,
): seen is { readonly value: Extract<Observed, { kind: "missing" }> } {
  return "value" in seen && seen.value.kind === "missing";
}

/** Why a step did not become true, as somebody is told. */
export function reasonOf({ id, title }: Pick<Step, "id" | "title">, seen: Told<Observed>): unknown {
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
