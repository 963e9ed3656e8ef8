import { runReleaseCut, type ReleaseCutInputs } from "../../../src/governance/release-cut/run.ts";
import { toldFlow, type FlowWorld, type ToldFlow } from "../../support/github/flow-world.ts";

export async function cut(world: FlowWorld, given: Partial<ReleaseCutInputs> = {}): Promise<ToldFlow> {
  const inputs: ReleaseCutInputs = {
    branch: undefined,
    expectVersion: undefined,
    settings: ".github/holdfast.yml",
    repository: undefined,
    token: undefined,
    dryRun: false,
    ...given,
  };
  return toldFlow(await runReleaseCut(inputs, world.ports()));
}
