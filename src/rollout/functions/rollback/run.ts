import { EXIT, HoldfastError, isHoldfastError } from "../../../kernel/errors.ts";
import { listed } from "../../../kernel/listed.ts";
import type { Json, Outcome } from "../../../kernel/outcome.ts";
import { printableLine } from "../../../kernel/printable.ts";
import { quantity } from "../../../kernel/quantity.ts";
import { BACKUP_ID } from "../../../nouns/catalog/manifest.ts";
import type { Ports } from "../../../ports/ports.ts";
import { FunctionArchive } from "../archive/archive.ts";
import type { SourceDocument } from "../archive/documents.ts";
import { wantedIn } from "../archive/wanted-in.ts";
import { noteDeployed } from "../carry/note-deployed.ts";
import { rolloutOutcome } from "../carry/report.ts";
import { opened, type RolloutInputs, type RolloutPorts } from "../carry/request.ts";
import { rollOut } from "../carry/roll-out.ts";
import type { Rollout } from "../carry/reached.ts";
import { needsOf, referenceIn } from "../manifest/check-manifest.ts";
import { FUNCTION_MANIFEST, type FunctionManifest } from "../manifest/manifest.ts";
import { closed, inLevels, type Needs } from "../manifest/order.ts";
import { readManifest } from "../manifest/read-manifest.ts";
import { committedFunctions, plainFolder, type CommittedFunctions } from "../sources/committed.ts";
import type { WantedFunction } from "../sources/function-sources.ts";

/** The parsed inputs of `holdfast functions rollback`. */
export interface FunctionsRollbackInputs extends RolloutInputs {
  readonly functionsFolder: string;
  /** A snapshot's id, a release's tag or any commit; undefined: the manifest's rollback targets. */
  readonly to: string | undefined;
  readonly functions: readonly string[];
  readonly updateManifest: boolean;
}

export type FunctionsRollbackPorts = RolloutPorts & Pick<Ports, "workTree">;

/** What is gone back to. */
interface Target {
  readonly said: Json;
  readonly functions: ReadonlyMap<string, WantedFunction>;
  readonly needs: Needs;
}

/** What the checkout has, where there is one. */
interface Checkout {
  readonly committed: CommittedFunctions;
  readonly manifest: FunctionManifest | undefined;
}

/** `holdfast functions rollback`: see src/commands/rollout/functions-rollback.ts. */
export async function runFunctionsRollback(
  inputs: FunctionsRollbackInputs,
  ports: FunctionsRollbackPorts,
): Promise<Outcome> {
  const both = await opened(inputs, ports, { forWriting: !inputs.dryRun });
  const archive = await FunctionArchive.open(both.store, inputs.project);
  const target = await targetOf(inputs, archive, ports);
  const rollout = rolloutTo(target, inputs);
  const done = await rollOut(rollout, both, inputs, ports);
  const set = new Set(rollout.levels.flat().map(({ slug }) => slug));
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

async function targetOf(
  inputs: FunctionsRollbackInputs,
  archive: FunctionArchive,
  ports: FunctionsRollbackPorts,
): Promise<Target> {
  const { to } = inputs;
  if (to === undefined) return await declaredTargets(inputs, archive, ports);
  return BACKUP_ID.test(to)
    ? await snapshotTarget(to, inputs, archive, ports)
    : await releaseTarget(to, inputs, ports);
}

function rolloutTo(
  { functions, needs, said }: Target,
  { project, functions: names }: FunctionsRollbackInputs,
): Rollout {
  const unknown = names.filter((name) => !functions.has(name));
  if (unknown.length > 0) {
    throw new HoldfastError(
      "input.no-such-snapshot",
      `what is gone back to has no function ${listed(unknown.map(printableLine))}`,
      { hint: "Name functions that it has: a dry run without --functions lists them." },
    );
  }
  const all = [...functions.keys()];
  const set = [...closed(names.length === 0 ? all : names, needs)].filter((name) => functions.has(name));
  const { levels, circular } = inLevels(set, needs);
  // An old manifest may have been circular: going back must not fail for it.
  const whole = circular.length > 0 ? [...levels, circular] : levels;
  return {
    kind: "rollback",
    project,
    asked: { to: said, functions: [...names].sort() },
    levels: whole.map((level) => level.map((name) => functions.get(name)!)),
  };
}

async function snapshotTarget(
  id: string,
  inputs: FunctionsRollbackInputs,
  archive: FunctionArchive,
  ports: FunctionsRollbackPorts,
): Promise<Target> {
  const snapshot = await archive.snapshot(id);
  if (snapshot === undefined) {
    throw new HoldfastError(
      "input.no-such-snapshot",
      `the store has no snapshot ${id} of ${inputs.project}`,
      {
        hint: "List those that are there with functions status.",
      },
    );
  }
  const manifest = (await checkoutOf("HEAD", inputs, ports))?.manifest;
  return {
    said: id,
    functions: new Map(
      snapshot.functions
        .filter(({ status }) => status === "ACTIVE")
        .map((each) => [each.slug, wantedIn(each, archive)]),
    ),
    needs: manifest === undefined ? new Map() : needsOf(manifest),
  };
}

async function releaseTarget(
  to: string,
  inputs: FunctionsRollbackInputs,
  ports: FunctionsRollbackPorts,
): Promise<Target> {
  const found = await checkoutOf(to, inputs, ports, { isNeeded: true });
  const { committed, manifest } = found!;
  return {
    said: to,
    functions: new Map(
      [...committed.names].map((name) => [name, committed.wanted(name, manifest?.functions[name])]),
    ),
    needs: manifest === undefined ? new Map() : needsOf(manifest),
  };
}

async function declaredTargets(
  inputs: FunctionsRollbackInputs,
  archive: FunctionArchive,
  ports: FunctionsRollbackPorts,
): Promise<Target> {
  const manifest = (await checkoutOf("HEAD", inputs, ports, { isNeeded: true }))?.manifest;
  const functions = new Map<string, WantedFunction>();
  for (const [name, { rollback_target: text }] of Object.entries(manifest?.functions ?? {})) {
    if (text === undefined || text === null) continue;
    const kept = await keptAt(name, text, archive);
    functions.set(name, wantedIn(kept, archive));
  }
  if (functions.size === 0) {
    throw new HoldfastError(
      "input.missing",
      "the manifest declares no rollback_target, and --to was not given",
      {
        hint: "Say what is gone back to with --to: a snapshot's id, or a release's tag.",
      },
    );
  }
  return {
    said: "rollback_target",
    functions,
    needs: manifest === undefined ? new Map() : needsOf(manifest),
  };
}

/** The newest sources of `name@version` that the store keeps. */
async function keptAt(name: string, text: string, archive: FunctionArchive): Promise<SourceDocument> {
  const version = referenceIn(text)?.version;
  const found = (await archive.allSourcesOf(name)).find((each) => each.version === version);
  if (found !== undefined) return found;
  throw new HoldfastError(
    "input.no-such-snapshot",
    `the store keeps no sources of ${printableLine(text)}, to which ${name} is to be taken back`,
    {
      hint:
        "Only what Holdfast has deployed has a version there. Give a snapshot's id or a release's tag " +
        "with --to.",
    },
  );
}

/** An emergency needs no checkout: where nothing of it is needed, none is no mistake. */
async function checkoutOf(
  revision: string,
  { functionsFolder }: Pick<FunctionsRollbackInputs, "functionsFolder">,
  ports: Pick<Ports, "sourceHistory">,
  { isNeeded }: { readonly isNeeded: boolean } = { isNeeded: false },
): Promise<Checkout | undefined> {
  try {
    const history = await ports.sourceHistory(".");
    const commit = await history.commit(revision);
    const committed = await committedFunctions(history, commit, plainFolder(functionsFolder));
    const { manifest } = committed;
    return {
      committed,
      manifest: manifest === undefined ? undefined : readManifest(manifest.bytes).manifest,
    };
  } catch (error) {
    if (!isNeeded && isHoldfastError(error, "source.history", "source.missing")) return undefined;
    throw error;
  }
}
