import { DEFAULT_SETTINGS } from "../../nouns/settings/section.ts";
import type { InputSpec } from "../define.ts";

/** Inputs that mean the same in the commands that make a release's branches. */

export const settings = {
  type: "string",
  default: DEFAULT_SETTINGS,
  text: "The settings file. The usual one need not be there, and then the defaults count.",
} as const satisfies InputSpec;

export const repository = {
  type: "string",
  text: "The repository at GitHub, as owner/name. By default that of the job.",
  example: "acme/shop",
} as const satisfies InputSpec;

export const branchToken = {
  type: "secret",
  jobToken: true,
  text:
    "Token for GitHub, with `contents: write`. Without it `GITHUB_TOKEN`, then `GH_TOKEN` of the " +
    "environment is used.",
} as const satisfies InputSpec;

export const writingToken = {
  type: "secret",
  jobToken: true,
  text:
    "Token for GitHub, with `contents: write` and `pull-requests: write`. Checks of a pull request " +
    "that a job's own token opens start when somebody approves them; with the token of an app they start " +
    "by themselves. Without it `GITHUB_TOKEN`, then `GH_TOKEN` of the environment is used.",
} as const satisfies InputSpec;
