import type { JournalEntry } from "./journal-entry.ts";
import { standingOf, type StepStanding } from "./standing.ts";

/** What became of one step, and how long it took. */
export interface RecordedStep {
  readonly id: string;
  readonly title: string;
  readonly component: string;
  readonly state: StepStanding["state"];
  /** Words of what was found, confirmed, or failed. */
  readonly what: string;
  /** Acts. */
  readonly attempts: number;
  /** Of its first entry and of its last, without the looking before it; undefined where there is none. */
  readonly began: Date | undefined;
  readonly ended: Date | undefined;
}

/** What a journal comes to: what was done, when, and how long each part took. */
export interface RunbookRecord {
  readonly run: string;
  readonly runbook: string;
  readonly target: string;
  /** `unfinished` where the journal does not say how it ended: killed, cancelled, or still at work. */
  readonly outcome: NonNullable<ReturnType<typeof standingOf>["ended"]> | "unfinished";
  readonly began: Date;
  readonly ended: Date;
  /** Processes that worked on it: more than one where it was gone on with. */
  readonly processes: number;
  readonly steps: readonly RecordedStep[];
  /** Milliseconds in which something of a component was at work, by component, in the order they began. */
  readonly components: ReadonlyMap<string, number>;
}

/** @param entries of one journal, from its first on */
export function recordOf(entries: readonly JournalEntry[]): RunbookRecord {
  const [first] = entries;
  if (first?.event.kind !== "opened") throw new Error("a journal begins with being opened");
  const { runbook, target, steps: planned } = first.event;
  const { steps: standings, ended } = standingOf(entries);
  const steps = planned.map(({ id, title, component }): RecordedStep => {
    const times = timesOf(id, entries);
    const { state, what, attempts } = standings.get(id)!;
    return { id, title, component, state, what, attempts, began: times.at(0), ended: times.at(-1) };
  });
  return {
    run: first.run,
    runbook,
    target,
    outcome: ended ?? "unfinished",
    began: new Date(first.at),
    ended: new Date(entries.at(-1)!.at),
    processes: 1 + entries.filter(({ event }) => event.kind === "resumed").length,
    steps,
    components: busy(steps),
  };
}

/** When something was written of a step: from its first act on, or when it was found to be so. */
function timesOf(id: string, entries: readonly JournalEntry[]): Date[] {
  return entries.filter(({ event }) => "step" in event && event.step === id).map(({ at }) => new Date(at));
}

/** Time that two steps of one component share counts once. */
function busy(steps: readonly RecordedStep[]): ReadonlyMap<string, number> {
  const spans = steps
    .flatMap(({ component, began, ended }) =>
      began === undefined || ended === undefined
        ? []
        : [{ component, from: began.getTime(), to: ended.getTime() }],
    )
    .sort((a, b) => a.from - b.from);
  const sums = new Map<string, { until: number; ms: number }>();
  for (const { component, from, to } of spans) {
    const { until, ms } = sums.get(component) ?? { until: from, ms: 0 };
    sums.set(component, { until: Math.max(until, to), ms: ms + Math.max(0, to - Math.max(from, until)) });
  }
  return new Map([...sums].map(([component, { ms }]) => [component, ms]));
}
