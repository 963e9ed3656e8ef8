import { dryRun } from "../common-inputs.ts";
import { inTurn, turnOf } from "../environment-turn.ts";
import { defineCommand } from "../define.ts";
import {
  accessToken,
  functionsFolder,
  functionsKey,
  functionsStore,
  ifLost,
  planHash,
  project,
  resume,
  rolloutExits,
  rolloutOutputs,
  someFunctions,
  storeSecret,
  updateManifest,
} from "./functions-inputs.ts";

/** `holdfast functions rollback`: take functions back. */
export const functionsRollback = defineCommand({
  name: "functions-rollback",
  wing: "rollout",
  summary: "Take one edge function or all back to a snapshot, a release or their rollback targets",
  description: `Takes functions of a Supabase project back: to a **snapshot** in the store, to a \
**release** (its tag, or any commit that the checkout has), or, without \`--to\`, each to the \
\`rollback_target\` that the manifest declares, of which the store keeps the sources. Also called \
\`holdfast functions rollback\`.

It is the same road as a deployment's: what is live is kept first, everything is uploaded before anybody \
is served it, one call activates all, each function is called and its version read back, and where one \
fails, what was served before is put back. A function that what is gone back to does not have is left as \
it is, and told. Each is called as it was declared with that version. To a snapshot it needs no checkout; \
where there is one, its manifest says in which order.`,
  branding: { icon: "corner-up-left", color: "orange" },
  inputs: {
    project,
    "access-token": accessToken,
    "functions-key": functionsKey,
    store: functionsStore,
    "store-secret": storeSecret,
    to: {
      type: "string",
      explicit: true,
      text:
        "A snapshot's id, a release's tag, or a commit. Left out: the manifest's `rollback_target` of " +
        "each function.",
      example: "20261128T093000Z-4f2a1b",
    },
    functions: someFunctions,
    "functions-folder": functionsFolder,
    "update-manifest": updateManifest,
    "plan-hash": planHash,
    resume,
    "takes-turns-in": turnOf,
    "dry-run": dryRun,
  },
  outputs: rolloutOutputs,
  exits: rolloutExits,
  examples: {
    cli: [
      "holdfast functions-rollback --project abcdefghijklmnopqrst --access-token-file ./token --store " +
        "file:///var/backups/holdfast --to 20261128T093000Z-4f2a1b --dry-run",
      "holdfast functions-rollback --project abcdefghijklmnopqrst --access-token-file ./token --store " +
        "file:///var/backups/holdfast --functions orders",
    ],
    workflow: `name: functions-rollback
on:
  workflow_dispatch:
    inputs:
      to:
        required: true
permissions:
  contents: read
concurrency:
  group: holdfast-production
jobs:
  rollback:
    runs-on: ubuntu-latest
    environment: production
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          fetch-depth: 0
          persist-credentials: false
      - uses: truststream/holdfast/actions/functions-rollback@v1
        with:
          project: abcdefghijklmnopqrst
          access-token: \${{ secrets.SUPABASE_ACCESS_TOKEN }}
          functions-key: \${{ secrets.SUPABASE_ANON_KEY }}
          store: azure://mybackups/holdfast/prod
          store-secret: \${{ secrets.STORE_CONNECTION_STRING }}
          takes-turns-in: production
          to: \${{ inputs.to }}
`,
  },
  cleansUp: true,
  async run(inputs, ports) {
    const { runFunctionsRollback } = await import("../../rollout/functions/rollback/run.ts");
    return inTurn(inputs, { doing: "functions rollback", ifLost }, ports, (held) =>
      runFunctionsRollback(inputs, held),
    );
  },
});
