import { dryRun } from "../common-inputs.ts";
import { defineCommand } from "../define.ts";

/** `holdfast watch`: an address that is ill for long enough starts a rollback. */
export const watch = defineCommand({
  name: "watch",
  wing: "rollout",
  summary: "Watch an address, and start a workflow such as a rollback where it is ill for long enough",
  description: `Asks an address again and again. Where it failed so often **in a row** it is ill; one good \
answer begins the count anew, so that an address which flaps is never ill.

Then it ends with exit 3, and a line of shell can go on from there. With \`--workflow\` it starts that \
workflow of a GitHub repository by \`workflow_dispatch\`, with the inputs \`trigger\` (\`health-check\`) and \
\`reason\` (what was seen). It is **not** started while one of its runs is unfinished, or younger than the \
cool-down, whoever started it; nor where GitHub could not be asked, which is tried again with each failure \
that counts.

A 429, a certificate that is not trusted, and any other answer below 500 of an address that was never well \
in this watch say nothing about a release: they neither count nor begin the count anew. Where the watch \
ends with such answers alone, it ends with exit 4.

With \`--reference\` an address of somebody else is asked before anything is started, where the watched one \
gave no answer at all: where that is silent as well, it is this machine that hears nobody (exit 4).

[Setting it up, and what several watchers do at \
once](https://github.com/truststream/holdfast/blob/main/docs/watch.md).`,
  branding: { icon: "activity", color: "red" },
  inputs: {
    url: {
      type: "string",
      required: true,
      text: "The address that is asked. Logs show it without its query.",
      example: "https://shop.example/health",
    },
    status: {
      type: "integer",
      min: 100,
      max: 599,
      default: 200,
      text: "The status of a good answer. Redirects are answers, and not followed.",
    },
    contains: {
      type: "string",
      text: "Text that a good answer has in its first 64 KiB.",
      example: '"ok":true',
    },
    every: { type: "duration", default: "30s", text: "From the beginning of one try to that of the next." },
    for: { type: "duration", default: "55m", text: "How long it is watched: no try begins after that." },
    timeout: { type: "duration", default: "20s", text: "How long an answer may take, to its end." },
    failures: {
      type: "integer",
      min: 1,
      max: 1000,
      default: 5,
      text: "So many failures in a row are ill.",
    },
    reference: {
      type: "string",
      text: "An address of somebody else, by which a network that is down is told from an app that is.",
      example: "https://example.com",
    },
    workflow: {
      type: "string",
      text: "File of the workflow that is started where the address is ill. Without it nothing is started.",
      example: "rollback.yml",
      pattern: /^[A-Za-z0-9][A-Za-z0-9._-]*\.ya?ml$/,
      accepts: "the name of a file in .github/workflows, ending with .yml or .yaml",
    },
    ref: {
      type: "string",
      text:
        "The branch whose workflow is started, or a tag as `refs/tags/<name>`. By default the repository's " +
        "default branch.",
      example: "main",
    },
    "cool-down": {
      type: "duration",
      default: "30m",
      text: "It is not started where one of its runs is younger than this.",
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
        "Token for GitHub, with `actions: write`, and with `contents: write` where several watch. Without " +
        "it `GITHUB_TOKEN`, then `GH_TOKEN` of the environment is used.",
    },
    "dry-run": dryRun,
  },
  outputs: {
    healthy: "Whether it was never ill.",
    tries: "How often it was asked.",
    failures: "How many of the last tries failed in a row.",
    unclear: "How many tries since the last good one said nothing about a release, and do not count.",
    last: "What the last try saw.",
    started:
      "Address of the workflow's run that was started, or that counts in its place; `unknown` where GitHub " +
      "did not show it soon enough, empty where there is none.",
  },
  exits: {
    0: "it was never ill",
    3: "it is ill; the workflow was started, or one of its runs counts, where one was named",
    4:
      "GitHub could not be asked, or refused the start; or it is this machine that hears nobody; or to the " +
      "end it answered in a way that says nothing about a release",
  },
  examples: {
    cli: [
      "holdfast watch --url https://shop.example/health --for 10m",
      "holdfast watch --url https://shop.example/health --reference https://example.com " +
        "--workflow rollback.yml --repository acme/shop --token-file ./token",
    ],
    workflow: `name: watch
on:
  schedule:
    - cron: "2 * * * *"
permissions:
  actions: write
  contents: write
concurrency:
  group: watch
jobs:
  watch:
    runs-on: ubuntu-latest
    timeout-minutes: 75
    steps:
      - uses: truststream/holdfast/actions/watch@v1
        with:
          url: https://shop.example/health
          reference: https://example.com
          workflow: rollback.yml
`,
  },
  async run(inputs, ports) {
    const { runWatch } = await import("../../rollout/watch/run.ts");
    return runWatch(inputs, ports);
  },
});
