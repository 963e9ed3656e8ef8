import { defineCommand } from "../define.ts";
import { accessToken, functionsFolder, functionsStore, project, storeSecret } from "./functions-inputs.ts";

/** `holdfast functions status`: what is live, against what is declared and kept. */
export const functionsStatus = defineCommand({
  name: "functions-status",
  wing: "rollout",
  summary: "Hold live edge functions against the manifest and the last snapshot",
  description: `Says of each function of a Supabase project whether what is live is what is committed, which \
version that is, and whether the newest snapshot has it. Also called \`holdfast functions status\`.

Of what a live bundle is made is known where Holdfast has deployed it or a snapshot has kept it; what others \
have deployed since is told as such. Nothing is written, and no function is called.`,
  branding: { icon: "list", color: "blue" },
  inputs: {
    project,
    "access-token": accessToken,
    store: functionsStore,
    "store-secret": storeSecret,
    "functions-folder": functionsFolder,
    ref: {
      type: "string",
      default: "HEAD",
      text: "The commit, tag or branch whose functions are compared with.",
      example: "v1.3.0",
    },
  },
  outputs: {
    project: "Reference of the project.",
    functions: "Each function with its state, versions and settings, as a JSON list.",
    "not-as-declared": "Names of those that are not as declared, as a JSON list.",
    snapshots: "Ids of the project's snapshots, the newest first, as a JSON list.",
  },
  exits: {
    0: "every function is as declared",
    3: "some are not: other sources, not deployed, or not declared",
    4: "Supabase or the store could not be asked",
  },
  examples: {
    cli: [
      "holdfast functions-status --project abcdefghijklmnopqrst --access-token-file ./token --store " +
        "file:///var/backups/holdfast",
    ],
    workflow: `name: functions-status
on:
  schedule:
    - cron: "23 6 * * *"
permissions:
  contents: read
jobs:
  status:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - uses: truststream/holdfast/actions/functions-status@v1
        with:
          project: abcdefghijklmnopqrst
          access-token: \${{ secrets.SUPABASE_ACCESS_TOKEN }}
          store: azure://mybackups/holdfast/prod
          store-secret: \${{ secrets.STORE_CONNECTION_STRING }}
`,
  },
  async run(inputs, ports) {
    const { runFunctionsStatus } = await import("../../rollout/functions/status/run.ts");
    return runFunctionsStatus(inputs, ports);
  },
});
