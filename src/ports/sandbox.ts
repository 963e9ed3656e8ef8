/** A site that a sandbox begins with. */
export interface SandboxRequestedSite {
  readonly subscription: string;
  readonly group: string;
  readonly name: string;
  /** Size of its plan, such as `S1`; it says how many slots there may be. */
  readonly sku: string;
}

/**
 * Services played on this machine. Disposing it ends everything it has started; the end of this process does
 * as well, `kill -9` included.
 */
export interface RunningSandbox extends AsyncDisposable {
  /** `https://127.0.0.1:41234`: what stands for `https://management.azure.com`. */
  readonly address: string;
  /** The authority that all of its certificates are from, as PEM, and the file that holds it. */
  readonly ca: string;
  readonly caFile: string;
  readonly sites: readonly { readonly id: string; readonly address: string }[];
  /** Whether deployed functions are run: where this machine has Deno. */
  readonly runsFunctions: boolean;
}

/** What a person chooses of a sandbox. */
export interface SandboxRequest {
  /** 0 takes a free one. */
  readonly port: number;
  readonly sites: readonly SandboxRequestedSite[];
  /** Reference of the Supabase project that is there from the beginning, without functions. */
  readonly project: string;
  /** Milliseconds that a build, a new slot and each phase of a swap take. */
  readonly phaseMs: number;
  /** What clients are told to wait before they ask how something goes, in seconds. */
  readonly retryAfterSeconds: number;
  /** A script of faults, as parsed JSON; undefined for none. */
  readonly faults: unknown;
  /** Hears of calls, and of what packages print. */
  readonly heard: (line: string) => void;
}

/**
 * Starts a sandbox.
 *
 * @throws input.malformed where the script is none; sandbox.port where the port is taken
 */
export type StartSandbox = (request: SandboxRequest) => Promise<RunningSandbox>;
