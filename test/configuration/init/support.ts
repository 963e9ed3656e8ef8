import { checkout } from "../../../src/adapters/source-tree/checkout.ts";
import { gitWorkTree } from "../../../src/adapters/source-tree/work-tree.ts";
import { runInit, type InitInputs } from "../../../src/configuration/init/run.ts";
import { readPolicy } from "../../../src/governance/pr-policy/sections.ts";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import type { WorkTree } from "../../../src/ports/work-tree.ts";
import { testPorts } from "../../support/test-ports.ts";

export const WORKFLOWS = { ".github/workflows/pr-policy.yml": "name: pr-policy\non: [pull_request]\n" };

/** Git as a person has it who has set nothing up, so that no setting of this machine counts. */
export const PLAIN = {
  ...process.env,
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_DIR: undefined,
};

/** `holdfast init` in a folder. */
export async function init(
  folder: string,
  inputs: Partial<InitInputs> = {},
  around: (tree: WorkTree) => WorkTree = (tree) => tree,
  env: Readonly<Record<string, string | undefined>> = PLAIN,
): Promise<Outcome> {
  const ports = {
    ...testPorts(),
    workTree: async () => around(await gitWorkTree({ env, folder })),
    sourceTree: () => Promise.resolve(checkout({ env })),
  };
  return runInit({ write: true, owners: [], ...inputs }, ports, {
    policyOf: readPolicy,
    workflows: WORKFLOWS,
  });
}

/** Path → what became of it. */
export function became({ outputs }: Outcome): Record<string, string> {
  const files = outputs["files"] as unknown as { path: string; action: string; why: string | null }[];
  return Object.fromEntries(
    files.map(({ path, action, why }) => [path, why === null ? action : `${action}: ${why}`]),
  );
}
