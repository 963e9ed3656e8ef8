import { DEFAULT_LEVEL } from "../../nouns/seal/default-level.ts";
import { dryRun, installClient, snapshotLimit, source, store, storeSecret } from "../common-inputs.ts";
import { inTurn, turnOf } from "../environment-turn.ts";
import { defineCommand } from "../define.ts";

/** For whoever loses the environment's turn meanwhile. */
const IF_LOST = "No backup was committed by this run. Run again.";

/** `holdfast backup`: the suite's main job, also the action under the repository's own name. */
export const backup = defineCommand({
  name: "backup",
  wing: "backups",
  summary: "Back up a PostgreSQL database and record what it held, so that the backup can be proved",
  description: `Takes everything from **one exported snapshot**: the dumps (\`pg_dump -Fc\`), a fingerprint of
every table, the sequences, the definition of every object and the roles (without passwords). What is streamed
goes \`pg_dump → SHA-256 → zstd → age → SHA-256 → store\` without touching the local disk. The manifest is
written last: a backup exists if and only if its manifest does, so a run that dies at any point leaves no half
backup that could be mistaken for one.

Works with ordinary SQL rights only, as managed services (Supabase, Azure Database for PostgreSQL) give them.
Refuses transaction poolers, chooses a \`pg_dump\` at least as new as the server, and fails loudly when a row
or table cannot be read. What pg_dump leaves out without failing (subscriptions and options of user mappings
that the role may not read, large objects of a backup of named schemas, objects in the server's own schemas,
rows in tables that an extension has not marked) is named as a gap, here and in every later proof.`,
  branding: { icon: "shield", color: "blue" },
  inputs: {
    database: {
      type: "secret",
      required: true,
      text:
        "Connection URL of the database to back up, with user and password: " +
        "`postgresql://user:password@host:5432/name?sslmode=verify-full`.",
      example: "postgresql://backup:secret@db.example.com:5432/shop?sslmode=verify-full",
    },
    store,
    "store-secret": storeSecret,
    source: { ...source, text: `${source.text} Made from the database's name when left out.` },
    tier: {
      type: "choice",
      choices: ["tier1", "tier2", "tier3", "tier4"],
      default: "tier2",
      text:
        "How long and where the backup is meant to live: tier1 every few hours (hot), tier2 daily (cool), " +
        "tier3 weekly (archive), tier4 recovery (cool, another region).",
    },
    kinds: {
      type: "list",
      choices: ["schema", "data", "full"],
      text:
        "What to dump: `schema`, `data`, `full`. By default what the tier asks for: " +
        "tier1 `data` (with the schema of the same snapshot), tier2 `full`, tier3 and tier4 all three.",
      example: "full",
    },
    recipients: {
      type: "list",
      pattern: /^age1[02-9ac-hj-np-z]{58}$/,
      accepts: "an age public key: age1 and 58 more characters",
      text:
        "age public keys that shall be able to open the backup (see `keygen`). Several are a good idea: " +
        "one for operations, one in the safe.",
      example: "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
    },
    "allow-unencrypted": {
      type: "boolean",
      explicit: true,
      default: false,
      text:
        "Write the backup in the clear when no recipient is given. Without this a backup without " +
        "recipients is refused.",
    },
    proof: {
      type: "choice",
      choices: ["content", "rows", "none"],
      default: "content",
      text:
        "What is recorded about each table at the snapshot, to be compared after a restore: " +
        "a fingerprint of every row, the number of rows, or nothing.",
    },
    schemas: {
      type: "list",
      text: "Only these schemas, named exactly. Everything when left out.",
      example: "public",
    },
    "exclude-schemas": { type: "list", text: "Not these schemas, named exactly.", example: "staging" },
    jobs: {
      type: "integer",
      min: 1,
      max: 32,
      default: 2,
      text:
        "At most so many sessions fingerprint tables: one beside the dump, the others when it is behind, " +
        "or when the dump has ended.",
    },
    "compression-level": {
      type: "integer",
      min: 1,
      max: 19,
      default: DEFAULT_LEVEL,
      text:
        "zstd level: higher is smaller and slower. The default is the fastest, with tables of our own: " +
        "about as small as level 3.",
    },
    "access-tier": {
      type: "choice",
      choices: ["Hot", "Cool", "Cold", "Archive", "Default"],
      text:
        "Azure access tier of the blobs; by default Hot for tier1 and tier3, Cool for tier2 and tier4, or " +
        "the account's own where it has none of these. Default leaves it to the account. An archived " +
        "backup cannot be validated until it is rehydrated, so let a lifecycle rule archive tier3 after " +
        "its validation.",
    },
    "lock-wait": {
      type: "duration",
      default: "60s",
      text:
        "How long to wait, in all, for tables that somebody else has locked before giving up. " +
        "A waiting dump makes later queries queue behind it, so the backup gives its own locks back " +
        "and begins anew up to four times meanwhile.",
    },
    "snapshot-limit": snapshotLimit,
    "install-client": installClient,
    "takes-turns-in": turnOf,
    "dry-run": dryRun,
  },
  outputs: {
    id: "Id of the backup, such as `20261123T020000Z-3f9a1c`; empty after a dry run.",
    source: "Name under which the backup is kept.",
    tier: "Tier of the backup.",
    manifest: "Path of the manifest in the store; empty after a dry run.",
    "snapshot-at": "The instant everything in the backup is as of (ISO 8601, the server's clock).",
    "stored-bytes": "Bytes written to the store.",
    "plain-bytes": "Bytes as pg_dump wrote them.",
    tables: "Number of tables in the backup.",
    rows: "Number of rows in the backup; empty without proof.",
    gaps:
      "How many things the database has and the backup has not, because pg_dump leaves them out; " +
      "the report and the manifest name them.",
    warnings:
      "What pg_dump warned of, what needs a search path and may not survive a restore, and a pg_dump that " +
      "does not know the server's marks, as a JSON list of texts.",
    "duration-seconds": "How long the run took.",
    plan: "What was, or would be, done, as JSON.",
  },
  exits: {
    0: "the backup is complete and its manifest is written, or the dry run shows what would be done",
    5: "the dump does not hold what the snapshot holds; no manifest was written",
    6: "another backup of the same source and tier is running",
    7: "no recipients were given and `--allow-unencrypted` was not either",
  },
  examples: {
    cli: [
      "HOLDFAST_DATABASE=postgresql://backup:secret@db.example.com/shop holdfast backup --store file:///" +
        "var/backups/holdfast --recipients age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
      "holdfast backup --database-file ./database-url --store azure://mybackups/holdfast/prod --source " +
        "shop --tier tier3 --recipients age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
      "holdfast backup --database-file ./database-url --store file:///var/backups/holdfast " +
        "--allow-unencrypted --dry-run --json",
    ],
    workflow: `name: backup
on:
  schedule:
    - cron: "0 2 * * *"
permissions:
  id-token: write
jobs:
  backup:
    runs-on: ubuntu-latest
    steps:
      - uses: truststream/holdfast/actions/backup@v1
        env:
          AZURE_CLIENT_ID: \${{ vars.AZURE_CLIENT_ID }}
          AZURE_TENANT_ID: \${{ vars.AZURE_TENANT_ID }}
        with:
          database: \${{ secrets.DATABASE_URL }}
          store: azure://mybackups/holdfast/prod
          recipients: \${{ vars.AGE_RECIPIENTS }}
`,
  },
  cleansUp: true,
  async run(inputs, ports) {
    const { runBackup } = await import("../../backups/backup/run.ts");
    return inTurn(inputs, { doing: "backup", ifLost: IF_LOST }, ports, (held) => runBackup(inputs, held));
  },
});
