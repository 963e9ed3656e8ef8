import { withHint } from "../../kernel/errors.ts";
import type { Stage } from "../../nouns/runbook/runbook.ts";
import type { BlobStore } from "../../ports/blob-store.ts";
import { FunctionArchive } from "../functions/archive/archive.ts";
import type { Rollout } from "../functions/carry/reached.ts";
import { functionsPart, locked, type FunctionsPart } from "../functions/carry/roll-out.ts";
import { rolloutTo } from "../functions/carry/rollback-target.ts";
import type { FunctionHost } from "../../ports/function-host.ts";
import type { HeldLock } from "../../nouns/store/lock.ts";
import type { RollbackInputs, RollbackPorts } from "./request.ts";

/** The functions that go along with a rollback. */
export interface FunctionsAlong extends FunctionsPart {
  readonly rollout: Rollout;
  /** Their stages, which take nothing back when they fail: app and database are back by then. */
  readonly stages: readonly Stage[];
}

/** A project, of which functions go along. */
export interface OpenedProject {
  readonly project: string;
  readonly host: FunctionHost;
}

/** @throws as opening the host does */
export async function openProject(
  { project, accessToken, functionsKey }: RollbackInputs,
  ports: Pick<RollbackPorts, "openFunctions">,
): Promise<OpenedProject | undefined> {
  if (project === undefined) return undefined;
  return { project, host: await ports.openFunctions(project, accessToken, functionsKey) };
}

/** Whoever deploys functions of this project waits outside, too. @throws lock.held */
export async function lockFunctions(
  { project }: OpenedProject,
  store: BlobStore,
  ports: RollbackPorts,
): Promise<HeldLock> {
  return await locked({ kind: "rollback", project }, store, ports);
}

/**
 * @param version of the release whose functions are to be served, unless others are named
 * @throws input.* and source.* where they cannot be had; what store and host throw
 */
export async function functionsAlong(
  { project, host }: OpenedProject,
  version: string,
  { id, store }: { readonly id: string; readonly store: BlobStore },
  inputs: RollbackInputs,
  ports: RollbackPorts,
): Promise<FunctionsAlong> {
  const { functionsFolder, functionsTo: to = `v${version}` } = inputs;
  const archive = await FunctionArchive.open(store, project, (text) => ports.log.warn(text));
  const rollout = await rolloutTo({ project, functionsFolder, to, functions: [] }, archive, ports).catch(
    (error: unknown) => {
      throw withHint(error, "Name a snapshot of the functions with --functions-to, or leave --project out.");
    },
  );
  const part = await functionsPart(rollout, { host, store }, id, inputs, ports);
  const stages = part.runbook.stages.map((stage) =>
    stage.map((step) => ({ ...step, onFailure: "stop" as const, undo: "not-needed" as const })),
  );
  return { ...part, rollout, stages };
}
