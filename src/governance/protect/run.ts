import type { Outcome } from "../../kernel/outcome.ts";
import type { Secret } from "../../kernel/secret.ts";
import type { Ports } from "../../ports/ports.ts";
import type { SourceTree } from "../../ports/source-tree.ts";
import type { Finding } from "../findings/finding.ts";
import { applyDeclaration } from "./apply.ts";
import { fromRoot } from "./from-root.ts";
import { lintDeclaration } from "./lint-declaration.ts";
import { look } from "./look.ts";
import { readProtection } from "./read-settings.ts";
import { outcomeOf } from "./report.ts";
import type { Protection } from "./settings.ts";
import { lintChecks } from "./workflows/lint-checks.ts";
import { readWorkflows } from "./workflows/read-workflows.ts";
import { writesOf } from "./writes.ts";

/** The parsed inputs of `holdfast protect`. */
export interface ProtectInputs {
  readonly do: "plan" | "apply" | "audit";
  readonly settings: string;
  readonly workflows: string;
  readonly repository: string | undefined;
  readonly token: Secret | undefined;
}

/** `holdfast protect`: see src/commands/governance/protect.ts. */
export async function runProtect(
  given: ProtectInputs,
  ports: Pick<Ports, "openForge" | "sourceTree" | "sourceHistory" | "log">,
): Promise<Outcome> {
  const inputs = await fromRoot(given, ports);
  const tree = await ports.sourceTree();
  const { protection: declared, squash } = await readProtection(tree, inputs.settings);
  const forge = await ports.openForge(inputs.repository, inputs.token);
  ports.log.stage(`asking how ${forge.repository} is protected`);
  const first = await look(forge, declared, squash);
  const findings = [
    ...lintDeclaration(declared, first.owner),
    ...(await lintWorkflows(tree, inputs.workflows, declared)),
  ];
  const told = { doing: inputs.do, repository: forge.repository, findings, held: undefined };
  const contradictory = findings.some(({ severity }) => severity === "error");
  if (inputs.do === "apply" && contradictory) {
    const held =
      "Nothing was written: what contradicts itself, or waits for a check that nobody reports, would stop " +
      "every merge. Correct it first.";
    return outcomeOf({ ...told, items: first.items, writes: [], held });
  }
  if (inputs.do !== "apply") {
    return outcomeOf({ ...told, items: first.items, writes: writesOf(first) });
  }
  const { written, after } = await applyDeclaration(forge, declared, ports.log, first);
  return outcomeOf({ ...told, items: after.items, writes: written });
}

/** Without required checks the workflows say nothing; without workflows nobody reports a check. */
async function lintWorkflows(
  tree: Pick<SourceTree, "files">,
  folder: string,
  declared: Protection,
): Promise<Finding[]> {
  if (declared.branches.every(({ checks }) => checks.length === 0)) return [];
  const all = await readWorkflows(tree, folder);
  const broken = all.filter((each) => "rule" in each);
  return [
    ...broken,
    ...lintChecks(
      declared,
      all.filter((each) => "jobs" in each),
    ),
  ];
}
