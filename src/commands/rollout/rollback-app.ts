import { dryRun } from "../common-inputs.ts";
import { defineCommand } from "../define.ts";
import { appExits, appOutputs, planHash, resume, rolloutInputs } from "./app-inputs.ts";

/** `holdfast rollback-app`: production as it was when it was last good. */
export const rollbackApp = defineCommand({
  name: "rollback-app",
  wing: "rollout",
  summary: "Bring the app back to a release that was verified, by a swap where the slot still holds it",
  description: `Brings an app back to a release that \`deploy\` has verified, by the same road: into the \
slot, with production's settings, seen well, tested, swapped, watched.

\`last-known-good\` is the newest release whose record says that it was verified, that was not rolled back \
since, and that is not what production is now; so it is not merely the newest tag. Where the slot beside \
production still holds that build nothing is deployed, and the rollback is a swap. Where it does not, give \
the release's package: its SHA-256 has to be the recorded one.

Only the application moves: whether the database's schema is one that the older build runs on has to be \
known before.`,
  branding: { icon: "rotate-ccw", color: "red" },
  inputs: {
    to: {
      type: "string",
      default: "last-known-good",
      text: "The version that is gone back to, or `last-known-good`.",
      example: "v1.2.0",
    },
    package: {
      type: "string",
      text: "That release's package, for where the slot does not hold it any more: a zip, or its folder.",
      example: "./shop-1.2.0.zip",
    },
    reason: {
      type: "string",
      default: "manual",
      text: "Why, for the record.",
      example: "checkout fails since 14:05",
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
      "holdfast rollback-app --store azure://mybackups/holdfast/prod --dry-run",
      "holdfast rollback-app --to v1.2.0 --package ./shop-1.2.0.zip --reason checkout-fails --store " +
        "file:///var/backups/holdfast",
    ],
    workflow: `name: rollback-app
on:
  workflow_dispatch:
    inputs:
      to:
        description: Version, or last-known-good
        default: last-known-good
      reason:
        description: Why
        required: true
permissions:
  contents: read
  id-token: write
concurrency:
  group: production
jobs:
  rollback:
    runs-on: ubuntu-latest
    environment: production
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - uses: azure/login@a457da9ea143d694b1b9c7c869ebb04ebe844ef5 # v2.3.0
        with:
          client-id: \${{ vars.AZURE_CLIENT_ID }}
          tenant-id: \${{ vars.AZURE_TENANT_ID }}
          subscription-id: \${{ vars.AZURE_SUBSCRIPTION_ID }}
      - uses: truststream/holdfast/actions/rollback-app@v1
        with:
          to: \${{ inputs.to }}
          reason: \${{ inputs.reason }}
          store: azure://mybackups/holdfast/prod
`,
  },
  cleansUp: true,
  async run(inputs, ports) {
    const { runRollbackApp } = await import("../../rollout/rollback-app/run.ts");
    return runRollbackApp(inputs, ports);
  },
});
