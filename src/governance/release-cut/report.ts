import { EXIT } from "../../kernel/errors.ts";
import type { Outcome } from "../../kernel/outcome.ts";
import type { PullBetween } from "../../ports/forge-pulls.ts";
import { stepsTable } from "../steps/steps-table.ts";
import type { StepResult } from "../steps/step.ts";
import type { BranchAtForge } from "../versions/stable-branch.ts";
import type { CutPlan } from "./plan.ts";

/** What a run found and did. */
export interface CutOutcome {
  readonly plan: CutPlan;
  /** The branch that is cut from. */
  readonly branch: string;
  readonly dryRun: boolean;
  readonly steps: readonly StepResult[];
  /** The release's branch as it is now; undefined where there is none. */
  readonly made: (BranchAtForge & { readonly pull: PullBetween | undefined }) | undefined;
}

export function outcomeOf(outcome: CutOutcome): Outcome {
  const { plan, branch, steps, made } = outcome;
  const { cut, notes, warnings } = plan;
  const why = [...plan.problems, ...steps.filter(({ state }) => state === "wrong").map(({ what }) => what)];
  const good = why.length === 0;
  return {
    exit: good ? EXIT.done : EXIT.verdict,
    outputs: {
      version: cut?.version ?? "",
      tag: cut === undefined ? "" : `v${cut.version}`,
      branch: made?.name ?? "",
      commit: made?.commit ?? "",
      from: branch,
      "pull-request": made?.pull?.number ?? null,
      url: made?.pull?.url ?? "",
      notes,
      changed: steps.some(({ acted }) => acted),
      steps: steps.map(({ name, state, what }) => ({ name, state, what })),
      problems: why,
      warnings: [...warnings],
    },
    report: {
      good,
      headline: headline(outcome, why),
      tables: cut === undefined ? [] : [stepsTable(cut.version, steps)],
      notes: [...why.slice(1), ...warnings, ...next(outcome, good)],
    },
  };
}

function headline(
  { plan: { cut }, branch, steps, dryRun, made }: CutOutcome,
  [why]: readonly string[],
): string {
  if (cut === undefined) {
    return why === undefined ? `${branch} has nothing to release` : `nothing was cut from ${branch}: ${why}`;
  }
  const { version } = cut;
  if (why !== undefined) return `the release branch of ${version} is not all as it has to be: ${why}`;
  if (dryRun && steps.some(({ state }) => state === "would")) {
    return cut.isLine
      ? `${branch} would be brought up to date as ${version}`
      : `${version} would be cut from ${branch}`;
  }
  const pull = made?.pull === undefined ? "" : `, with pull request #${made.pull.number}`;
  if (cut.isLine) {
    return steps.some(({ acted }) => acted)
      ? `${branch} is brought up to date as ${version}${pull}`
      : `${branch} is up to date as ${version}${pull}`;
  }
  return steps.some(({ acted }) => acted)
    ? `${version} is cut from ${branch} as ${made?.name ?? cut.names[0]!}${pull}`
    : `${version} was cut before, as ${made?.name ?? cut.names[0]!}${pull}`;
}

function next({ plan: { cut }, dryRun, made }: CutOutcome, good: boolean): readonly string[] {
  if (cut === undefined || dryRun || !good || made?.pull?.isOpen !== true) return [];
  return [
    `next: test ${made.name}, merge #${made.pull.number} into ${cut.stable.name} by a merge commit, ` +
      "and run `holdfast release publish` there",
  ];
}
