import type { Secret } from "../../../kernel/secret.ts";
import type { BlobStore } from "../../../ports/blob-store.ts";
import type { FunctionHost } from "../../../ports/function-host.ts";
import type { Ports } from "../../../ports/ports.ts";

/** Inputs that every command of this wing has that reaches a project. */
export interface ProjectInputs {
  readonly project: string;
  readonly accessToken: Secret | undefined;
  readonly functionsKey?: Secret | undefined;
  readonly store: string;
  readonly storeSecret: Secret | undefined;
}

/** Inputs of what changes a project's functions. */
export interface RolloutInputs extends ProjectInputs {
  readonly functionsKey: Secret | undefined;
  readonly planHash: string | undefined;
  readonly resume: string | undefined;
  readonly dryRun: boolean;
}

export type RolloutPorts = Pick<
  Ports,
  | "openStore"
  | "openFunctions"
  | "sourceHistory"
  | "clock"
  | "random"
  | "log"
  | "cancelled"
  | "run"
  | "remember"
>;

/** The host and the store of a command. */
export interface Opened {
  readonly host: FunctionHost;
  readonly store: BlobStore;
}

/**
 * Opens both, and asks the store whether it answers: where nothing can be kept or written down, nothing is
 * begun.
 */
export async function opened(
  inputs: ProjectInputs,
  ports: Pick<Ports, "openStore" | "openFunctions">,
  { forWriting }: { readonly forWriting: boolean },
): Promise<Opened> {
  const host = await ports.openFunctions(inputs.project, inputs.accessToken, inputs.functionsKey);
  const store = await ports.openStore(inputs.store, inputs.storeSecret);
  await store.check(forWriting);
  return { host, store };
}
