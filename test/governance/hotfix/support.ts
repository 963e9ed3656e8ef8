import { runHotfixFinish, type HotfixFinishInputs } from "../../../src/governance/hotfix/finish.ts";
import { runHotfixStart, type HotfixStartInputs } from "../../../src/governance/hotfix/start.ts";
import { toldFlow, type FlowWorld, type ToldFlow } from "../../support/github/flow-world.ts";

const COMMON = {
  settings: ".github/holdfast.yml",
  repository: undefined,
  token: undefined,
  dryRun: false,
};

export async function start(world: FlowWorld, given: Partial<HotfixStartInputs> = {}): Promise<ToldFlow> {
  const inputs = { ...COMMON, name: "lost-carts", from: undefined, ...given };
  return toldFlow(await runHotfixStart(inputs, world.ports()));
}

export async function finish(world: FlowWorld, given: Partial<HotfixFinishInputs> = {}): Promise<ToldFlow> {
  const inputs = { ...COMMON, branch: undefined, issue: undefined, requireMerged: false, ...given };
  return toldFlow(await runHotfixFinish(inputs, world.ports()));
}

/** Begun, checked out, and with these commits. */
export async function begun(world: FlowWorld, ...messages: readonly string[]): Promise<void> {
  await start(world);
  world.fetch();
  world.work.git("switch", "-q", "hotfix/lost-carts");
  for (const message of messages) world.commit(message, { "cart.js": `// ${message}\n` });
}
