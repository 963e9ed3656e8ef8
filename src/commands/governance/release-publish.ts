import { dryRun } from "../common-inputs.ts";
import { defineCommand } from "../define.ts";
import { repository, settings } from "./release-inputs.ts";

/** `holdfast release publish`: make the next release true, or finish a half done one. */
export const releasePublish = defineCommand({
  name: "release-publish",
  wing: "governance",
  summary: "Tag, draft, attach, publish, deploy and merge back a release, or finish one that is half done",
  description: `Makes the next release of the branch that is checked out, as \`release plan\` works it out;
where \
nothing asks for one, that is said, and it ends with 0. Also called \`holdfast release publish\`.

Its steps, in this order: the annotated tag; the release as a draft; the files, and \`release-unit.json\`,
which \
says what belongs together; the draft published; \`v1\` and \`v1.2\`
moved, forward only; the workflow that deploys started; a pull request that brings the release back into \
\`develop\`. **Each is looked at before it is made**, at GitHub and not in the checkout: a run that was
killed anywhere is finished by running it again, and running it twice does nothing. A tag without its
release \
gets it; a tag on another commit is refused. What was published is never taken away.

Everything goes through GitHub's API: nothing is pushed from the checkout, which needs no credentials for
it. \
Which workflows a release starts depends on whose token made it: see the table of tokens in docs/release.md.`,
  branding: { icon: "package", color: "purple" },
  inputs: {
    branch: {
      type: "string",
      text: "The branch that is released, where none is checked out.",
      example: "main",
    },
    tag: {
      type: "string",
      text: "Finish the release of this tag, instead of making the next.",
      example: "v1.3.0",
    },
    assets: {
      type: "list",
      oneALine: true,
      text:
        "Files that are attached, by their paths or patterns such as `out/*.zip`; each 256 MiB at most. " +
        "They were built from the commit that is checked out.",
      example: "out/shop.zip",
    },
    build: {
      type: "string",
      text:
        "Build metadata of what was built, such as `20250920.1`. By default the commit's day and the " +
        "number of the run, as `release plan` says it.",
      example: "20250920.1",
    },
    settings,
    repository,
    token: {
      type: "secret",
      jobToken: true,
      text:
        "Token for GitHub, with `contents: write`, `pull-requests: write`, and `actions: write` " +
        "where a workflow is started. Without it `GITHUB_TOKEN`, then `GH_TOKEN` of the environment " +
        "is used.",
    },
    "dry-run": dryRun,
  },
  outputs: {
    version: "The version that is published; empty where there was nothing to release.",
    tag: "Its tag; empty likewise.",
    commit: "Hash of the commit that it is made of.",
    build: "Its build metadata.",
    "artifact-version": "Version and build metadata, such as `1.3.0+20250920.1`, for what is built.",
    prerelease: "Whether it is a pre-release.",
    url: "Where people read it.",
    published: "Whether it is published now.",
    changed: "Whether this run did anything.",
    branch: "The branch that is released.",
    steps:
      "Each step with its tag, name, state (`was`, `done`, `would`, `waits`, `wrong`, `failed`, " +
      "`not-reached`) and what.",
    problems: "What is wrong, as a JSON list of sentences.",
    warnings: "What else is worth knowing, as a JSON list of sentences.",
  },
  exits: {
    0: "published, or published before, or nothing to release; a pull request may wait",
    3: "something is in the way, and was left as it is: it is told what to do",
    4:
      "GitHub could not be asked or did not take it; run again, and it goes on from there. What a step " +
      "after `published` ends with leaves the outputs as they are true",
  },
  examples: {
    cli: ["holdfast release-publish --dry-run", "holdfast release-publish --assets out/shop.zip"],
    workflow: `name: release
on:
  push:
    branches: [main]
permissions:
  contents: write
  pull-requests: write
concurrency:
  group: release
jobs:
  publish:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          fetch-depth: 0
          persist-credentials: false
      - uses: truststream/holdfast/actions/release-publish@v1
`,
  },
  async run(inputs, ports) {
    const { runReleasePublish } = await import("../../governance/release-publish/run.ts");
    return runReleasePublish(inputs, ports);
  },
});
