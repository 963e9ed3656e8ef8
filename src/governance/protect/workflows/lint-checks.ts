import { listed } from "../../../kernel/listed.ts";
import type { Finding, Severity } from "../../findings/finding.ts";
import type { Protection, RequiredCheck } from "../settings.ts";
import { startsFor } from "./filters.ts";
import { mayProduce, producersOf, type Producer } from "./producers.ts";
import { askedResults } from "./asked-results.ts";
import { Reported } from "./reported.ts";
import type { Trigger, Workflow } from "./read-workflow.ts";

/** Both must report a check: a merge queue waits for it on its own event, for ever where nobody reports. */
const EVENTS = ["pull_request", "merge_group"] as const;
type Event = (typeof EVENTS)[number];

/** A check that is required, and of which branches. */
interface Required {
  readonly check: RequiredCheck;
  readonly branches: readonly string[];
}

/**
 * Whether every required check is reported where it is waited for, and whether what reports it can be made
 * green by not running: a job that is skipped counts as passed.
 * https://docs.github.com/pull-requests/collaborating-with-pull-requests/collaborating-on-repositories-with-code-quality-features/troubleshooting-required-status-checks
 */
export function lintChecks(declared: Protection, workflows: readonly Workflow[]): Finding[] {
  const producers = producersOf(workflows);
  const required = requiredOf(declared);
  const reported = new Reported(producers, new Set(required.map(({ check }) => check.name)));
  return required.flatMap((each) => lintCheck(each, producers, reported));
}

function requiredOf({ branches }: Protection): Required[] {
  const all = new Map<string, { check: RequiredCheck; branches: string[] }>();
  for (const { checks, branches: names } of branches) {
    for (const check of checks) {
      const key = JSON.stringify([check.name, check.app]);
      const known = all.get(key) ?? { check, branches: [] };
      known.branches.push(...names);
      all.set(key, known);
    }
  }
  return [...all.values()];
}

function finding(
  rule: string,
  severity: Severity,
  at: { readonly file: string; readonly line: number } | undefined,
  message: string,
  fix: string,
): Finding {
  return {
    rule: `protect/${rule}`,
    severity,
    file: at?.file ?? null,
    line: at?.line ?? null,
    message,
    fix,
  };
}

function placeOf({ workflow, job }: Producer): { readonly file: string; readonly line: number } {
  return { file: workflow.file, line: job.line };
}

function lintCheck(
  { check, branches }: Required,
  producers: readonly Producer[],
  reported: Reported,
): Finding[] {
  const { name, app } = check;
  if (typeof app === "number") {
    const message = `the check '${name}' comes from app ${app}, and no file here tells of it`;
    const fix = "Make sure that the app reports on pull requests and in the merge queue.";
    return [finding("check-of-an-app", "note", undefined, message, fix)];
  }
  const mine = producers.filter((each) => mayProduce(each, name));
  const exact = mine.filter((each) => each.exact);
  const used = exact.length > 0 ? exact : mine;
  return [
    ...EVENTS.flatMap((event) => lintEvent(check, event, used, branches, producers)),
    ...twice(name, exact),
    ...used.filter(isWatched).flatMap((each) => lintProducer(name, each, reported)),
  ];
}

function isWatched({ triggers }: Producer): boolean {
  return EVENTS.some((event) => triggers.has(event));
}

function lintEvent(
  { name, app }: RequiredCheck,
  event: Event,
  used: readonly Producer[],
  branches: readonly string[],
  all: readonly Producer[],
): Finding[] {
  const starting = used.filter(({ triggers }) => triggers.has(event));
  const [first] = starting;
  if (first === undefined) {
    const near = all.filter(({ name: other, triggers }) => triggers.has(event) && isNear(other, name));
    const hint = near.length === 0 ? "" : `; there are ${listed(near.map((each) => `'${each.name}'`))}`;
    const message = `no job reports the required check '${name}' on ${event}${hint}`;
    const waits = event === "merge_group" ? "the merge queue" : "every pull request";
    const at = used[0] === undefined ? undefined : placeOf(used[0]);
    const fix =
      used.length === 0
        ? `Name the check as a job reports it, or add the job; until then ${waits} waits for it for ever.`
        : `Add ${event}: to the workflow's on:; until then ${waits} waits for it for ever.`;
    // Whoever lets any app report may mean one that is not here.
    const severity = app === "any" && used.length === 0 ? "warning" : "error";
    return [finding("check-without-producer", severity, at, message, fix)];
  }
  if (!starting.some(({ exact }) => exact)) {
    const message = `whether '${name}' is reported on ${event} can only a run tell: there is '${first.name}'`;
    const fix = "Give the job a name of its own without expressions, and require that.";
    return [finding("check-of-an-open-name", "warning", placeOf(first), message, fix)];
  }
  const problems = starting.map((each) => stalls(name, event, each.triggers.get(event)!, branches, each));
  // One that always starts is enough for the check to come.
  return problems.some((each) => each.length === 0) ? [] : problems.flat();
}

/** Names that a person may have meant: a job with its matrix, a called workflow's job. */
function isNear(produced: string, wanted: string): boolean {
  return (
    produced.startsWith(`${wanted} `) || produced.endsWith(` / ${wanted}`) || wanted.startsWith(produced)
  );
}

function stalls(
  name: string,
  event: Event,
  trigger: Trigger,
  branches: readonly string[],
  producer: Producer,
): Finding[] {
  const problem = (message: string, fix: string): Finding =>
    finding("check-may-stall", "error", placeOf(producer), message, fix);
  const left = branches.filter((branch) => !startsFor(trigger, branch));
  const types = trigger.types;
  const missed = ["opened", "synchronize", "reopened"].filter((type) => types?.includes(type) === false);
  const { condition } = producer.caller ?? {};
  return [
    ...(trigger.byPath && event === "pull_request"
      ? [
          problem(
            `the required check '${name}' is only reported when certain files change: others wait for ever`,
            "Take paths and paths-ignore from the trigger, and skip inside of the job instead.",
          ),
        ]
      : []),
    ...(left.length > 0
      ? [
          problem(
            `the required check '${name}' is not reported on ${event} for ${listed(left)}`,
            `Let the workflow's ${event} trigger take the branches for which the check is required.`,
          ),
        ]
      : []),
    ...(event === "pull_request" && missed.length > 0
      ? [
          problem(
            `the required check '${name}' is not reported when a pull request is ${missed.join(", ")}`,
            "Add opened, synchronize and reopened to the trigger's types: a check belongs to one commit.",
          ),
        ]
      : []),
    ...(condition !== undefined && !runsAlways(condition) && !holdsForAll(condition)
      ? [
          problem(
            `the required check '${name}' is of a called workflow: it never comes where that is skipped`,
            "Move the condition into the called workflow's jobs, or require the caller's result in a job.",
          ),
        ]
      : []),
  ];
}

function twice(name: string, exact: readonly Producer[]): Finding[] {
  const [first, second] = exact.filter(isWatched);
  if (first === undefined || second === undefined) return [];
  const message =
    `two jobs report a check '${name}', ` +
    `in ${first.workflow.file} and ${second.workflow.file}: which of them counts is not settled`;
  return [
    finding("check-name-twice", "warning", placeOf(second), message, "Give each job a name of its own."),
  ];
}

/** What also asks for something else is skipped where that is not so. */
function runsAlways(condition: string): boolean {
  return !condition.includes("&&") && /\balways\(\)|!\s*cancelled\(\)/.test(condition);
}

/** Whether a condition only keeps other events away than those that a check has to answer on. */
function holdsForAll(condition: string): boolean {
  const terms = condition.replace(/^\s*\$\{\{|\}\}\s*$/g, "").split("||");
  const named = terms.map((term) => /^\s*github\.event_name\s*==\s*'(\w+)'\s*$/i.exec(term)?.[1]);
  return !named.includes(undefined) && EVENTS.every((event) => named.includes(event));
}

/** How a check can be green though what it stands for was not. */
function lintProducer(name: string, producer: Producer, reported: Reported): Finding[] {
  const { job } = producer;
  const problem = (severity: Severity, message: string, fix: string): Finding =>
    finding("check-may-be-fooled", severity, placeOf(producer), message, fix);
  const always = job.condition !== undefined && runsAlways(job.condition);
  if (job.condition !== undefined && !always && !holdsForAll(job.condition)) {
    return [
      problem(
        "warning",
        `the required check '${name}' counts as passed wherever its condition skips it: if: ${job.condition}`,
        "Put the condition on steps, or require a job that runs always and looks at this one's result.",
      ),
    ];
  }
  if (job.needs.length === 0) return [];
  const asks = always ? askedResults(job.text) : () => true;
  const unseen = job.needs.filter((id) => !asks(id));
  if (always && unseen.length > 0) {
    return [
      problem(
        "error",
        `the required check '${name}' runs always and never looks at how ${listed(unseen)} ended`,
        "Let a step fail unless every needs.<job>.result is success, or skipped where that is allowed.",
      ),
    ];
  }
  if (always) return [];
  const free = reported.neededBy(producer).filter((each) => !reported.isRequired(each));
  return free.length === 0
    ? []
    : [
        problem(
          "error",
          `the required check '${name}' is skipped, and so counts as passed, when ` +
            `${listed(free.map(({ id }) => id))} fails, which is not required itself`,
          "Add if: ${{ always() }} and look at the results of what it needs, or require those jobs too.",
        ),
      ];
}
