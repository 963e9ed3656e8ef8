import { EXIT, type ExitCode } from "../../kernel/errors.ts";
import type { Json, Outcome } from "../../kernel/outcome.ts";
import { hindrances, type Plan } from "../../nouns/runbook/plan.ts";
import { recordOf, type RunbookRecord } from "../../nouns/runbook/record.ts";
import { outcomeWord, type Came } from "../../nouns/runbook/run-planned.ts";
import { timelineTable } from "../../nouns/runbook/timeline.ts";
import type { AppPart } from "../app/app-part.ts";
import type { Rollout } from "../functions/carry/reached.ts";
import { failureNotes, hashNote, hindranceNotes, lostNote, planTable } from "../../nouns/runbook/told-run.ts";
import { isJudged } from "../app/judged.ts";
import { markOf, productionIn, versionIn, versionOf } from "../app/release-mark.ts";
import { changesJson } from "../app/swap-changes.ts";
import { nameOf } from "../app/target.ts";
import { DATABASE, reasonOf } from "./database-step.ts";
import type { RollbackInputs } from "./request.ts";
import type { Parts } from "./rollback-runbook.ts";
import type { Passed } from "./schema-gate.ts";
import { newestOf } from "./schema-gate.ts";
import type { Stands } from "./stands.ts";

/** What a rollback came to, and what it was made of. */
export interface RolledBackWhole {
  readonly came: Came;
  readonly stands: Stands;
  readonly passed: Passed;
  readonly parts: Parts;
  readonly part: AppPart;
  readonly notes: readonly string[];
  readonly inputs: RollbackInputs;
}

/** The outcome of a rollback of app, database and functions, for people and machines. */
export function rollbackOutcome(whole: RolledBackWhole): Outcome {
  const { came, stands, passed, parts, part, notes, inputs } = whole;
  const record = came.kind === "ran" ? recordOf(came.ran.entries) : undefined;
  const exit = exitOf(came, part.checked.problems);
  const left = [...(parts.functions?.rollout.leftOut.values() ?? [])];
  const { production, database } = stands;
  return {
    exit,
    outputs: {
      app: nameOf(parts.app.target),
      version: versionOf(part.on.build),
      trigger: inputs.trigger,
      outcome: outcomeWord(came),
      production: production === undefined ? "unknown" : production === null ? "" : versionIn(production),
      database: database === undefined ? "" : (newestOf(database.now?.versions ?? []) ?? ""),
      schema: passed.what,
      changes: changesJson(part.checked.changes),
      "plan-hash": came.plan.hash,
      run: came.kind === "ran" ? came.id : "",
      plan: planned(came.plan),
      components: Object.fromEntries(record?.components ?? []),
      milliseconds: record === undefined ? 0 : record.ended.getTime() - record.began.getTime(),
    },
    report: {
      good: exit === EXIT.done,
      headline: headlineOf(whole),
      tables: [record === undefined ? planTable(came.plan) : timelineTable(record)],
      notes: [...left, ...notes, ...part.checked.notes, passed.what, ...notesOf(whole, record)],
    },
  };
}

function planned({ steps }: Plan): Json {
  return steps.map(({ id, title, component, observed: { kind, what } }) => ({
    id,
    title,
    component,
    state: kind,
    what,
  }));
}

function exitOf(came: Came, problems: readonly string[]): ExitCode {
  if (came.kind === "dry" || came.kind === "hindered") {
    const ways = hindrances(came.plan);
    if (ways.length === 0 && problems.length === 0) return EXIT.done;
    // What the database's wing refuses is refused: not confirmed, not proved.
    return ways.some(({ component }) => component === DATABASE) ? EXIT.refused : EXIT.verdict;
  }
  if (came.kind === "idle" || came.ran.outcome === "done") return EXIT.done;
  return isJudged(came.ran) ? EXIT.verdict : EXIT.outside;
}

function headlineOf({ came, stands: { production }, part, parts }: RolledBackWhole): string {
  const version = versionOf(part.on.build);
  const app = nameOf(parts.app.target);
  const taken = [
    "the app",
    ...(parts.back === undefined ? [] : ["the database"]),
    ...(parts.functions === undefined ? [] : [functionsIn(parts.functions.rollout)]),
  ].join(", ");
  switch (came.kind) {
    case "dry":
      return came.would === "idle"
        ? `Nothing would be done: ${app} is ${version} as a whole, verified before`
        : `The rollback would bring ${taken} back to ${version}${
            hindrances(came.plan).length > 0 ? ", and something is in its way" : ""
          }`;
    case "idle":
      return `Nothing to do: ${app} is ${version} as a whole, verified before`;
    case "hindered":
      return "The rollback was not begun: something is in its way";
    case "ran":
  }
  if (came.ran.outcome === "done") return `${app} is ${version} again: ${taken} back, and seen well`;
  const now =
    production === undefined
      ? "nobody could say what production is"
      : production === markOf(part.on.build)
        ? `production IS ${version}, and not all of the rest is back`
        : `production is ${production === null ? "what it was" : versionIn(production)}`;
  return came.ran.outcome === "undone"
    ? `The rollback failed, and was taken back: ${now}`
    : `The rollback is not whole: ${now}`;
}

function functionsIn({ leftOut }: Rollout): string {
  return leftOut.size === 0 ? "its functions" : `its functions but ${[...leftOut.keys()].join(", ")}`;
}

function notesOf(whole: RolledBackWhole, record: RunbookRecord | undefined): readonly string[] {
  const { came, part, stands } = whole;
  if (came.kind !== "ran" || record === undefined) {
    if (outcomeWord(came) === "nothing") {
      return ["production is what is gone back to: to go further back, name the version with --to"];
    }
    return [
      ...part.checked.problems,
      ...hindranceNotes(came.plan),
      ...(came.kind === "dry" ? [hashNote(came.plan)] : []),
    ];
  }
  const where = [stands.database?.words, stands.functions].filter((words) => words !== undefined);
  const isWhole = came.ran.outcome === "done";
  return [
    ...failureNotes(came.ran, record),
    ...where,
    ...(isWhole || came.ran.outcome === "undone" ? [] : waysOn(whole, came.id)),
    ...(isWhole ? backupNote(whole, came.id) : []),
    ...lostNote(came.ran),
  ];
}

/** Forward, and backward to what there was before: nobody has to work that out at night. */
function waysOn(whole: RolledBackWhole, id: string): readonly string[] {
  const { came, parts, inputs } = whole;
  const kept = came.kind === "ran" ? came.ran.standing.steps.get("snapshot")?.state : undefined;
  const isKept = kept === "found" || kept === "confirmed";
  const before =
    came.kind === "ran" ? productionIn(came.ran.standing.steps.get("swap")?.actedOn?.evidence) : null;
  return [
    `forward: once the cause is mended, --resume ${id}: it looks before it acts`,
    ...(before === null
      ? []
      : [
          `backward, the app: holdfast rollback-app --to v${versionIn(before)} --schema keep ` +
            `--store ${inputs.store}`,
        ]),
    ...backupNote(whole, id),
    ...(parts.functions === undefined || !isKept
      ? []
      : [
          `backward, the functions: holdfast functions-rollback --to ${id} ` +
            `--project ${parts.functions.rollout.project} --store ${inputs.store}`,
        ]),
  ];
}

/** The safety backup that was made before the database was changed. */
function backupNote({ stands, inputs }: RolledBackWhole, id: string): readonly string[] {
  const made = stands.database?.now?.rollbacks.findLast(
    ({ reason, backup }) => reason === reasonOf(inputs.reason, id) && backup !== null,
  );
  return made === undefined
    ? []
    : [
        `what the database held before is backup ${made.backup}: ` +
          `holdfast migrate-rollback --from-backup ${made.backup} --store ${inputs.store} ` +
          "--database-file … --identity-file … --confirm <database> brings it back",
      ];
}
