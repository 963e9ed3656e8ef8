import { EXIT, HoldfastError } from "../../../kernel/errors.ts";
import { listed } from "../../../kernel/listed.ts";
import { nearest } from "../../../kernel/suggest.ts";
import type { Outcome } from "../../../kernel/outcome.ts";
import type { Ports } from "../../../ports/ports.ts";
import { noteDeployed } from "../carry/note-deployed.ts";
import { rolloutOutcome } from "../carry/report.ts";
import { opened, type RolloutInputs, type RolloutPorts } from "../carry/request.ts";
import { rollOut } from "../carry/roll-out.ts";
import type { Rollout } from "../carry/reached.ts";
import { checkManifest, needsOf } from "../manifest/check-manifest.ts";
import { FUNCTION_MANIFEST, type FunctionManifest } from "../manifest/manifest.ts";
import { closed, inLevels } from "../manifest/order.ts";
import { readManifest } from "../manifest/read-manifest.ts";
import { refusedManifest } from "../manifest/refused.ts";
import { requireWholeSources } from "../sources/unfit.ts";
import { committedFunctions, plainFolder, type CommittedFunctions } from "../sources/committed.ts";

/** The parsed inputs of `holdfast functions deploy`. */
export interface FunctionsDeployInputs extends RolloutInputs {
  readonly functionsFolder: string;
  readonly ref: string;
  readonly functions: readonly string[];
  readonly updateManifest: boolean;
}

export type FunctionsDeployPorts = RolloutPorts & Pick<Ports, "workTree">;

/** `holdfast functions deploy`: see src/commands/rollout/functions-deploy.ts. */
export async function runFunctionsDeploy(
  inputs: FunctionsDeployInputs,
  ports: FunctionsDeployPorts,
): Promise<Outcome> {
  const history = await ports.sourceHistory(".");
  const commit = await history.commit(inputs.ref);
  const folder = plainFolder(inputs.functionsFolder);
  const [committed, isDirty] = await Promise.all([
    committedFunctions(history, commit, folder, inputs.project),
    inputs.ref === "HEAD" && history.isDirty(),
  ]);
  const { manifest: place } = committed;
  if (place === undefined) throw noManifest(commit, inputs.functionsFolder);
  const read = readManifest(place.bytes);
  const around = { folders: committed.names, kept: undefined, config: committed.config() };
  const problems = checkManifest(read, around);
  const { manifest } = read;
  if (problems.length > 0 || manifest === undefined) {
    return refusedManifest(place.path, problems, ": nothing was deployed");
  }
  const rollout: Rollout = {
    kind: "deploy",
    project: inputs.project,
    asked: { functions: [...inputs.functions].sort(), folder: inputs.functionsFolder },
    levels: levelsOf(inputs.functions, manifest, committed),
  };
  await requireWholeSources(rollout.levels.flat(), folder, await history.links(commit));
  if (isDirty) {
    ports.log.warn("the checkout has changes that are not committed, and are not deployed");
  }
  const both = await opened(inputs, ports, { forWriting: !inputs.dryRun });
  const done = await rollOut(rollout, both, inputs, ports);
  const outcome = rolloutOutcome(rollout, done, { outputs: { commit } });
  if (outcome.exit !== EXIT.done || done.kind !== "ran" || !inputs.updateManifest) return outcome;
  return await noteDeployed(outcome, rollout, done.id, place.path, both.store, ports);
}

function levelsOf(
  names: readonly string[],
  manifest: FunctionManifest,
  committed: CommittedFunctions,
): Rollout["levels"] {
  const all = Object.keys(manifest.functions);
  const unknown = names.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    const near = nearest(unknown[0]!, all);
    throw new HoldfastError(
      "input.malformed",
      `${listed(unknown)}: no function of that name is in the manifest` +
        (near === undefined ? "" : `; did you mean ${near}?`),
      { hint: "Name functions as the manifest does, or none for all." },
    );
  }
  const needs = needsOf(manifest);
  // The manifest was checked: nothing goes in a circle.
  const { levels } = inLevels(closed(names.length === 0 ? all : names, needs), needs);
  return levels.map((level) => level.map((name) => committed.wanted(name, manifest.functions[name])));
}

function noManifest(commit: string, folder: string): HoldfastError {
  return new HoldfastError("source.missing", `commit ${commit} has no ${FUNCTION_MANIFEST} for ${folder}`, {
    hint: "Write one beside the functions, or in the folder above: docs/functions.md shows how.",
  });
}
