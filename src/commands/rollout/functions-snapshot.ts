import { dryRun } from "../common-inputs.ts";
import { defineCommand } from "../define.ts";
import { accessToken, functionsStore, project, storeSecret } from "./functions-inputs.ts";

/** `holdfast functions snapshot`: keep what is served. */
export const functionsSnapshot = defineCommand({
  name: "functions-snapshot",
  wing: "rollout",
  summary: "Keep the live edge functions of a Supabase project, so that they can be put back",
  description: `Keeps every function that is live: its sources, by what it is started, and its settings. \
Supabase keeps no earlier version, so what is not kept before it is replaced is gone. Also called \
\`holdfast functions snapshot\`.

Sources that the store has already are not fetched again, and the same file lies there once. The snapshot \
itself is written last: it exists only once all that it names is there. A function whose sources cannot be \
had back, or that somebody deploys meanwhile, makes it fail. Secrets of functions are no part of it, since \
Supabase does not give them out. \`functions deploy\` and \`functions rollback\` take one by themselves.`,
  branding: { icon: "camera", color: "blue" },
  inputs: {
    project,
    "access-token": accessToken,
    store: functionsStore,
    "store-secret": storeSecret,
    "dry-run": dryRun,
  },
  outputs: {
    project: "Reference of the project.",
    snapshot: "Id of the snapshot; empty after a dry run.",
    functions: "How many functions it keeps.",
    fetched: "Of how many the sources were fetched.",
  },
  exits: {
    0: "all that is live is kept",
    4: "Supabase or the store failed, or sources could not be had back: there is no snapshot",
    6: "another run works on this project's functions; who and since when is printed",
  },
  examples: {
    cli: [
      "holdfast functions-snapshot --project abcdefghijklmnopqrst --access-token-file ./token --store " +
        "file:///var/backups/holdfast",
    ],
    workflow: `name: functions-snapshot
on:
  schedule:
    - cron: "41 2 * * *"
permissions:
  contents: read
concurrency:
  group: holdfast-production
jobs:
  snapshot:
    runs-on: ubuntu-latest
    environment: production
    steps:
      - uses: truststream/holdfast/actions/functions-snapshot@v1
        with:
          project: abcdefghijklmnopqrst
          access-token: \${{ secrets.SUPABASE_ACCESS_TOKEN }}
          store: azure://mybackups/holdfast/prod
          store-secret: \${{ secrets.STORE_CONNECTION_STRING }}
`,
  },
  cleansUp: true,
  async run(inputs, ports) {
    const { runFunctionsSnapshot } = await import("../../rollout/functions/snapshot/run.ts");
    return runFunctionsSnapshot(inputs, ports);
  },
});
