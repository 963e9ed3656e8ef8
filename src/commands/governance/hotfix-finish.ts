import { dryRun } from "../common-inputs.ts";
import { defineCommand } from "../define.ts";
import { repository, settings, writingToken } from "./release-inputs.ts";

/** `holdfast hotfix finish`: twin pull requests, and the proof that both were merged. */
export const hotfixFinish = defineCommand({
  name: "hotfix-finish",
  wing: "governance",
  summary: "Open a hotfix's two pull requests, and prove that main and develop have got it",
  description: `Opens the pull request of a hotfix into \`main\`, or into the maintenance branch of what \
it fixes, and the one into \`develop\`; each names the other, as the rule \`twin\` of \`pr-policy\` asks \
for. Its commits since the release must ask for a patch: a feature or a breaking change is refused, with \
the commits named. Also called \`holdfast hotfix finish\`.

- **Merged is what the history of the branch has**, not what a pull request says. A squash or a rebase is \
found by what it changes, if it was fetched; else it is told that nobody can say.
- Run it again after each merge: what is true is left alone. With \`require-merged\` it ends with 3 until \
both are.
- Conflicts, and a pull request that was closed, are told red. A release branch on its way that lacks the \
hotfix is told.

As soon as \`main\` has it, \`holdfast release publish\` there releases it.`,
  branding: { icon: "git-merge", color: "purple" },
  inputs: {
    branch: {
      type: "string",
      text: "The hotfix's branch; by default the one that is checked out.",
      example: "hotfix/lost-carts",
    },
    issue: {
      type: "string",
      pattern: /^(?:#[1-9]\d{0,8}|https?:\/\/[^\s()<>]{1,500})$/,
      accepts: "#123 or an address",
      text: "The issue that it is for, where its commits name none: `#123`, or an address.",
      example: "#123",
    },
    "require-merged": {
      type: "boolean",
      default: false,
      text: "End with 3 as long as one of the branches lacks it.",
    },
    settings,
    repository,
    token: writingToken,
    "dry-run": dryRun,
  },
  outputs: {
    version:
      "The version that it will be, if nothing else is released with it; empty where something is in " +
      "the way.",
    branch: "Its branch.",
    commit: "Hash of the commit that is to reach both; empty where something is in the way.",
    release: "Tag of the release that it fixes; empty likewise.",
    base: "The branch that it is released from; empty likewise.",
    "pull-requests": "The pull requests: base, number, url, and whether it is merged.",
    merged: "Whether both branches are proven to have it.",
    changed: "Whether this run did anything.",
    steps:
      "Each step with its name, state (`was`, `done`, `would`, `waits`, `wrong`, `not-reached`) and what.",
    problems: "What is in the way, as a JSON list of sentences.",
    warnings: "What else is worth knowing, as a JSON list of sentences.",
  },
  exits: {
    0: "both pull requests are open or merged",
    3: "something is in the way, or with `require-merged` a branch lacks it: it is told what to do",
    4: "GitHub could not be asked or did not take it; run again, and it goes on from there",
  },
  examples: {
    cli: [
      "holdfast hotfix-finish --dry-run",
      "holdfast hotfix-finish --branch hotfix/lost-carts --require-merged",
    ],
    workflow: `name: hotfix-finish
on:
  push:
    branches: ["hotfix/**"]
permissions:
  contents: write
  pull-requests: write
jobs:
  finish:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          fetch-depth: 0
          persist-credentials: false
      - uses: truststream/holdfast/actions/hotfix-finish@v1
`,
  },
  async run(inputs, ports) {
    const { runHotfixFinish } = await import("../../governance/hotfix/finish.ts");
    return runHotfixFinish(inputs, ports);
  },
});
