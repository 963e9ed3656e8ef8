import { dryRun, identity } from "../common-inputs.ts";
import { defineCommand } from "../define.ts";
import { NOTIFY_CHOICES } from "../../rollout/rollback/notify-choice.ts";
import { SCHEMA_CHOICES } from "../../rollout/rollback/schema-gate.ts";
import { TRIGGERS } from "../../rollout/rollback/request.ts";
import { appOutputs, planHash, resume, rolloutInputs } from "./app-inputs.ts";
import { accessToken, functionsFolder, functionsKey } from "./functions-inputs.ts";
import { repository } from "../governance/release-inputs.ts";
import { migrationsFolder } from "../schema/schema-inputs.ts";

/** `holdfast rollback`: app, database and edge functions back as one. */
export const rollback = defineCommand({
  name: "rollback",
  wing: "rollout",
  summary:
    "Take a bad release back as one: app, database and edge functions, verified, by one plan and journal",
  description: `The emergency button. Takes a release back as the unit that it was: the **app** by a swap, \
the \
**database** only where the release needs it and somebody says so, the **edge functions** to that release's. \
Then all of it is looked at together, and written down.

\`last-known-good\` is the newest release that was verified, that nobody went back from since, and that is \
not what production is now. **It is never put on a schema that it is not known to run on**: what its release \
unit says is held against the migrations of the live database. Where they do not fit the rollback is refused \
(exit 7) with the ways that are open: take the migrations back along with the app \
(\`--schema migrations --confirm <database>\`), bring a backup back (\`--from-backup\`), mend forward, or \
say that it runs all the same (\`--schema keep\`). Without \`--database\` and \`--project\` only the app goes.

Until the app is back a failure takes back what was done. From then on the run stops where it is, and says \
exactly what stands where, how to go on (\`--resume\`), and how to go back. \`--dry-run\` looks at \
everything, \
also tries the migrations' rollbacks on a server of its own, and changes nothing; its \`plan-hash\` binds an \
approval.

[The decision tree, permissions, records, and what to do when it \
fails](https://github.com/truststream/holdfast/blob/main/docs/rollback.md).`,
  branding: { icon: "life-buoy", color: "red" },
  inputs: {
    to: {
      type: "string",
      default: "last-known-good",
      text: "The version that is gone back to, or `last-known-good`.",
      example: "v1.2.0",
    },
    trigger: {
      type: "choice",
      choices: TRIGGERS,
      default: "manual",
      text: "Who or what says so. `database-corruption` needs `from-backup`.",
    },
    reason: {
      type: "string",
      default: "manual",
      text: "Why, for the records.",
      example: "checkout fails since 14:05",
    },
    package: {
      type: "string",
      text: "That release's package, for where the slot does not hold it any more: a zip, or its folder.",
      example: "./shop-1.2.0.zip",
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
      choices: SCHEMA_CHOICES,
      default: "check",
      explicit: true,
      text:
        "What becomes of the database's schema. `check`: it stays, and the release has to run on it. " +
        "`migrations`: where it does not, the migrations that are too new are taken back by their scripts. " +
        "`keep`: it stays, and you say that the release runs on it.",
    },
    database: {
      type: "secret",
      text:
        "PostgreSQL URL of the database, of a role that may change it where it goes along. Without it " +
        "only a " +
        "release goes back that has no migrations, or with `schema: keep`.",
    },
    migrations: migrationsFolder,
    confirm: {
      type: "string",
      explicit: true,
      text: "Name of the database, to confirm that what the plan names may be lost.",
      example: "shop",
    },
    "from-backup": {
      type: "string",
      explicit: true,
      pattern: /^\d{8}T\d{6}Z-[0-9a-f]{6}$/,
      accepts: "a backup id",
      text: "Bring this backup of `store` back into the database: what was written since is lost.",
      example: "20261127T020000Z-1a2b3c",
    },
    recipients: {
      type: "list",
      pattern: /^age1[02-9ac-hj-np-z]{58}$/,
      accepts: "an age public key: age1 and 58 more characters",
      text: "age public keys that shall be able to open the safety backup.",
      example: "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
    },
    identity: {
      ...identity,
      text:
        "age identity with which the safety backup is proved, and which opens the backup of " +
        "`from-backup`.",
    },
    "allow-unencrypted": {
      type: "boolean",
      explicit: true,
      default: false,
      text: "Write the safety backup in the clear when no recipient is given.",
    },
    "without-backup": {
      type: "boolean",
      explicit: true,
      default: false,
      text: "Make no safety backup: what going back destroys is gone.",
    },
    "allow-unproved": {
      type: "boolean",
      explicit: true,
      default: false,
      text: "Take migrations back although a script is not proved.",
    },
    "lock-timeout": {
      type: "duration",
      default: "5s",
      text: "How long a statement may wait for a lock, while others queue behind it.",
    },
    "statement-timeout": {
      type: "duration",
      default: "15m",
      text: "How long one statement in a transaction may take.",
    },
    project: {
      type: "string",
      text: "Reference of the Supabase project whose functions go along. Without it none do.",
      example: "abcdefghijklmnopqrst",
      pattern: /^[a-z]{20}$/,
      accepts: "the project's reference: twenty small letters, as in its address",
    },
    "access-token": accessToken,
    "functions-key": functionsKey,
    "functions-to": {
      type: "string",
      explicit: true,
      text:
        "What the functions go back to: a snapshot's id, a tag or a commit. The release's tag when " +
        "left out.",
      example: "20261128T093000Z-4f2a1b",
    },
    "functions-folder": functionsFolder,
    notify: {
      type: "choice",
      choices: NOTIFY_CHOICES,
      default: "none",
      text:
        "Who is told how it ended. `issue`: an issue at GitHub, one for each run; it needs `issues: " +
        "write`.",
    },
    repository,
    token: {
      type: "secret",
      jobToken: true,
      text: "Token for GitHub, where `notify` needs one. Without it `GITHUB_TOKEN`, then `GH_TOKEN` is used.",
    },
    "plan-hash": planHash,
    resume,
    "dry-run": dryRun,
  },
  outputs: {
    ...appOutputs,
    trigger: "Who or what said so.",
    database: "Newest version of the database's schema; empty where it was not given or could not be asked.",
    schema: "What became of the schema, in a sentence.",
    components: "Milliseconds in which something of a component was at work, as a JSON map.",
  },
  exits: {
    0: "the release is back as a whole, and seen well; or it was so already",
    2: "an input or a setting is wrong; nothing was touched",
    3: "the build is not good, or something is in the way: the report says what stands where",
    4: "Azure, Supabase, the database, the store or the network failed: the report says what stands where",
    6: "somebody else changes this environment, its functions or its schema",
    7:
      "the release does not run on the schema, something was not confirmed, or the plan is not the " +
      "approved one",
  },
  examples: {
    cli: [
      "holdfast rollback --store azure://mybackups/holdfast/prod --database-file ./database-url " +
        "--project abcdefghijklmnopqrst --dry-run",
      "holdfast rollback --store azure://mybackups/holdfast/prod --database-file ./database-url " +
        "--schema migrations --confirm shop --recipients " +
        "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p --reason checkout-fails",
    ],
    workflow: `name: rollback
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
          fetch-depth: 0
          persist-credentials: false
      - uses: azure/login@a457da9ea143d694b1b9c7c869ebb04ebe844ef5 # v2.3.0
        with:
          client-id: \${{ vars.AZURE_CLIENT_ID }}
          tenant-id: \${{ vars.AZURE_TENANT_ID }}
          subscription-id: \${{ vars.AZURE_SUBSCRIPTION_ID }}
      - uses: truststream/holdfast/actions/rollback@v1
        with:
          to: \${{ inputs.to }}
          reason: \${{ inputs.reason }}
          store: azure://mybackups/holdfast/prod
          database: \${{ secrets.DATABASE_URL }}
          recipients: \${{ vars.AGE_RECIPIENTS }}
          project: abcdefghijklmnopqrst
          access-token: \${{ secrets.SUPABASE_ACCESS_TOKEN }}
          functions-key: \${{ secrets.SUPABASE_ANON_KEY }}
`,
  },
  cleansUp: true,
  async run(inputs, ports) {
    const [{ runRollback }, { openDatabaseRoad }] = await Promise.all([
      import("../../rollout/rollback/run.ts"),
      import("./rollback-road.ts"),
    ]);
    // Going back, taking back and restoring are of three wings; the command is where they meet.
    return runRollback(inputs, ports, () => openDatabaseRoad(inputs, ports));
  },
});
