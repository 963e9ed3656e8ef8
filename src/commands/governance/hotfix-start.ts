import { dryRun } from "../common-inputs.ts";
import { defineCommand } from "../define.ts";
import { branchToken, repository, settings } from "./release-inputs.ts";

/** `holdfast hotfix start`: a branch at the newest release. */
export const hotfixStart = defineCommand({
  name: "hotfix-start",
  wing: "governance",
  summary: "Begin a hotfix: a branch at the newest stable release, and the version that it will be",
  description: `Makes the branch \`hotfix/<name>\` at the commit of the highest stable release, or of the \
highest of a maintenance branch, and says which version it will be. What \`develop\` has since is not in \
it. Also called \`holdfast hotfix start\`.

- **\`main\` must have that release** in its history. Where it has commits beyond, that are not released, \
the hotfix begins without them and would be released together with them: it is told.
- A branch of that name which has the release is taken as it is; one that has not is left alone, and that \
is refused.
- The branch is made by GitHub's API: nothing is pushed from the checkout. A part of the history is enough \
for it.

Commit what mends it as \`fix: …\`, push it, and run \`holdfast hotfix finish\`.`,
  branding: { icon: "git-branch", color: "purple" },
  inputs: {
    name: {
      type: "string",
      required: true,
      text: "What the hotfix is called, in a few words with hyphens; `hotfix/` is put before it.",
      example: "lost-carts",
    },
    from: {
      type: "string",
      text: "The maintenance branch whose newest release is fixed. Without it the newest of all.",
      example: "5.x",
    },
    settings,
    repository,
    token: branchToken,
    "dry-run": dryRun,
  },
  outputs: {
    version: "The version that it will be, if nothing else is released with it.",
    branch: "Its branch.",
    release: "Tag of the release that it fixes.",
    commit: "Hash of that release's commit, where the branch begins.",
    base: "The branch that it will be released from.",
    changed: "Whether this run did anything.",
    steps:
      "Each step with its name, state (`was`, `done`, `would`, `waits`, `wrong`, `not-reached`) and what.",
    problems: "What is in the way, as a JSON list of sentences.",
    warnings: "What else is worth knowing, as a JSON list of sentences.",
  },
  exits: {
    0: "its branch is there",
    3: "something is in the way, and was left as it is: it is told what to do",
    4: "GitHub could not be asked or did not take it; run again",
  },
  examples: {
    cli: ["holdfast hotfix-start --name lost-carts", "holdfast hotfix-start --name lost-carts --from 5.x"],
    workflow: `name: hotfix
on:
  workflow_dispatch:
    inputs:
      name:
        required: true
permissions:
  contents: write
jobs:
  start:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - uses: truststream/holdfast/actions/hotfix-start@v1
        with:
          name: \${{ inputs.name }}
`,
  },
  async run(inputs, ports) {
    const { runHotfixStart } = await import("../../governance/hotfix/start.ts");
    return runHotfixStart(inputs, ports);
  },
});
