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
import { refusedManifest } from "../manifest/refused.ts";
import { committedFunctions } from "../sources/committed.ts";
import { misfitError, plainFolder, type FunctionSet } from "../sources/function-set.ts";
import { doubtsOf, notWhole, straySources } from "../sources/unfit.ts";

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
  if (committed.manifest === undefined) throw noManifest(commit, inputs.functionsFolder);
  const { path, read } = committed.manifest;
  const around = { folders: committed.names, kept: undefined, config: committed.config };
  const problems = checkManifest(read, around);
  const { manifest } = read;
  if (problems.length > 0 || manifest === undefined) {
    return refusedManifest(path, problems, ": nothing was deployed");
  }
  const levels = levelsOf(inputs.functions, manifest);
  requireFit(committed, levels.flat(), await history.links(commit));
  const rollout: Rollout = {
    kind: "deploy",
    project: inputs.project,
    asked: { functions: [...inputs.functions].sort(), folder: inputs.functionsFolder },
    leftOut: new Map(),
    levels: levels.map((level) => level.map((name) => committed.wanted(name))),
  };
  for (const doubt of doubtsOf(committed, levels.flat())) ports.log.warn(doubt);
  if (isDirty) {
    ports.log.warn("the checkout has changes that are not committed, and are not deployed");
  }
  const both = await opened(inputs, ports, { forWriting: !inputs.dryRun });
  const done = await rollOut(rollout, both, inputs, ports);
  const outcome = rolloutOutcome(rollout, done, { outputs: { commit } });
  if (outcome.exit !== EXIT.done || done.kind !== "ran" || !inputs.updateManifest) return outcome;
  return await noteDeployed(outcome, rollout, done.id, path, both.store, ports);
}

function levelsOf(names: readonly string[], manifest: FunctionManifest): readonly (readonly string[])[] {
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
  return inLevels(closed(names.length === 0 ? all : names, needs), needs).levels;
}

/** What is deployed has to be what is said of it, and whole. @throws source.missing, source.unreadable */
function requireFit(set: FunctionSet, names: readonly string[], links: readonly string[]): void {
  const [misfit] = names.flatMap((name) => set.startOf(name).misfits);
  if (misfit !== undefined) throw misfitError(misfit);
  const strays = new Set(names.flatMap((name) => straySources(set, name, links)));
  if (strays.size > 0) throw notWhole([...strays]);
}

function noManifest(commit: string, folder: string): HoldfastError {
  return new HoldfastError("source.missing", `commit ${commit} has no ${FUNCTION_MANIFEST} for ${folder}`, {
    hint: "Write one beside the functions, or in the folder above: docs/functions.md shows how.",
  });
}
