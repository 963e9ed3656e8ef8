import { EXIT } from "../../kernel/errors.ts";
import type { Json, Outcome } from "../../kernel/outcome.ts";
import { told } from "../../nouns/forge/told.ts";
import type { StepResult } from "../steps/step.ts";
import { stepsTable } from "../steps/steps-table.ts";
import type { Hotfix } from "./finish-plan.ts";
import type { HotfixSurroundings } from "./steps/surroundings.ts";

/** What a run found and did. */
export interface Finished {
  readonly hotfix: Hotfix;
  /** The branches that it has to reach. */
  readonly bases: readonly string[];
  readonly steps: readonly StepResult[];
  readonly around: HotfixSurroundings;
  readonly requireMerged: boolean;
  readonly dryRun: boolean;
  readonly warnings: readonly string[];
}

export async function finishOutcome(finished: Finished): Promise<Outcome> {
  const { hotfix, steps, bases, requireMerged, warnings } = finished;
  const { branch, version, commit, fixes, into } = hotfix;
  const unmerged = bases.filter((base) => !isMerged(base, steps));
  const wrong = steps.filter(({ state }) => state === "wrong").map(({ what }) => what);
  const waiting =
    requireMerged && wrong.length === 0 ? unmerged.map((base) => `${base} does not have ${branch} yet`) : [];
  const problems = [...wrong, ...waiting];
  const good = problems.length === 0;
  return {
    exit: good ? EXIT.done : EXIT.verdict,
    outputs: {
      version,
      branch,
      commit,
      release: fixes.name,
      base: into.name,
      "pull-requests": await pullRequests(finished),
      merged: unmerged.length === 0,
      changed: steps.some(({ acted }) => acted),
      steps: steps.map(({ name, state, what }) => ({ name, state, what })),
      problems,
      warnings: [...warnings],
    },
    report: {
      good,
      headline: headline(finished, unmerged, problems),
      tables: [stepsTable(version, steps)],
      notes: [...problems.slice(1), ...warnings, ...next(finished, unmerged, wrong)],
    },
  };
}

function isMerged(base: string, steps: readonly StepResult[]): boolean {
  const step = steps.find(({ name }) => name === `into ${base}`);
  return step?.state === "was" || step?.state === "done";
}

async function pullRequests({ hotfix, bases, around }: Finished): Promise<readonly Json[]> {
  const found: Json[] = [];
  for (const base of bases) {
    const between = await around.forge.pulls.between({ head: hotfix.branch, base });
    const [newest] = told(between, `pull requests of ${hotfix.branch}`);
    if (newest !== undefined) {
      found.push({ base, number: newest.number, url: newest.url, merged: newest.isMerged });
    }
  }
  return found;
}

function headline(
  { hotfix, steps, bases, dryRun }: Finished,
  unmerged: readonly string[],
  [why]: readonly string[],
): string {
  const { branch, version } = hotfix;
  if (why !== undefined) return `${branch} is not where it has to be: ${why}`;
  if (unmerged.length === 0) return `${branch} (${version}) is in ${bases.join(" and ")}`;
  if (dryRun && steps.some(({ state }) => state === "would")) {
    return `${branch} (${version}) would get a pull request into ${unmerged.join(" and ")}`;
  }
  return `${branch} (${version}) waits to be merged into ${unmerged.join(" and ")}`;
}

function next(
  { hotfix: { into, fixes, version }, steps, dryRun }: Finished,
  unmerged: readonly string[],
  wrong: readonly string[],
): readonly string[] {
  const merge =
    dryRun || unmerged.length === 0 || wrong.length > 0
      ? []
      : [
          `next: merge ${unmerged.length === 1 ? "its pull request" : "each pull request"} into ` +
            `${unmerged.join(" and ")} by a merge commit, and run \`holdfast hotfix finish\` again`,
        ];
  if (!isMerged(into.name, steps)) return merge;
  return [
    ...merge,
    `${into.name} has it: \`holdfast release publish\` there releases it, as v${version} where nothing ` +
      `else came after ${fixes.name}`,
  ];
}
