import type { Json } from "../../kernel/outcome.ts";
import type { JournalEntry, JournalEvent } from "./journal-entry.ts";
import type { FailureRule } from "./runbook.ts";

/** Where one step stands by the journal alone; the world may be further. */
export interface StepStanding {
  readonly state:
    | "open"
    /** Acted upon, and nobody saw it end well. */
    | "acting"
    /** True before. */
    | "found"
    /** True by this run. */
    | "confirmed"
    | "failed"
    | "undone"
    | "undo-failed";
  /** What was observed before the newest act; undefined where it was never acted upon. */
  readonly actedOn: { readonly evidence: Json } | undefined;
  readonly attempts: number;
  readonly what: string;
}

/** Where a run stands, read off its entries. */
export interface Standing {
  readonly steps: ReadonlyMap<string, StepStanding>;
  /** Set once a failure has decided how the run goes on: it never goes forward again. */
  readonly decided: Exclude<FailureRule, "continue"> | undefined;
  readonly ended: Extract<JournalEvent, { kind: "ended" }>["outcome"] | undefined;
}

const OPEN: StepStanding = { state: "open", actedOn: undefined, attempts: 0, what: "" };

/** @param entries of one journal, in their order */
export function standingOf(entries: readonly Pick<JournalEntry, "event">[]): Standing {
  const steps = new Map<string, StepStanding>();
  let decided: Standing["decided"];
  let ended: Standing["ended"];
  for (const { event } of entries) {
    if (event.kind === "opened") for (const { id } of event.steps) steps.set(id, OPEN);
    if (event.kind === "ended") ended = event.outcome;
    if (event.kind === "failed" && event.rule !== "continue") decided ??= event.rule;
    // Somebody had the cause mended, and goes on: what was stopped is tried anew, what is taken back is not.
    if (event.kind === "resumed") {
      ended = undefined;
      if (decided !== "undo") decided = undefined;
    }
    if ("step" in event) steps.set(event.step, after(steps.get(event.step) ?? OPEN, event));
  }
  return { steps, decided, ended };
}

function after(before: StepStanding, event: Extract<JournalEvent, { step: string }>): StepStanding {
  switch (event.kind) {
    case "found":
    case "confirmed":
    case "undone":
      return { ...before, state: event.kind, what: event.what };
    case "acting":
      return {
        state: "acting",
        actedOn: { evidence: event.evidence },
        attempts: before.attempts + 1,
        what: event.what,
      };
    case "failed":
    case "undo-failed":
      return { ...before, state: event.kind, what: event.message };
    case "acted":
    case "act-failed":
    case "undoing":
      return before;
  }
}

/** Whether this run has, or may have, changed something by the step. */
export function isOurs({ state, actedOn }: StepStanding): boolean {
  return actedOn !== undefined && state !== "undone";
}
