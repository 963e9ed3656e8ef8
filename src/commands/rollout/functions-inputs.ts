import { store, storeSecret } from "../common-inputs.ts";
import type { InputSpec } from "../define.ts";

/** Inputs that mean the same in every command for edge functions. */

export const project = {
  type: "string",
  required: true,
  text: "Reference of the Supabase project whose functions they are: twenty small letters.",
  example: "abcdefghijklmnopqrst",
  pattern: /^[a-z]{20}$/,
  accepts: "the project's reference: twenty small letters, as in its address",
} as const satisfies InputSpec;

export const accessToken = {
  type: "secret",
  text:
    "Supabase access token, with `edge_functions_read`, and `edge_functions_write` where something is " +
    "deployed. Without it `SUPABASE_ACCESS_TOKEN` of the environment is used.",
} as const satisfies InputSpec;

export const functionsKey = {
  type: "secret",
  text:
    "The project's `anon` key, with which functions are called that ask for a token. " +
    "Needed where such a function declares a request by which it is tried.",
} as const satisfies InputSpec;

/** For whoever loses the environment's turn while functions are rolled out. */
export const ifLost =
  "Other functions may be served than before: `holdfast functions status` tells. Go on by --resume and the " +
  "run's id, which its log names; where it names none nothing was begun, and the command can be run again.";

export const functionsStore = {
  ...store,
  text:
    "Where snapshots, sources and journals are kept: `azure://<account>/<container>[/<prefix>]` or " +
    "`file:///<folder>`.",
} as const satisfies InputSpec;

export const functionsFolder = {
  type: "string",
  default: "supabase/functions",
  text:
    "The folder of the functions, from the repository's root, each in a folder of its own; " +
    "`function-manifest.json` lies in it, or in the folder above.",
} as const satisfies InputSpec;

export const someFunctions = {
  type: "list",
  pattern: /^[A-Za-z][A-Za-z0-9_-]*$/,
  accepts: "names of functions",
  text: "Only these functions, with everything they need by the manifest; all when left out.",
  example: "orders",
} as const satisfies InputSpec;

export const planHash = {
  type: "string",
  pattern: /^[0-9a-f]{64}$/,
  accepts: "the 64 hex digits that a dry run printed",
  text: "Do only what a dry run has shown: its output plan-hash. Refused where anything has changed since.",
} as const satisfies InputSpec;

export const resume = {
  type: "string",
  explicit: true,
  pattern: /^\d{8}T\d{6}Z-[0-9a-f]{6}$/,
  accepts: "the id of a run",
  text:
    "Go on with this run, which was killed or stopped, with the inputs that it was begun with: what it " +
    "has done is left alone, and only what is missing is done.",
  example: "20261128T093000Z-4f2a1b",
} as const satisfies InputSpec;

export const updateManifest = {
  type: "boolean",
  default: false,
  text:
    "Write versions, `deployed_at` and `rollback_target` of what was exchanged into the checkout's " +
    "manifest.",
} as const satisfies InputSpec;

export { storeSecret };

/** Outputs of what changes a project's functions. */
export const rolloutOutputs = {
  project: "Reference of the project.",
  "plan-hash": "The plan's hash, for an approval that is bound to it.",
  run: "Id of the run, with which it is gone on with; empty where nothing was begun.",
  snapshot: "Id of the snapshot of what was served before; empty where none was taken.",
  outcome:
    "`done`, `nothing`, `planned`, `hindered`, `undone` (what was served before is served again), " +
    "`stopped`, `escalated`.",
  changed: "Functions that were exchanged, as a JSON list of `name@version`.",
  planned: "Functions that would be, or were to be, exchanged, as a JSON list.",
  plan: "Each step with its id, title, stage, state and what, as a JSON list.",
  problems: "What is wrong with the manifest, as a JSON list; there only where something is.",
} as const;

export const rolloutExits = {
  0: "every function of the set is served as wanted, or was before",
  3: "the manifest is unsound, or a function failed its call and what was served before is served again",
  4:
    "Supabase or the store failed: the report says whether anything that is served was changed, and how " +
    "to go on",
  6: "another run works on this project's functions; who and since when is printed",
  7: "this is not the plan that was approved",
} as const;
