import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { listed } from "../../kernel/listed.ts";
import type { RunIdentity } from "../../ports/run-identity.ts";
import { messageOf } from "./bounded.ts";
import { carryOut } from "./carry-out.ts";
import type { JournalEntry } from "./journal-entry.ts";
import { definitionOf, otherThan } from "./definition.ts";
import type { Plan } from "./plan.ts";
import type { Doing } from "./looking.ts";
import { isOurs, standingOf, type Standing } from "./standing.ts";
import { requireSound, stepsOf, type Runbook } from "./runbook.ts";
import { takeBack } from "./take-back.ts";

/** How a run ended. */
export type RunOutcome =
  /** Every step is true. */
  | "done"
  /** The rest is true, and a step that the rest does not need is not. */
  | "incomplete"
  /** A step failed; what was done before it stays. */
  | "stopped"
  /** A step failed, and what this run did was taken back. */
  | "undone"
  /** People are needed: a step says so, or something could not be taken back. */
  | "escalated";

/** What a run came to. */
export interface Ran {
  readonly outcome: RunOutcome;
  readonly standing: Standing;
  readonly entries: readonly JournalEntry[];
  /** Why the journal in the store ends early; undefined where it is whole. */
  readonly journalLost: unknown;
}

export interface Executing extends Doing {
  readonly run: RunIdentity;
}

/**
 * Carries out what was planned, from its first step on. The journal's first entry is durable before anything
 * is done: where it cannot be written, nothing is.
 *
 * @throws what the store throws at the first entry; lock.lost; the reason why the run was told to stop
 */
export async function beginRun(runbook: Runbook, plan: Plan, executing: Executing): Promise<Ran> {
  requireSound(runbook);
  const { journal, run } = executing;
  await journal.write({
    kind: "opened",
    runbook: runbook.name,
    target: runbook.target,
    inputs: runbook.inputs,
    definition: plan.definition,
    plan: plan.hash,
    steps: plan.steps.map(({ id, title, component, stage }) => ({ id, title, component, stage })),
    run,
  });
  return await goOn(runbook, executing);
}

/**
 * Goes on with a run that was killed, cancelled or stopped, from what is true now. What it had confirmed is
 * left alone; what it may have begun is looked at first; what it was taking back is taken back.
 *
 * @throws input.conflict where the run was of another runbook; as {@link beginRun}
 */
export async function resumeRun(runbook: Runbook, executing: Executing): Promise<Ran> {
  requireSound(runbook);
  const { journal, run } = executing;
  const opened = journal.entries[0]?.event;
  if (opened?.kind !== "opened") throw new Error(`the journal ${journal.run} was not read`);
  if (opened.definition !== definitionOf(runbook)) {
    const other = otherThan(opened, runbook, (value) => journal.covered(value));
    const what = other.length === 0 ? "other rules for its steps" : listed(other);
    throw new HoldfastError(
      "input.conflict",
      `the run ${journal.run} was ${opened.runbook} of ${opened.target}, with other inputs or other steps ` +
        `than are given now: ${what}`,
      {
        hint: "Give the inputs of that run, with the version of Holdfast that began it; or begin a new run.",
      },
    );
  }
  const { ended } = standingOf(journal.entries);
  if (ended === "done" || ended === "undone") return ran(executing, ended);
  await journal.write({ kind: "resumed", run });
  return await goOn(runbook, executing);
}

async function goOn(runbook: Runbook, executing: Executing): Promise<Ran> {
  try {
    const outcome = await carriedOut(runbook, executing);
    await executing.journal.write({ kind: "ended", outcome });
    return ran(executing, outcome);
  } catch (error) {
    await noteEnd(error, executing);
    throw error;
  }
}

async function carriedOut(runbook: Runbook, doing: Doing): Promise<RunOutcome> {
  for (const stage of runbook.stages) {
    if (standingOf(doing.journal.entries).decided !== undefined) break;
    await sideBySide(stage.map((step) => carryOut(step, doing)));
  }
  const { decided, steps } = standingOf(doing.journal.entries);
  if (decided === "undo") return await takenBack(runbook, doing);
  if (decided !== undefined) return decided === "stop" ? "stopped" : "escalated";
  const isWhole = [...steps.values()].every(({ state }) => state === "found" || state === "confirmed");
  return isWhole ? "done" : "incomplete";
}

/** Waits for all of them: what still runs must not be left alone because another one ended badly. */
async function sideBySide(works: readonly Promise<void>[]): Promise<void> {
  const ends = await Promise.allSettled(works);
  const failed = ends.find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/** Last first, and one after the other: what was built upon another goes before it. */
async function takenBack(runbook: Runbook, doing: Doing): Promise<"undone" | "escalated"> {
  let isAll = true;
  for (const step of stepsOf(runbook).toReversed()) {
    const standing = standingOf(doing.journal.entries).steps.get(step.id);
    if (standing === undefined || !isOurs(standing)) continue;
    const end = await takeBack(step, doing);
    // What lies below may not be taken away from under it.
    if (end === "failed") return "escalated";
    if (end === "stays") isAll = false;
  }
  return isAll ? "undone" : "escalated";
}

/** The journal says why it ends here; but not where somebody else writes it now. */
async function noteEnd(error: unknown, { journal, log }: Executing): Promise<void> {
  if (isHoldfastError(error, "lock.lost")) return;
  try {
    await journal.write({ kind: "cancelled", message: messageOf(error) });
  } catch (second) {
    log.info(`the journal does not say why it ends: ${messageOf(second)}`);
  }
}

function ran({ journal }: Pick<Executing, "journal">, outcome: RunOutcome): Ran {
  return {
    outcome,
    standing: standingOf(journal.entries),
    entries: journal.entries,
    journalLost: journal.lost,
  };
}
