import type { ReportTable } from "../../kernel/outcome.ts";
import type { Ran } from "./execute.ts";
import { hindrances, type Plan } from "./plan.ts";
import type { RunbookRecord } from "./record.ts";

const DOES = { true: "is so", missing: "would", moving: "moves", wrong: "WRONG" } as const;

/** A plan as people read it. */
export function planTable({ steps }: Plan): ReportTable {
  return {
    columns: ["Step", "", ""],
    rows: steps.map(({ title, observed: { kind, what } }) => [title, DOES[kind], what]),
  };
}

/** By which an approval is bound to a plan. */
export function hashNote({ hash }: Plan): string {
  return `the plan's hash, for --plan-hash: ${hash}`;
}

/** What keeps a plan from being begun, and what to do. */
export function hindranceNotes(plan: Plan): readonly string[] {
  return hindrances(plan).map(
    ({ title, observed }) => `${title}: ${observed.what}${"hint" in observed ? `. ${observed.hint}` : ""}`,
  );
}

/** A step that failed, also where it was taken back since. */
export interface Failure {
  readonly step: string;
  readonly message: string;
}

/**
 * What failed, in its order, each step once and by its newest words; not what became true when the run was
 * gone on with.
 */
export function failuresOf({ entries, standing }: Pick<Ran, "entries" | "standing">): readonly Failure[] {
  const failed = new Map<string, string>();
  for (const { event } of entries) {
    if (event.kind === "failed" || event.kind === "undo-failed") failed.set(event.step, event.message);
  }
  return [...failed]
    .filter(([step]) => !["found", "confirmed"].includes(standing.steps.get(step)!.state))
    .map(([step, message]) => ({ step, message }));
}

/** The same, with the titles of the steps. */
export function failureNotes(
  ran: Pick<Ran, "entries" | "standing">,
  { steps }: Pick<RunbookRecord, "steps">,
): readonly string[] {
  const titles = new Map(steps.map(({ id, title }) => [id, title]));
  return failuresOf(ran).map(({ step, message }) => `${titles.get(step)!}: ${message}`);
}

export function lostNote({ journalLost }: Pick<Ran, "journalLost">): readonly string[] {
  return journalLost === undefined
    ? []
    : ["the journal in the store ends early: the store could not be written"];
}
