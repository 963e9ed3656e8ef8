import { EXIT, type ExitCode } from "../../kernel/errors.ts";
import type { Outcome, ReportTable } from "../../kernel/outcome.ts";
import type { Ran } from "../../nouns/runbook/execute.ts";
import { hindrances, type Plan } from "../../nouns/runbook/plan.ts";
import { recordOf, type RunbookRecord } from "../../nouns/runbook/record.ts";
import { timelineTable } from "../../nouns/runbook/timeline.ts";
import { outcomeWord, type Came } from "../../nouns/runbook/run-planned.ts";
import type { CarriedOut, Wanted } from "./carry-out.ts";
import { markOf, versionIn, versionOf } from "./release-mark.ts";
import { nameOf, type AppTarget } from "./target.ts";

const DOES = { true: "is so", missing: "would", moving: "moves", wrong: "WRONG" } as const;

/**
 * Steps that judge a build, beside the calls of functions; that they say no is a verdict and no failure of
 * anything.
 */
const JUDGES = new Set(["health", "tests", "soak"]);

/** The outcome of a deployment or a rollback of an app, for people and machines. */
export function appOutcome(
  wanted: Wanted,
  target: AppTarget,
  done: CarriedOut,
  notes: readonly string[] = [],
): Outcome {
  const { came, production } = done;
  const record = came.kind === "ran" ? recordOf(came.ran.entries) : undefined;
  const exit = exitOf(came);
  return {
    exit,
    outputs: {
      app: nameOf(target),
      version: versionOf(wanted.build),
      outcome: outcomeWord(came),
      production: production === undefined ? "unknown" : production === null ? "" : versionIn(production),
      "plan-hash": came.plan.hash,
      run: came.kind === "ran" ? came.id : "",
      plan: came.plan.steps.map(({ id: step, title, observed: { kind, what } }) => ({
        id: step,
        title,
        state: kind,
        what,
      })),
      milliseconds: record === undefined ? 0 : record.ended.getTime() - record.began.getTime(),
    },
    report: {
      good: exit === EXIT.done,
      headline: headlineOf(wanted, target, done),
      tables: [record === undefined ? planTable(came.plan) : timelineTable(record)],
      notes: [...notes, ...done.checked.notes, ...notesOf(done, record)],
    },
  };
}

export function planTable({ steps }: Plan): ReportTable {
  return {
    columns: ["Step", "", ""],
    rows: steps.map(({ title, observed: { kind, what } }) => [title, DOES[kind], what]),
  };
}

/** What failed, in its order; a step that was taken back is not shown as failed any more. */
function failuresOf({
  entries,
}: Pick<Ran, "entries">): readonly { readonly step: string; readonly message: string }[] {
  return entries.flatMap(({ event }) =>
    event.kind === "failed" || event.kind === "undo-failed"
      ? [{ step: event.step, message: event.message }]
      : [],
  );
}

function exitOf(came: Came): ExitCode {
  if (came.kind !== "ran") return outcomeWord(came) === "hindered" ? EXIT.verdict : EXIT.done;
  if (came.ran.outcome === "done") return EXIT.done;
  return isJudged(came.ran) ? EXIT.verdict : EXIT.outside;
}

/** Whether it was the build that was not good, and all else went as it should. */
export function isJudged(ran: Pick<Ran, "entries" | "outcome">): boolean {
  const [failed] = failuresOf(ran);
  const isOfBuild = failed !== undefined && (JUDGES.has(failed.step) || failed.step.startsWith("call-"));
  return isOfBuild && (ran.outcome === "undone" || ran.outcome === "stopped");
}

function headlineOf(
  { kind, build }: Wanted,
  target: AppTarget,
  { came, production }: Pick<CarriedOut, "came" | "production">,
): string {
  const [app, version, noun] = [
    nameOf(target),
    versionOf(build),
    kind === "deploy" ? "deployment" : "rollback",
  ];
  if (came.kind === "dry" && came.would !== "idle") {
    const hindered = came.would === "hindered";
    return `The ${noun} would bring ${version} to ${app}${hindered ? ", and something is in its way" : ""}`;
  }
  if (came.kind === "hindered") return `The ${noun} was not begun: something is in its way`;
  if (came.kind !== "ran") return `Nothing to do: ${app} is ${version}, verified before`;
  if (came.ran.outcome === "done") return `${app} is ${version}, seen well and watched`;
  const isWanted = production === markOf(build);
  const now =
    production === undefined
      ? "nobody could say what production is"
      : isWanted
        ? `production IS ${version}`
        : `production is ${production === null ? "what it was" : versionIn(production)}`;
  switch (came.ran.outcome) {
    case "undone":
      return isWanted
        ? `The ${noun} failed after production was ${version} already: ${now}; roll it back`
        : `The ${noun} failed, and was taken back: ${now}`;
    case "stopped":
      return `The ${noun} stopped: ${now}`;
    case "incomplete":
      return `${app} is ${version}, and not all is done`;
    case "escalated":
      return `The ${noun} failed, and could NOT be taken back: ${now}; people are needed`;
  }
}

function notesOf({ came, checked }: CarriedOut, record: RunbookRecord | undefined): readonly string[] {
  if (came.kind !== "ran" || record === undefined) {
    if (outcomeWord(came) === "nothing") return checked.problems;
    return [
      ...checked.problems,
      ...hindranceNotes(came.plan),
      ...(came.kind === "dry" ? [hashNote(came.plan)] : []),
    ];
  }
  const { ran, id } = came;
  const isOpen = ran.outcome === "stopped" || ran.outcome === "escalated" || ran.outcome === "incomplete";
  return [
    ...failureNotes(ran, record),
    ...(isOpen ? [`once the cause is mended, go on with --resume ${id}: it looks before it acts`] : []),
    ...lostNote(ran),
  ];
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

/** What failed, with the titles of the steps. */
export function failureNotes(ran: Pick<Ran, "entries">, { steps }: RunbookRecord): readonly string[] {
  return failuresOf(ran).map(({ step, message }) => {
    const { title } = steps.find(({ id }) => id === step)!;
    return `${title}: ${message}`;
  });
}

export function lostNote({ journalLost }: Pick<Ran, "journalLost">): readonly string[] {
  return journalLost === undefined
    ? []
    : ["the journal in the store ends early: the store could not be written"];
}
