import { EXIT } from "../../kernel/errors.ts";
import type { Outcome } from "../../kernel/outcome.ts";
import type { Secret } from "../../kernel/secret.ts";
import type { Ports } from "../../ports/ports.ts";
import { reconcile } from "../steps/reconcile.ts";
import type { StepResult } from "../steps/step.ts";
import { stepsTable } from "../steps/steps-table.ts";
import { readReleaseSettings } from "../versions/read-settings.ts";
import { hotfixBranch } from "./branch-name.ts";
import { planStart, type HotfixStart } from "./start-plan.ts";
import { branchStep } from "./steps/branch.ts";

/** The parsed inputs of `holdfast hotfix start`. */
export interface HotfixStartInputs {
  readonly name: string;
  readonly from: string | undefined;
  readonly settings: string;
  readonly repository: string | undefined;
  readonly token: Secret | undefined;
  readonly dryRun: boolean;
}

export type HotfixStartPorts = Pick<
  Ports,
  "sourceTree" | "sourceHistory" | "openForge" | "clock" | "log" | "cancelled"
>;

/** `holdfast hotfix start`: see src/commands/governance/hotfix-start.ts. */
export async function runHotfixStart(inputs: HotfixStartInputs, ports: HotfixStartPorts): Promise<Outcome> {
  const history = await ports.sourceHistory(".");
  const settings = await readReleaseSettings(await ports.sourceTree(), inputs.settings, history);
  const branch = hotfixBranch(inputs.name, settings.hotfix.prefix);
  const forge = await ports.openForge(inputs.repository, inputs.token);
  ports.log.stage(`looking for the release that ${branch} fixes`);
  const plan = await planStart(branch, inputs.from, settings, forge);
  if (plan.kind === "problem") return refused(branch, plan.why);
  const { start } = plan;
  const steps = await reconcile([branchStep(start, forge)], { dryRun: inputs.dryRun, ...ports });
  return outcomeOf(start, steps, inputs.dryRun);
}

function refused(branch: string, why: string): Outcome {
  return {
    exit: EXIT.verdict,
    outputs: { ...NOTHING, branch, problems: [why] },
    report: { good: false, headline: `${branch} was not begun: ${why}`, tables: [], notes: [] },
  };
}

const NOTHING = {
  version: "",
  release: "",
  commit: "",
  base: "",
  changed: false,
  steps: [],
  problems: [],
  warnings: [],
};

function outcomeOf(start: HotfixStart, steps: readonly StepResult[], dryRun: boolean): Outcome {
  const { branch, release, version, into, warnings } = start;
  const wrong = steps.filter(({ state }) => state === "wrong").map(({ what }) => what);
  const good = wrong.length === 0;
  return {
    exit: good ? EXIT.done : EXIT.verdict,
    outputs: {
      version,
      branch,
      release: release.tag,
      commit: release.commit,
      base: into.name,
      changed: steps.some(({ acted }) => acted),
      steps: steps.map(({ name, state, what }) => ({ name, state, what })),
      problems: wrong,
      warnings: [...warnings],
    },
    report: {
      good,
      headline: headline(start, steps, dryRun),
      tables: [stepsTable(version, steps)],
      notes: [...warnings, ...(good && !dryRun ? goingOn(branch) : [])],
    },
  };
}

function headline(
  { branch, release, version, into }: HotfixStart,
  steps: readonly StepResult[],
  dryRun: boolean,
): string {
  const [step] = steps;
  if (step?.state === "wrong") return `${branch} was not begun: ${step.what}`;
  const done =
    dryRun && step?.state === "would" ? "would begin" : step?.state === "done" ? "begins" : "began before";
  return `${branch} ${done} at ${release.tag}, for ${version} on ${into.name}`;
}

function goingOn(branch: string): readonly string[] {
  return [
    `next: \`git fetch origin\`, \`git switch ${branch}\`, commit what mends it as \`fix: …\`, \`git ` +
      "push`, and `holdfast hotfix finish`",
  ];
}
