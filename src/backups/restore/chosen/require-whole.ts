import { verifyStored } from "../../copy/artifacts/artifact.ts";
import { interruptible } from "../../copy/artifacts/interruptible.ts";
import { readContentsAnew } from "../../copy/artifacts/load.ts";
import type { BlobStore } from "../../../ports/blob-store.ts";
import type { RestorePorts } from "../request/ports.ts";
import type { RestoreMode } from "../request/restore-mode.ts";
import type { Chosen } from "./chosen.ts";
import { Untouched } from "../care/untouched.ts";

/** Which artifacts are looked at, and whether the target is emptied for them. */
export interface LookedAt extends Pick<Chosen, "request" | "set" | "tools"> {
  readonly mode: RestoreMode;
  readonly target: { readonly empty: boolean };
}

/**
 * Looks at the artifacts before anything is made or changed: are they there, as large as the manifest says,
 * and does the key open them. That costs little, so an empty target gets it too: roles may be made for it.
 * Where the target is emptied before it is filled, every byte is read: damage must not be found out then.
 *
 * @throws Untouched: artifact.damaged, artifact.missing, store.lied, seal.identity
 */
export async function requireWhole(plan: LookedAt, ports: RestorePorts): Promise<void> {
  const { request, set, tools: toolSet } = plan;
  const store = interruptible(request.catalog.store, ports.cancelled);
  const context = { store, toolSet, tools: await ports.dumpTools(), identities: request.identities };
  for (const artifact of new Set(set.phases.map((phase) => phase.artifact))) {
    try {
      await (empties(plan) ? readWhole : requireSize)(artifact, store, ports);
      await readContentsAnew(context, artifact);
    } catch (error) {
      throw nothingMade(error);
    }
  }
}

/**
 * Compares the sizes of what lies in the store with what the manifest promises: all that a plan looks at.
 * What is of another size is read, because a store may say so wrongly.
 *
 * @throws artifact.damaged, artifact.missing, store.lied
 */
export async function requireSize(artifact: Artifact, store: BlobStore, ports: RestorePorts): Promise<void> {
  const found = await store.stat(artifact.path);
  if (found?.size !== artifact.stored.size) await readWhole(artifact, store, ports);
}

type Artifact = Chosen["set"]["phases"][number]["artifact"];

async function readWhole(artifact: Artifact, store: BlobStore, ports: RestorePorts): Promise<void> {
  const progress = ports.log.progress(`checking ${artifact.kind}`, "bytes", artifact.stored.size);
  try {
    await verifyStored(store, artifact, (bytes) => progress.add(bytes));
  } finally {
    progress.done();
  }
}

/** Whether the target is emptied in a transaction of its own, before anything is loaded. */
function empties({ mode, target, request }: LookedAt): boolean {
  return mode === "in-place" && !target.empty && request.part !== "data" && request.tables.length === 0;
}

/** A failure before anything was made: neither is the target another, nor is there a safety backup of it. */
export function nothingMade(error: unknown): Untouched {
  const hint = (error as { readonly hint?: string }).hint ?? "";
  return new Untouched(
    error,
    "",
    `${hint} Nothing was changed: the target is as it was, and no safety backup of it was made.`.trim(),
  );
}
