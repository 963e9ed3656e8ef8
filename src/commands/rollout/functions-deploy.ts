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

/** `holdfast functions deploy`: bring the committed functions to a project, or leave it as it was. */
export const functionsDeploy = defineCommand({
  name: "functions-deploy",
  wing: "rollout",
  summary: "Deploy edge functions as one set, each tried; what fails puts back what was served before",
  description: `Brings functions of a commit to a Supabase project, with everything that they need by \
\`function-manifest.json\`. Also called \`holdfast functions deploy\`.

First what is live is **kept** in the store. Then each function is uploaded, those first that others need, \
and nobody is served it yet; functions whose sources and settings are live already are left alone. **One \
call activates all of them.** Then every function of the set is called as the manifest declares, and its \
version is read back. Where one fails, **what was served before is put back** by the same road, and read \
back too.

Everything is written down in a journal before and after it is done. A run that was killed anywhere is \
gone on with by \`--resume\` and its id: it looks first, and does what is missing. \`--dry-run\` looks at \
everything and changes nothing; with its \`plan-hash\` only that plan is carried out. What is not \
committed is never uploaded.`,
  branding: { icon: "upload-cloud", color: "green" },
  inputs: {
    project,
    "access-token": accessToken,
    "functions-key": functionsKey,
    store: functionsStore,
    "store-secret": storeSecret,
    "functions-folder": functionsFolder,
    ref: {
      type: "string",
      default: "HEAD",
      text: "The commit, tag or branch whose functions are deployed.",
      example: "v1.3.0",
    },
    functions: someFunctions,
    "update-manifest": updateManifest,
    "plan-hash": planHash,
    resume,
    "takes-turns-in": turnOf,
    "dry-run": dryRun,
  },
  outputs: { ...rolloutOutputs, commit: "Hash of the commit whose functions they are." },
  exits: rolloutExits,
  examples: {
    cli: [
      "holdfast functions-deploy --project abcdefghijklmnopqrst --access-token-file ./token --store " +
        "file:///var/backups/holdfast --dry-run",
      "holdfast functions-deploy --project abcdefghijklmnopqrst --access-token-file ./token " +
        "--functions-key-file ./anon-key --store file:///var/backups/holdfast --functions orders",
    ],
    workflow: `name: functions
on:
  push:
    branches: [main]
    paths: ["supabase/functions/**"]
permissions:
  contents: read
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
      - uses: truststream/holdfast/actions/functions-deploy@v1
        with:
          project: abcdefghijklmnopqrst
          access-token: \${{ secrets.SUPABASE_ACCESS_TOKEN }}
          functions-key: \${{ secrets.SUPABASE_ANON_KEY }}
          store: azure://mybackups/holdfast/prod
          store-secret: \${{ secrets.STORE_CONNECTION_STRING }}
          takes-turns-in: production
`,
  },
  cleansUp: true,
  async run(inputs, ports) {
    const { runFunctionsDeploy } = await import("../../rollout/functions/deploy/run.ts");
    return inTurn(inputs, { doing: "functions deploy", ifLost }, ports, (held) =>
      runFunctionsDeploy(inputs, held),
    );
  },
});
