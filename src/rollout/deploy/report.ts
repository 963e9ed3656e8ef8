import { EXIT, type ExitCode } from "../../kernel/errors.ts";
import type { Outcome } from "../../kernel/outcome.ts";
import { recordOf, type RunbookRecord } from "../../nouns/runbook/record.ts";
import { outcomeWord, type Came } from "../../nouns/runbook/run-planned.ts";
import { timelineTable } from "../../nouns/runbook/timeline.ts";
import { failureNotes, hashNote, hindranceNotes, lostNote, planTable } from "../../nouns/runbook/told-run.ts";
import { isJudged } from "../app/judged.ts";
import { markOf, versionIn, versionOf } from "../app/release-mark.ts";
import { changesJson } from "../app/swap-changes.ts";
import { nameOf, type AppTarget } from "../app/target.ts";
import type { CarriedOut, Wanted } from "./carry-out.ts";

/** The outcome of a deployment, for people and machines. */
export function deployOutcome(
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
      changes: changesJson(done.checked.changes),
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

function exitOf(came: Came): ExitCode {
  if (came.kind !== "ran") return outcomeWord(came) === "hindered" ? EXIT.verdict : EXIT.done;
  if (came.ran.outcome === "done") return EXIT.done;
  return isJudged(came.ran) ? EXIT.verdict : EXIT.outside;
}

function headlineOf(
  { build }: Wanted,
  target: AppTarget,
  { came, production }: Pick<CarriedOut, "came" | "production">,
): string {
  const [app, version] = [nameOf(target), versionOf(build)];
  if (came.kind === "dry" && came.would !== "idle") {
    const inTheWay = came.would === "hindered" ? ", and something is in its way" : "";
    return `The deployment would bring ${version} to ${app}${inTheWay}`;
  }
  if (came.kind === "hindered") return `The deployment was not begun: something is in its way`;
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
        ? `The deployment failed after production was ${version} already: ${now}; roll it back`
        : `The deployment failed, and was taken back: ${now}`;
    case "stopped":
      return `The deployment stopped: ${now}`;
    case "incomplete":
      return `${app} is ${version}, and not all is done`;
    case "escalated":
      return `The deployment failed, and could NOT be taken back: ${now}; people are needed`;
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
