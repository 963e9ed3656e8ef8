import type { Outcome } from "../../kernel/outcome.ts";
import type { Secret } from "../../kernel/secret.ts";
import type { Ports } from "../../ports/ports.ts";
import { reconcile } from "../steps/reconcile.ts";
import { linkable } from "../versions/linkable.ts";
import { readReleaseSettings } from "../versions/read-settings.ts";
import { shallow } from "../versions/shallow.ts";
import type { CuttingFrom } from "./cutting-from.ts";
import { planCut } from "./plan.ts";
import { outcomeOf } from "./report.ts";
import { branchOf, branchStep } from "./steps/branch.ts";
import { contentsStep } from "./steps/contents.ts";
import { pullRequestStep, pullsOf } from "./steps/pull-request.ts";

/** The parsed inputs of `holdfast release cut`. */
export interface ReleaseCutInputs {
  readonly branch: string | undefined;
  readonly expectVersion: string | undefined;
  readonly settings: string;
  readonly repository: string | undefined;
  readonly token: Secret | undefined;
  readonly dryRun: boolean;
}

export type ReleaseCutPorts = Pick<
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

/** `holdfast release cut`: see src/commands/governance/release-cut.ts. */
export async function runReleaseCut(inputs: ReleaseCutInputs, ports: ReleaseCutPorts): Promise<Outcome> {
  const [history, refs] = await Promise.all([ports.sourceHistory("."), ports.sourceRefs(".")]);
  const settings = await readReleaseSettings(await ports.sourceTree(), inputs.settings, history);
  // Of a commit alone it is the branch that releases are cut from.
  const branch = inputs.branch ?? (await history.branch()) ?? settings.develop;
  if (await refs.isShallow()) throw shallow();
  const forge = await ports.openForge(inputs.repository, inputs.token);
  const calculate = await ports.releaseCalculation();
  const url = linkable(await refs.remoteUrl("origin"));
  const from: CuttingFrom = { settings, history, refs, calculate, forge, url };
  ports.log.stage(`working out what ${branch} of ${forge.repository} would release`);
  const plan = await planCut(branch, inputs.expectVersion, from);
  const { cut } = plan;
  const { dryRun } = inputs;
  if (cut === undefined) return outcomeOf({ plan, branch, dryRun, steps: [], made: undefined });
  const around = { forge, history, refs, settings, clock: ports.clock, cancelled: ports.cancelled };
  const all = [branchStep(cut, around), contentsStep(cut, around), pullRequestStep(cut, around)];
  const steps = await reconcile(all, { dryRun, ...ports });
  const there = await branchOf(cut, forge);
  const pulls = await pullsOf(cut, around);
  const pull = pulls.find(({ isOpen }) => isOpen) ?? pulls.find(({ isMerged }) => isMerged);
  return outcomeOf({ plan, branch, dryRun, steps, made: there && { ...there, pull } });
}
