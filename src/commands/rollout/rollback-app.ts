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

Only the application moves. Where the release does not run on the schema that the database has, or nobody \
can tell, it is refused (exit 7): see \`rollback\`, which takes the database along; or say that it runs all \
the same, with \`--schema keep\`.`,
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
    unit: {
      type: "string",
      text:
        "Path of that release's `release-unit.json`, which says on which schemas it runs. Without it the " +
        "record " +
        "of its deployment is asked, then its tag in the checkout.",
      example: "./release-unit.json",
    },
    ...rolloutInputs,
    schema: {
      type: "choice",
      choices: ["check", "keep"],
      default: "check",
      explicit: true,
      text: "`check`: the release has to run on the schema. `keep`: you say that it does.",
    },
    database: {
      type: "secret",
      text: "PostgreSQL URL of the database, of a role that may read it: which schema it has is asked.",
    },
    "plan-hash": planHash,
    resume,
    "dry-run": dryRun,
  },
  outputs: appOutputs,
  exits: {
    ...appExits,
    7: "this is not the plan that was approved, or the release does not run on the schema",
  },
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
  group: holdfast-production
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
    const [{ runRollback }, { openDatabaseRoad }] = await Promise.all([
      import("../../rollout/rollback/run.ts"),
      import("./rollback-road.ts"),
    ]);
    const alone = { ...inputs, ...ALONE };
    return runRollback(alone, ports, () => openDatabaseRoad(alone, ports));
  },
});

/** A rollback of which nothing goes along. */
const ALONE = {
  trigger: "manual",
  fromBackup: undefined,
  project: undefined,
  accessToken: undefined,
  functionsKey: undefined,
  functionsTo: undefined,
  functionsFolder: "",
  notify: "none",
  repository: undefined,
  token: undefined,
  migrations: "",
  confirm: undefined,
  recipients: [],
  identity: undefined,
  allowUnencrypted: false,
  withoutBackup: false,
  allowUnproved: false,
  lockTimeout: 5_000,
  statementTimeout: 900_000,
} as const;
