import { DEFAULT_SETTINGS } from "../../nouns/settings/section.ts";
import { defineCommand } from "../define.ts";

/** `holdfast release plan`: which version comes next, and why. */
export const releasePlan = defineCommand({
  name: "release-plan",
  wing: "governance",
  summary: "Say which version comes next, which commit asks for it, and its notes",
  description: `Works out the next version of the branch that is checked out, from its commits since the \
last release: \`fix\` asks for a patch, \`feat\` for a minor, a breaking
change for a major version ([Conventional Commits](https://www.conventionalcommits.org/en/v1.0.0/)). \
Nothing is written and nothing is fetched, so a tag that \
GitHub has and the checkout has not is a problem that is told. Also called \`holdfast release plan\`.

- **\`main\`** releases stable versions; \`5.x\` and \`5.2.x\` fixes of older ones, and nothing beyond.
- **\`alpha\`, \`beta\`, \`next\`** release pre-releases, each on a channel of its own: \`1.3.0-beta.2\`.
- **\`release/1.3.0\`** releases candidates of that version, \`1.3.0-rc.1\`. Several may live at once, and \
each counts its own. A branch whose commits ask for another version than its name says is refused.
- Of any other branch it tells what a stable release from there would be.

Only tags of \`v\` and a whole version are releases: \`v1\` and \`v1.2\` move, and \`1.2.3\` is none. By \
semantic-release, as a library: neither its configuration in the repository nor anything else
of it is executed. Which branch releases what is said in the section \`release\` of the settings.`,
  branding: { icon: "tag", color: "purple" },
  inputs: {
    branch: {
      type: "string",
      text:
        "The branch whose release is worked out, as the checkout has it. By default the one that is " +
        "checked out; a commit without a branch counts as what this says.",
      example: "main",
    },
    settings: {
      type: "string",
      default: DEFAULT_SETTINGS,
      text: "The settings file. The usual one need not be there, and then the defaults count.",
    },
    offline: {
      type: "boolean",
      default: false,
      text:
        "Ask nobody over the network. Else GitHub is asked whether this checkout lacks a tag, where a " +
        "token is there.",
    },
    repository: {
      type: "string",
      text: "The repository at GitHub, as owner/name. By default that of the job.",
      example: "acme/shop",
    },
    token: {
      type: "secret",
      jobToken: true,
      text:
        "Token for GitHub, with `contents: read`. Without it `GITHUB_TOKEN`, then `GH_TOKEN` of the " +
        "environment is used.",
    },
  },
  outputs: {
    version: "The next version, such as `1.3.0`; empty where nothing asks for a release.",
    tag: "Its tag, such as `v1.3.0`; empty likewise.",
    type: "`major`, `minor` or `patch`; empty likewise.",
    because: "Hash of the first commit that asks for as much; empty likewise.",
    notes: "Its notes, in Markdown; empty likewise.",
    branch: "The branch it was worked out for.",
    kind: "`stable`, `maintenance`, `channel`, `line` or `other`.",
    previous: "The version that commits are counted from; empty before the first release.",
    commit: "Hash of the commit that would be released.",
    build: "Build metadata of what this run builds, `20250920.1`: the commit's day and the run's number.",
    "artifact-version":
      "Version and build metadata, for what is built; empty where nothing asks for a release.",
    commits: "How many commits came since.",
    problems: "Why it may not be released, as a JSON list of sentences.",
    warnings: "What else is worth knowing, as a JSON list of sentences.",
  },
  exits: {
    0: "the version that comes next, or nothing to release",
    3: "that version may not be released from here: it is told why",
    4: "git or GitHub could not say, or the history is not all here",
  },
  examples: {
    cli: ["holdfast release-plan", "holdfast release-plan --offline --json"],
    workflow: `name: release-plan
on:
  push:
    branches: [main, "release/**"]
permissions:
  contents: read
jobs:
  plan:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          fetch-depth: 0
          persist-credentials: false
      - uses: truststream/holdfast/actions/release-plan@v1
`,
  },
  async run(inputs, ports) {
    const { runReleasePlan } = await import("../../governance/release-plan/run.ts");
    return runReleasePlan(inputs, ports);
  },
});
