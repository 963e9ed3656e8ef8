import { EXIT, type ExitCode } from "../../../kernel/errors.ts";
import type { Json, Outcome } from "../../../kernel/outcome.ts";
import { quantity } from "../../../kernel/quantity.ts";
import type { Ran } from "../../../nouns/runbook/execute.ts";
import type { Plan } from "../../../nouns/runbook/plan.ts";
import { recordOf, type RunbookRecord } from "../../../nouns/runbook/record.ts";
import { timelineMermaid, timelineTable } from "../../../nouns/runbook/timeline.ts";
import { outcomeWord } from "../../../nouns/runbook/run-planned.ts";
import { failureNotes, hindranceNotes, lostNote, planTable } from "../../../nouns/runbook/told-run.ts";
import type { RolledOut } from "./roll-out.ts";
import type { Rollout } from "./reached.ts";
import { isIdle } from "./steps.ts";

/** The outcome of a deployment or a rollback, for people and machines. */
export function rolloutOutcome(
  rollout: Rollout,
  rolledOut: RolledOut,
  more: { readonly outputs?: Readonly<Record<string, Json>>; readonly notes?: readonly string[] } = {},
): Outcome {
  const { plan } = rolledOut;
  const record = rolledOut.kind === "ran" ? recordOf(rolledOut.ran.entries) : undefined;
  const changes = changesIn(plan);
  const outputs: Record<string, Json> = {
    project: rollout.project,
    "plan-hash": plan.hash,
    run: rolledOut.kind === "ran" ? rolledOut.id : "",
    snapshot: rolledOut.kind === "ran" && stateOf(record, "snapshot") === true ? rolledOut.id : "",
    outcome: outcomeWord(rolledOut),
    changed: rolledOut.kind === "ran" && rolledOut.ran.outcome === "done" ? changes : [],
    planned: changes,
    plan: plan.steps.map(({ id, title, stage, observed: { kind, what } }) => ({
      id,
      title,
      stage,
      state: kind,
      what,
    })),
    ...more.outputs,
  };
  const tables = record === undefined ? [planTable(plan)] : [timelineTable(record)];
  const notes = [...rollout.leftOut.values(), ...(more.notes ?? []), ...notesOf(rolledOut, record)];
  return {
    exit: exitOf(rolledOut),
    outputs,
    report: {
      good: exitOf(rolledOut) === EXIT.done,
      headline: headlineOf(rollout, rolledOut, changes),
      tables,
      notes,
      ...(record === undefined ? {} : { mermaid: timelineMermaid(record) }),
    },
  };
}

/** Names of the functions that would be, or were, uploaded. */
export function changesIn({ steps }: Plan): string[] {
  return steps
    .filter(({ id, observed }) => id.startsWith("upload-") && observed.kind === "missing")
    .map(({ title }) => title.replace(/^upload /, ""));
}

function stateOf(record: RunbookRecord | undefined, id: string): boolean | undefined {
  const step = record?.steps.find((each) => each.id === id);
  return step === undefined ? undefined : step.state === "found" || step.state === "confirmed";
}

function exitOf(rolledOut: RolledOut): ExitCode {
  if (rolledOut.kind !== "ran") return outcomeWord(rolledOut) === "hindered" ? EXIT.verdict : EXIT.done;
  switch (rolledOut.ran.outcome) {
    case "done":
      return EXIT.done;
    case "undone":
      return isUntouched(rolledOut.ran) ? EXIT.outside : EXIT.verdict;
    case "incomplete":
    case "stopped":
    case "escalated":
      return EXIT.outside;
  }
}

/** Whether what is served was never acted upon. */
function isUntouched({ standing }: Ran): boolean {
  return standing.steps.get("activate")?.actedOn === undefined;
}

function headlineOf(rollout: Rollout, rolledOut: RolledOut, changes: readonly string[]): string {
  const { size } = rollout.leftOut;
  const end = size === 0 ? "" : `; ${quantity(size, "function")} NOT taken back`;
  return `${headOf(rollout, rolledOut, changes)}${end}`;
}

function headOf({ kind, project }: Rollout, rolledOut: RolledOut, changes: readonly string[]): string {
  const what = quantity(changes.length, "function");
  const noun = kind === "deploy" ? "deployment" : "rollback";
  if (rolledOut.kind === "dry") {
    return isIdle(rolledOut.plan.steps)
      ? `Nothing would be done: ${project} serves every function as wanted`
      : `The ${noun} would upload ${what} to ${project} and activate them by one call`;
  }
  if (rolledOut.kind === "idle") return `Nothing to do: ${project} serves every function as wanted`;
  if (rolledOut.kind === "hindered") return `The ${noun} was not begun: something is in its way`;
  switch (rolledOut.ran.outcome) {
    case "done":
      return `${project} serves what is wanted: ${what} exchanged, every one of the set called`;
    case "undone":
      if (isUntouched(rolledOut.ran)) {
        return `The ${noun} was given up before anything that is served was changed`;
      }
      return `The ${noun} failed, and ${project} serves again what it served before, read back`;
    case "stopped":
      return `The ${noun} stopped before anything that is served was changed`;
    case "incomplete":
      return `The ${noun} is incomplete`;
    case "escalated":
      return `The ${noun} failed, and what was served before could NOT be put back: people are needed`;
  }
}

function notesOf(rolledOut: RolledOut, record: RunbookRecord | undefined): readonly string[] {
  if (rolledOut.kind !== "ran" || record === undefined) return hindranceNotes(rolledOut.plan);
  const { ran, id } = rolledOut;
  return [
    ...failureNotes(ran, record),
    ...(ran.outcome === "stopped" || ran.outcome === "escalated"
      ? [`once the cause is mended, go on with --resume ${id}: it looks before it acts`]
      : []),
    ...lostNote(ran),
  ];
}
