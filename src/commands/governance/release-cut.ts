import { dryRun } from "../common-inputs.ts";
import { defineCommand } from "../define.ts";
import { repository, settings, writingToken } from "./release-inputs.ts";

/** `holdfast release cut`: the release branch with its pull request. */
export const releaseCut = defineCommand({
  name: "release-cut",
  wing: "governance",
  summary: "Cut a release branch from develop, with changelog, versions and pull request in it",
  description: `Works out the next version of \`develop\`, which has to be checked out as it is at GitHub, \
and makes \`release/v1.3.0\` from it, with one commit on top: the notes in \`CHANGELOG.md\`, and the \
version in \`package.json\` and what else the settings name. Then it opens the pull request into \`main\`. \
Where nothing asks for a release, that is said, and it ends with 0. Also called \`holdfast release cut\`.

- **Nothing is pushed to \`main\` or \`develop\`**, and nothing from the checkout: all of it goes through \
GitHub's API.
- **Each step is looked at before it is made.** A run that was killed anywhere is finished by running it \
again, and running it twice does nothing. The branch appears whole, or not at all.
- **On a release branch** that is checked out it brings changelog and versions up to date with the fixes \
that came there, by one more commit and never by force.
- A branch of that version that was cut from something else, a pull request that was closed, and one that \
conflicts, are left as they are: it is told what to do.

Merge the pull request by a merge commit: the version is worked out from commits, and a squash has none of \
them.`,
  branding: { icon: "scissors", color: "purple" },
  inputs: {
    branch: {
      type: "string",
      text:
        "The branch that is cut from, or a release branch to bring up to date; where a commit alone is " +
        "checked out, it is `develop`. What is checked out must be what it is on.",
      example: "develop",
    },
    "expect-version": {
      type: "string",
      pattern: /^v?\d+\.\d+\.\d+$/,
      accepts: "a version such as 1.3.0",
      text: "The version that is expected: where the commits ask for another, nothing is made.",
      example: "1.3.0",
    },
    settings,
    repository,
    token: writingToken,
    "dry-run": dryRun,
  },
  outputs: {
    version: "The version that is cut; empty where there was nothing to release, or something is in the way.",
    tag: "The tag that it will have; empty likewise.",
    branch: "The release branch; empty where there is none.",
    commit: "Hash of the commit that it is on; empty likewise.",
    from: "The branch that it was cut from.",
    "pull-request": "Number of its pull request; null where there is none.",
    url: "Where people read that; empty likewise.",
    notes: "The notes, in Markdown.",
    changed: "Whether this run did anything.",
    steps:
      "Each step with its name, state (`was`, `done`, `would`, `waits`, `wrong`, `not-reached`) and what.",
    problems: "What is in the way, as a JSON list of sentences.",
    warnings: "What else is worth knowing, such as other releases on their way, as a JSON list of sentences.",
  },
  exits: {
    0: "cut, or cut before, or nothing to release",
    3: "something is in the way, and was left as it is: it is told what to do",
    4: "GitHub could not be asked or did not take it; run again, and it goes on from there",
  },
  examples: {
    cli: ["holdfast release-cut --dry-run", "holdfast release-cut --expect-version 1.3.0"],
    workflow: `name: release-cut
on: workflow_dispatch
permissions:
  contents: write
  pull-requests: write
concurrency:
  group: release-cut
jobs:
  cut:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          ref: develop
          fetch-depth: 0
          persist-credentials: false
      - uses: truststream/holdfast/actions/release-cut@v1
`,
  },
  async run(inputs, ports) {
    const { runReleaseCut } = await import("../../governance/release-cut/run.ts");
    return runReleaseCut(inputs, ports);
  },
});
