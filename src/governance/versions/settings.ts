import semver from "semver";
import * as z from "zod";
import { unitSettings } from "../../nouns/release-unit/settings.ts";
import { PRESETS } from "../../ports/release-calculation.ts";
import { changelogSetting } from "./changelog-setting.ts";
import { versionFilesSetting } from "./version-files-setting.ts";

/**
 * The section `release` of the settings file: which branch releases what, and by which convention. Every key
 * has a default, so that a repository without a file has these (strategy A3, A5).
 */

const branch = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\s~^:\\*?[]+$/, "is no name of a branch")
  .refine((text) => !text.startsWith("refs/"), "is given without refs/heads/");

const identifier = z
  .string()
  .max(50)
  .regex(/^(?!\d+$)[0-9A-Za-z-]+$/, "is no identifier of a pre-release: letters, digits and hyphens");

const channel = z.strictObject({
  branch: branch.describe("The branch whose releases are pre-releases, such as `beta`."),
  identifier: identifier.describe("What stands in their versions: `beta` makes `1.3.0-beta.1`."),
});

/** What a workflow that deploys may be told, as its inputs. */
export const DEPLOY_INPUTS = ["version", "tag", "commit", "build", "artifact-version"] as const;

const deploy = z.strictObject({
  workflow: z
    .string()
    .regex(/^[\w.-]+\.ya?ml$/, "is no name of a workflow's file, such as deploy.yml")
    .describe("File in `.github/workflows`, with `on: workflow_dispatch`. It is started for the tag."),
  inputs: z.array(z.enum(DEPLOY_INPUTS)).default([]).describe("Inputs that it declares, and is given."),
  prereleases: z.boolean().default(false).describe("Whether it is started for pre-releases too."),
});

export const release = z.strictObject({
  stable: z
    .array(branch)
    .min(1)
    .default(["main", "master"])
    .describe("Names of the branch that stable versions are released from; the first that is there."),
  develop: branch
    .default("develop")
    .describe("The branch that release branches are cut from, and that releases are merged back into."),
  channels: z
    .array(channel)
    .default([
      { branch: "alpha", identifier: "alpha" },
      { branch: "beta", identifier: "beta" },
      { branch: "next", identifier: "next" },
    ])
    .describe("Branches that release pre-releases, each on a channel of its own."),
  lines: z
    .strictObject({
      prefix: z
        .string()
        .regex(/^[^\s~^:\\*?[]+\/$/, "is no beginning of a branch's name that ends in /")
        .default("release/")
        .describe("What release branches begin with; a version follows, with or without `v`."),
      identifier: identifier
        .default("rc")
        .describe("What stands in the versions of their pre-releases: `rc` makes `1.3.0-rc.1`."),
    })
    .prefault({})
    .describe("Release branches. Several may live at once; each counts its own pre-releases."),
  floating: z
    .enum(["existing", "always", "never"])
    .default("existing")
    .describe(
      "Whether `v1` and `v1.2` move to the newest stable release of theirs: those that are `existing`, " +
        "both `always`, or `never`. They are for what is used by its major version, such as actions.",
    ),
  deploy: deploy
    .optional()
    .describe(
      "What is started when a release is published. Without it nothing is; workflows with `on: " +
        "release` run by themselves, unless the release was made with a job's own token.",
    ),
  hotfix: z
    .strictObject({
      prefix: z
        .string()
        .regex(/^[^\s~^:\\*?[]+\/$/, "is no beginning of a branch's name that ends in /")
        .default("hotfix/")
        .describe("What branches of hotfixes begin with; a name follows."),
    })
    .prefault({})
    .describe("Hotfixes: begun from the newest release, merged into the stable branch and `develop`."),
  burned: z
    .array(
      z
        .string()
        .max(100)
        .refine((text) => semver.parse(text)?.version === text, "is no version, such as 1.3.0, without v"),
    )
    .default([])
    .describe(
      "Versions that are never released, such as `1.3.0`: GitHub gives the tag of an immutable release to " +
        "nothing else, also after the release was deleted. The next patch comes instead, and of a " +
        "pre-release the next number.",
    ),
  preset: z
    .enum(PRESETS)
    .default("conventionalcommits")
    .describe(
      "The convention that commit messages are read by. `angular` knows no `!`; it is for a history that " +
        "was released by it.",
    ),
  changelog: changelogSetting,
  "version-files": versionFilesSetting,
  unit: unitSettings.describe("What the release unit records of a commit."),
});

export type ReleaseSettings = z.infer<typeof release>;
