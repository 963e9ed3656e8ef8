import { EXIT } from "../../../kernel/errors.ts";
import { listed } from "../../../kernel/listed.ts";
import type { Outcome } from "../../../kernel/outcome.ts";
import { quantity } from "../../../kernel/quantity.ts";
import type { Ports } from "../../../ports/ports.ts";
import { FunctionArchive } from "../archive/archive.ts";
import { noteDeployed } from "../carry/note-deployed.ts";
import { rolloutOutcome } from "../carry/report.ts";
import { opened, type RolloutInputs, type RolloutPorts } from "../carry/request.ts";
import { rollOut } from "../carry/roll-out.ts";
import { FUNCTION_MANIFEST } from "../manifest/manifest.ts";
import { checkoutOf, rolloutTo } from "../carry/rollback-target.ts";

/** The parsed inputs of `holdfast functions rollback`. */
export interface FunctionsRollbackInputs extends RolloutInputs {
  readonly functionsFolder: string;
  /** A snapshot's id, a release's tag or any commit; undefined: the manifest's rollback targets. */
  readonly to: string | undefined;
  readonly functions: readonly string[];
  readonly updateManifest: boolean;
}

export type FunctionsRollbackPorts = RolloutPorts & Pick<Ports, "workTree">;

/** `holdfast functions rollback`: see src/commands/rollout/functions-rollback.ts. */
export async function runFunctionsRollback(
  inputs: FunctionsRollbackInputs,
  ports: FunctionsRollbackPorts,
): Promise<Outcome> {
  const both = await opened(inputs, ports, { forWriting: !inputs.dryRun });
  const archive = await FunctionArchive.open(both.store, inputs.project, (text) => ports.log.warn(text));
  const rollout = await rolloutTo(inputs, archive, ports);
  const done = await rollOut(rollout, both, inputs, ports);
  const set = new Set([...rollout.levels.flat().map(({ slug }) => slug), ...rollout.leftOut.keys()]);
  const others = [...done.served.keys()].filter((slug) => !set.has(slug)).sort();
  const notes =
    inputs.functions.length > 0 || others.length === 0
      ? []
      : [
          `${quantity(others.length, "function")} not in what is gone back to, left as they are: ` +
            listed(others),
        ];
  const outcome = rolloutOutcome(rollout, done, { notes });
  if (outcome.exit !== EXIT.done || done.kind !== "ran" || !inputs.updateManifest) return outcome;
  const path = (await checkoutOf("HEAD", inputs, ports))?.committed.manifest?.path ?? FUNCTION_MANIFEST;
  return await noteDeployed(outcome, rollout, done.id, path, both.store, ports);
}
