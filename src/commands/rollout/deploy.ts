import { dryRun } from "../common-inputs.ts";
import { defineCommand } from "../define.ts";
import { appExits, appOutputs, planHash, resume, rolloutInputs } from "./app-inputs.ts";

/** `holdfast deploy`: a build to production by a slot, or production as it was. */
export const deploy = defineCommand({
  name: "deploy",
  wing: "rollout",
  summary: "Bring a build to production through a slot, tested and watched, or leave production as it was",
  description: `Brings a build of an app to Azure App Service without a bad one staying in production.

The package goes into the slot beside production, which then runs **with the settings of production** \
before anybody is sent to it. It has to answer that it is well and **which build it is**, and pass the \
tests that the settings declare. Then both are swapped, and production is watched for some minutes, \
several requests at a time. What is not well by then is **swapped back**, and that is looked at in its \
turn. The slot keeps the build of before: \`rollback-app\` is a swap.

Everything is written down in a journal before and after it is done. A run that was killed anywhere is \
gone on with by \`--resume\` and its id: it looks first, and **never repeats a swap that has happened**. \
\`--dry-run\` looks at everything and changes nothing; with its \`plan-hash\` only that plan is carried \
out.

[Settings, permissions at Azure, and what to do when it \
fails](https://github.com/truststream/holdfast/blob/main/docs/rollback.md).`,
  branding: { icon: "arrow-up-circle", color: "green" },
  inputs: {
    version: {
      type: "string",
      required: true,
      text: "Tag of the release that is deployed.",
      example: "v1.3.0",
    },
    package: {
      type: "string",
      required: true,
      text: "The built app: a zip, or the folder that it would be of.",
      example: "./shop.zip",
    },
    build: {
      type: "string",
      text: "Build metadata of the package, as the release has it.",
      example: "20261128.7",
      pattern: /^[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*$/,
      accepts: "identifiers of letters, digits and dashes, joined by dots",
    },
    "keep-package": {
      type: "boolean",
      default: true,
      text:
        "Keep the package in the store, `packages/<sha256>.zip`, so that a rollback has it whatever the " +
        "slot " +
        "holds by then.",
    },
    unit: {
      type: "string",
      text:
        "Path of the release's `release-unit.json`, which says on which schemas it runs, for a rollback " +
        "to it. " +
        "Without it the tag is asked, where this is a checkout that has it.",
      example: "./release-unit.json",
    },
    ...rolloutInputs,
    "plan-hash": planHash,
    resume,
    "dry-run": dryRun,
  },
  outputs: appOutputs,
  exits: appExits,
  examples: {
    cli: [
      "holdfast deploy --version v1.3.0 --package ./shop.zip --store azure://mybackups/holdfast/prod " +
        "--dry-run",
      "holdfast deploy --version v1.3.0 --package ./dist --build 20261128.7 --store " +
        "file:///var/backups/holdfast",
    ],
    workflow: `name: deploy
on:
  push:
    tags: ["v*.*.*"]
permissions:
  contents: read
  id-token: write
concurrency:
  group: holdfast-production
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: production
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - run: npm ci && npm run build
      - uses: azure/login@a457da9ea143d694b1b9c7c869ebb04ebe844ef5 # v2.3.0
        with:
          client-id: \${{ vars.AZURE_CLIENT_ID }}
          tenant-id: \${{ vars.AZURE_TENANT_ID }}
          subscription-id: \${{ vars.AZURE_SUBSCRIPTION_ID }}
      - uses: truststream/holdfast/actions/deploy@v1
        with:
          version: \${{ github.ref_name }}
          package: ./dist
          store: azure://mybackups/holdfast/prod
`,
  },
  cleansUp: true,
  async run(inputs, ports) {
    const { runDeploy } = await import("../../rollout/deploy/run.ts");
    return runDeploy(inputs, ports);
  },
});
