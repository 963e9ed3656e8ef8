import { EXIT, HoldfastError } from "../../kernel/errors.ts";
import type { Outcome } from "../../kernel/outcome.ts";
import type { Secret } from "../../kernel/secret.ts";
import type { Ports } from "../../ports/ports.ts";
import { reconcile } from "../steps/reconcile.ts";
import { told } from "../../nouns/forge/told.ts";
import { readReleaseSettings } from "../versions/read-settings.ts";
import type { ReleaseSettings } from "../versions/settings.ts";
import { shallow } from "../versions/shallow.ts";
import { planFinish, type Hotfix } from "./finish-plan.ts";
import { finishOutcome } from "./finish-report.ts";
import { linesWithout } from "./lines-without.ts";
import { intoStep } from "./steps/into.ts";
import type { HotfixSurroundings } from "./steps/surroundings.ts";
import { twinsStep } from "./steps/twins.ts";

/** The parsed inputs of `holdfast hotfix finish`. */
export interface HotfixFinishInputs {
  readonly branch: string | undefined;
  readonly issue: string | undefined;
  readonly requireMerged: boolean;
  readonly settings: string;
  readonly repository: string | undefined;
  readonly token: Secret | undefined;
  readonly dryRun: boolean;
}

export type HotfixFinishPorts = Pick<
  Ports,
  | "sourceTree"
  | "sourceHistory"
  | "sourceRefs"
  | "releaseCalculation"
  | "openForge"
  | "clock"
  | "log"
  | "cancelled"
>;

/** `holdfast hotfix finish`: see src/commands/governance/hotfix-finish.ts. */
export async function runHotfixFinish(
  inputs: HotfixFinishInputs,
  ports: HotfixFinishPorts,
): Promise<Outcome> {
  const [history, refs] = await Promise.all([ports.sourceHistory("."), ports.sourceRefs(".")]);
  const settings = await readReleaseSettings(await ports.sourceTree(), inputs.settings, history);
  const branch = named(inputs.branch ?? (await history.branch()), settings);
  if (await refs.isShallow()) throw shallow();
  const forge = await ports.openForge(inputs.repository, inputs.token);
  const calculate = await ports.releaseCalculation();
  ports.log.stage(`working out what ${branch} brings, and where to`);
  const plan = await planFinish(branch, { settings, history, refs, calculate, forge });
  if (plan.kind === "problem") return refused(branch, plan.why);
  const { hotfix } = plan;
  const { clock, cancelled } = ports;
  const around: HotfixSurroundings = { forge, history, issue: inputs.issue, clock, cancelled };
  const before = await unreleased(hotfix, around);
  const bases = basesOf(hotfix, settings);
  const [first, second] = bases;
  const each = bases.map((base) =>
    intoStep(hotfix, { base, twin: bases.find((other) => other !== base) }, around),
  );
  const steps = await reconcile(
    [...each, ...(second === undefined ? [] : [twinsStep(hotfix, [first!, second], around)])],
    { dryRun: inputs.dryRun, ...ports },
  );
  return await finishOutcome({
    hotfix,
    bases,
    steps,
    around,
    requireMerged: inputs.requireMerged,
    dryRun: inputs.dryRun,
    warnings: [...before, ...(await linesWithout(hotfix, settings, around))],
  });
}

/**
 * The branch that others begin from comes first, so that the pull request into the other, which is merged
 * first
 * and whose checks may ask for it, names it from its beginning.
 */
function basesOf({ into }: Hotfix, { develop }: ReleaseSettings): readonly string[] {
  return develop === into.name ? [into.name] : [develop, into.name];
}

/** What is released together with the hotfix, and was not asked for. */
async function unreleased(
  { into, fixes, commit }: Hotfix,
  { forge }: HotfixSurroundings,
): Promise<readonly string[]> {
  const what = `how ${into.name} stands to ${fixes.name}`;
  const standing = told(await forge.branches.standing(fixes.commit, into.commit), what);
  if (standing !== "ahead") return [];
  const has = told(await forge.branches.standing(commit, into.commit), what);
  if (has === "ahead" || has === "identical") return [];
  return [
    `${into.name} has commits after ${fixes.name} that are not released: they are released together ` +
      "with the hotfix, as the version that all of them ask for",
  ];
}

function named(branch: string | undefined, { hotfix }: ReleaseSettings): string {
  if (branch === undefined) {
    throw new HoldfastError("input.missing", "no branch is checked out, and none was named", {
      hint: `Name the hotfix's branch with --branch, such as ${hotfix.prefix}lost-carts.`,
    });
  }
  if (branch.startsWith(hotfix.prefix) && branch !== hotfix.prefix) return branch;
  throw new HoldfastError(
    "input.conflict",
    `${branch} is no branch of a hotfix: these begin with ${hotfix.prefix}`,
    {
      hint: "Check the hotfix's branch out, or name it with --branch; `holdfast hotfix start` begins one.",
    },
  );
}

function refused(branch: string, why: string): Outcome {
  return {
    exit: EXIT.verdict,
    outputs: {
      version: "",
      branch,
      commit: "",
      release: "",
      base: "",
      "pull-requests": [],
      merged: false,
      changed: false,
      steps: [],
      problems: [why],
      warnings: [],
    },
    report: { good: false, headline: `${branch} cannot be finished: ${why}`, tables: [], notes: [] },
  };
}
