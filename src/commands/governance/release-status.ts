import { defineCommand } from "../define.ts";
import { repository, settings } from "./release-inputs.ts";

/** `holdfast release status`: which steps of the newest releases are true. */
export const releaseStatus = defineCommand({
  name: "release-status",
  wing: "governance",
  summary: "Show which steps of the newest releases are true, and what is half done",
  description: `Of each of the newest releases: whether it has its tag, is a draft or published, has its
release \
unit, which moving tags are on it, whether the workflow that deploys was started
for it, and whether the branch that others begin from has it in its history. Everything is asked of GitHub,
in a \
handful of calls; nothing is written. Also called \`holdfast release status\`.

A release that is half done is one that \`release publish\` would go on with; tags of the time before
Holdfast, \
without any release, are shown and are not.`,
  branding: { icon: "list", color: "purple" },
  inputs: {
    limit: {
      type: "integer",
      min: 1,
      max: 5000,
      default: 10,
      text: "How many of the newest releases are shown.",
    },
    settings,
    repository,
    token: {
      type: "secret",
      jobToken: true,
      text:
        "Token for GitHub, with `contents: write`, without which it shows no drafts, and `actions: " +
        "read` where a workflow that deploys is declared. Without it `GITHUB_TOKEN`, then `GH_TOKEN` " +
        "of the environment is used.",
    },
  },
  outputs: {
    newest: "Tag of the newest release; empty where there is none.",
    releases: "Each release with what is true of it, as a JSON list.",
    "half-done": "Tags of those that are half done, as a JSON list.",
  },
  exits: {
    0: "nothing is half done",
    3: "a release is half done: it is told which, and what it lacks",
    4: "GitHub could not be asked",
  },
  examples: {
    cli: ["holdfast release-status", "holdfast release-status --limit 50 --json"],
    workflow: `name: release-status
on:
  schedule:
    - cron: "17 6 * * *"
permissions:
  contents: write
  actions: read
jobs:
  status:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          fetch-depth: 0
          persist-credentials: false
      - uses: truststream/holdfast/actions/release-status@v1
`,
  },
  async run(inputs, ports) {
    const { runReleaseStatus } = await import("../../governance/release-status/run.ts");
    return runReleaseStatus(inputs, ports);
  },
});
