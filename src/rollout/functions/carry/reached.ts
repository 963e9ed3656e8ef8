import type { Json } from "../../../kernel/outcome.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { FunctionHost } from "../../../ports/function-host.ts";
import type { RunIdentity } from "../../../ports/run-identity.ts";
import type { FunctionArchive } from "../archive/archive.ts";
import type { WantedFunction } from "../sources/function-sources.ts";
import type { LiveView } from "./live-view.ts";
import type { Uploads } from "./uploads.ts";

/** A set of functions that is to be served, and what for. */
export interface Rollout {
  readonly kind: "deploy" | "rollback";
  readonly project: string;
  /** What was asked for, as an approval has to cover it. */
  readonly asked: Json;
  /** What would be gone back to, and cannot be: by name, for people, with the reason. */
  readonly leftOut: ReadonlyMap<string, string>;
  /** Each needs only what stands before it. */
  readonly levels: readonly (readonly WantedFunction[])[];
}

/** What the steps reach. */
export interface Reached {
  /** Of the run, and of the snapshot that is taken before it. */
  readonly id: string;
  readonly host: FunctionHost;
  readonly archive: FunctionArchive;
  readonly live: LiveView;
  readonly uploads: Uploads;
  readonly clock: Pick<Clock, "now" | "sleep">;
  readonly run: RunIdentity;
}
