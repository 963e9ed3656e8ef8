import { environmentName, store, storeSecret } from "../common-inputs.ts";
import { DEFAULT_SETTINGS } from "../../nouns/settings/section.ts";
import type { InputSpec } from "../define.ts";

/** Inputs and outputs that whatever brings a build of an app to production has in common. */

export const environment = {
  type: "string",
  default: "production",
  text:
    "Name of the environment. One change of it is made at a time: whoever else deploys or rolls back there " +
    "waits outside.",
  ...environmentName,
} as const satisfies InputSpec;

export const rolloutStore = {
  ...store,
  text:
    "Where journals, records and the environment's lock are kept: " +
    "`azure://<account>/<container>[/<prefix>]` or `file:///<folder>`.",
} as const satisfies InputSpec;

export const settings = {
  type: "string",
  default: DEFAULT_SETTINGS,
  text: "The settings file, whose section `rollout` says which app it is and how it is known to be well.",
} as const satisfies InputSpec;

export const planHash = {
  type: "string",
  text: "Hash of the plan that was approved, as `--dry-run` gives it: any other plan is refused (exit 7).",
  pattern: /^[0-9a-f]{64}$/,
  accepts: "the 64 hex digits of plan-hash",
} as const satisfies InputSpec;

export const resume = {
  type: "string",
  text: "Id of a run that was killed or stopped, to be gone on with. Give the same inputs as then.",
  example: "20261128T093000Z-4f2a1b",
} as const satisfies InputSpec;

export const rolloutInputs = {
  environment,
  store: rolloutStore,
  "store-secret": storeSecret,
  settings,
  timeline: {
    type: "string",
    text: "A page (HTML) with the run's steps in time is written here. Must not exist.",
    example: "./rollback.html",
  },
} as const;

export const appOutputs = {
  app: "Resource group and name of the app.",
  version: "The version that was to come to production, with its build.",
  outcome:
    "`done`, `nothing` (it was so already), `planned`, `hindered` (not begun), `undone` (taken back), " +
    "`stopped`, `incomplete`, `escalated`.",
  production:
    "Version that production is now; empty where it is nothing of ours, `unknown` where nobody could say.",
  changes:
    "What the swap changes of production's configuration, as a JSON list: `kind` (`setting`, " +
    "`connection-string`, `mount`, `general`, `protection`), `name`, and `how` (`other-value`, `lost`, " +
    "`gained`). Never a value.",
  "plan-hash": "Hash of what would be, or was, done.",
  run: "Id of the run, for `resume`; empty where nothing ran.",
  plan: "Each step with how the world stands to it, as a JSON list.",
  milliseconds: "How long the run took, from its first entry in the journal to its last.",
} as const;

export const appExits = {
  0: "production is it, seen well and watched; or it was so already",
  2: "an input or a setting is wrong; nothing was touched",
  3: "the build is not good, or something is in the way: production is what it was before",
  4: "Azure, the store or the network failed: what stands where is told",
  6: "somebody else changes this environment",
  7: "this is not the plan that was approved",
} as const;
