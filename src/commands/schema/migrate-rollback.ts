import { dryRun, identity, storeSecret } from "../common-inputs.ts";
import { inTurn, turnOf } from "../environment-turn.ts";
import { defineCommand } from "../define.ts";
import { migrationsDatabase, migrationsFolder } from "./schema-inputs.ts";

/** For whoever loses the environment's turn meanwhile. */
const IF_LOST =
  "What was taken back or restored by then stays so: `holdfast migrate-status` tells where the database " +
  "is. Then run again.";

/** `holdfast migrate-rollback`: take migrations back, from whatever checkout. */
export const migrateRollback = defineCommand({
  name: "migrate-rollback",
  wing: "schema",
  summary: "Take migrations back to a version, after a safety backup and with proof of every script",
  description: `Takes back everything that was applied after a version, the newest first. The scripts are \
those of the folder and, where the checkout is older and lacks them,
those that were written down when the migrations were applied.

First the plan: which scripts, whether each is **proved** (the history is built anew on a private server and \
every pair is tried there), and what will be lost, counted
on the live database. A rollback that is missing is refused by name; one that is not proved, too, unless \
\`--allow-unproved\`. Then a **safety backup** is made, and its id is on record
before the first statement. Each script is one transaction with its entry in the history; the first refusal \
ends the run, with the database at a version that is told. At the end the schema must be what it was
at that version.

The other road is \`--from-backup\`: the backup is restored (as \`holdfast restore\` does it, after a safety \
backup of what is there), with its rows and its history of migrations, and what was written later is lost.`,
  branding: { icon: "chevrons-down", color: "orange" },
  inputs: {
    database: migrationsDatabase,
    migrations: migrationsFolder,
    to: {
      type: "string",
      explicit: true,
      text:
        "The version that stays; everything after it is taken back by its scripts. `nothing`: all of it. " +
        "Either this or `from-backup`.",
      example: "202611270900",
    },
    "from-backup": {
      type: "string",
      explicit: true,
      pattern: /^\d{8}T\d{6}Z-[0-9a-f]{6}$/,
      accepts: "a backup id",
      text:
        "Go back by a restore of this backup from `store`, not by scripts: everything is as it was then, " +
        "and what was written later is lost.",
      example: "20261127T020000Z-1a2b3c",
    },
    confirm: {
      type: "string",
      explicit: true,
      text: "Name of the database, to confirm that what the plan names may be lost.",
      example: "shop",
    },
    store: {
      type: "string",
      pattern: /^(azure|file):\/\/.+/,
      accepts: "azure://<account>/<container>[/<prefix>] or file:///<folder>",
      text:
        "Where the safety backup goes, and where the backup of `from-backup` lies: " +
        "`azure://<account>/<container>[/<prefix>]` or `file:///<folder>`.",
      example: "azure://mybackups/holdfast/prod",
    },
    "store-secret": storeSecret,
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
        "age identity with which the safety backup is proved by restoring it (without it its stored bytes " +
        "are read back and compared), and which opens the backup of `from-backup`.",
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
      text: "Make no safety backup: what the rollback destroys is gone.",
    },
    "allow-unproved": {
      type: "boolean",
      explicit: true,
      default: false,
      text: "Go ahead although a script is not proved.",
    },
    reason: { type: "string", text: "Why, for the record.", example: "orders fail since release 4.2" },
    wait: { type: "duration", default: "2m", text: "How long to wait for another run that holds the lease." },
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
    retries: {
      type: "integer",
      min: 0,
      max: 100,
      default: 10,
      text: "How many more times a script that met a lock or a deadlock is tried.",
    },
    "plan-hash": {
      type: "string",
      text:
        "Do only what a dry run has shown: its output plan-hash. Refused where the files or the database " +
        "have changed since.",
    },
    "takes-turns-in": turnOf,
    "dry-run": dryRun,
  },
  outputs: {
    "plan-hash": "The plan's hash, for an approval that is bound to it.",
    "rolled-back": "Versions that were taken back, as a JSON list.",
    to: "The version that the database is at.",
    "from-backup": "Id of the backup that was restored; empty where scripts took back.",
    backup: "Id of the safety backup.",
    restored: "Whether the schema is what it was at that version; empty where the history does not tell.",
    record: "Id of the record in `holdfast.rollbacks`.",
    losses: "What was lost: tables and columns with their rows, as a JSON list.",
    plan: "What was, or would be, done, as JSON.",
  },
  exits: {
    0: "everything after the version is taken back, or the backup is restored and compared",
    3: "the backup is restored, but something could not be proved; it is named",
    4: "the server refused a script: what comes before it is taken back, it is not",
    5:
      "all scripts went through, and the schema is not what it was at that version; " +
      "or the backup is damaged, or what was restored differs from it",
    6: "another run holds the lease; who and since when is printed",
    7: "a rollback is missing or not proved, or the loss was not confirmed: nothing was touched",
  },
  examples: {
    cli: [
      "holdfast migrate-rollback --database-file ./database-url --to 202611270900 --store " +
        "file:///var/backups/holdfast --allow-unencrypted --dry-run",
      "holdfast migrate-rollback --database-file ./database-url --from-backup 20261127T020000Z-1a2b3c " +
        "--store file:///var/backups/holdfast --identity-file ./key.txt --confirm shop",
    ],
    workflow: `on:
  workflow_dispatch:
    inputs:
      to:
        required: true
jobs:
  rollback:
    runs-on: ubuntu-latest
    environment: production
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - uses: truststream/holdfast/actions/migrate-rollback@v1
        with:
          database: \${{ secrets.DATABASE_URL }}
          to: \${{ inputs.to }}
          confirm: app
          store: azure://mybackups/holdfast/prod
          store-secret: \${{ secrets.STORE_CONNECTION_STRING }}
          recipients: \${{ vars.AGE_RECIPIENTS }}
`,
  },
  cleansUp: true,
  async run(inputs, ports) {
    const [{ runMigrateRollback }, { restoreInto, takeAndValidate }] = await Promise.all([
      import("../../schema/rollback/run.ts"),
      import("./rollback-backups.ts"),
    ]);
    // Rolling back and backing up are of two wings; the command is where they meet.
    return inTurn(inputs, { doing: "migrate-rollback", ifLost: IF_LOST }, ports, (held) =>
      runMigrateRollback(inputs, held, {
        take: (plan) => takeAndValidate(plan.request, inputs, held),
        restore: (dry) => restoreInto(inputs, dry, held),
      }),
    );
  },
});
