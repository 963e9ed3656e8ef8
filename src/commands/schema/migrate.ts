import { dryRun, source, store, storeSecret } from "../common-inputs.ts";
import { inTurn, turnOf } from "../environment-turn.ts";
import { defineCommand } from "../define.ts";
import { migrationsDatabase, migrationsFolder } from "./schema-inputs.ts";

/** For whoever loses the environment's turn meanwhile. */
const IF_LOST =
  "Files that were applied by then stay applied: `holdfast migrate-status` tells where the database is. " +
  "Run again: it goes on from there.";

/** `holdfast migrate`: apply the migrations that a database has not. */
export const migrate = defineCommand({
  name: "migrate",
  wing: "schema",
  summary: "Apply pending migrations, each whole or not at all, and write down how each is taken back",
  description: `Applies what the folder has and the database has not, in the order of versions. The plan is \
shown first; \`--dry-run\` ends with it,
after it has tried the files, on a private server with the same history: whether each goes through, what
it locks, and whether its rollback is proved.

Each file is one transaction with a limit on how long it may wait for locks; the history is written in the \
same transaction. A lock that somebody holds is waited for briefly,
given up, and tried again a moment later, so that nobody queues behind the migration for long. A file that \
holds a statement which no transaction may hold
(\`CREATE INDEX CONCURRENTLY\`), or transactions of its own, is carried out step by step, and each step is \
written down with what it did: a run that is killed goes on from there, and an index
that a failed build left behind is dropped first.

Before a file that destroys data (DROP TABLE, DROP COLUMN, DROP SCHEMA … CASCADE, TRUNCATE, DELETE, a type
that may not take every value) a verified backup has to hold what goes. Without one the run is refused,
unless \`--confirm\` names the database.

The history (\`holdfast.migrations\`) keeps both scripts, their checksums, the schema's fingerprint before \
and after, who applied it and where the run can be seen. Two runs at once:
the second waits (\`--wait\`) or says who is at work.`,
  branding: { icon: "chevrons-up", color: "blue" },
  inputs: {
    database: migrationsDatabase,
    migrations: migrationsFolder,
    to: {
      type: "string",
      text: "The last version to apply; all that are pending when left out.",
      example: "202611270900",
    },
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
      text: "How many more times a migration that met a lock or a deadlock is tried.",
    },
    "allow-late": {
      type: "boolean",
      default: false,
      explicit: true,
      text:
        "Apply files that come before applied ones; migrate-check says whether the order " +
        "makes a difference.",
    },
    adopt: {
      type: "choice",
      explicit: true,
      choices: ["supabase", "dbmate", "golang-migrate", "node-pg-migrate", "flyway", "prisma", "none"],
      text:
        "Take over the history of the tool that has migrated the database so far: what it has applied is " +
        "written down, if the schema is what these files make on a private server. none: it is another " +
        "application's, and is not looked at.",
    },
    baseline: {
      type: "string",
      explicit: true,
      text:
        "For a database whose schema no tool has made: the last version that it has already. Written down " +
        "only if the schema is what the files up to it make on a private server.",
      example: "202611270900",
    },
    store: {
      ...store,
      required: false,
      text:
        "Where verified backups are: `azure://<account>/<container>[/<prefix>]` or `file:///<folder>`. " +
        "Needed, and asked, only when a pending file destroys data.",
    },
    "store-secret": storeSecret,
    source: { ...source, text: "Whose backups count; needed when the store holds several sources." },
    "max-backup-age": {
      type: "duration",
      default: "24h",
      text: "How old the snapshot of a verified backup may be that holds what a pending file destroys.",
    },
    confirm: {
      type: "string",
      explicit: true,
      text: "Name of the database, to confirm that what the plan names may be lost without a backup.",
      example: "shop",
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
    adopted: "Versions that were written down as applied, and not carried out, as a JSON list.",
    applied: "Versions that were applied, as a JSON list.",
    pending: "Versions that are still pending.",
    version: "The version at which the database is now.",
    plan: "What was, or would be, done, as JSON.",
    "plan-hash": "The plan's hash, for an approval that is bound to it.",
    trial:
      "Of a dry run: how the pending files went on a private server, as JSON (failure, locks, rewrites, " +
      "the verdict about the rollback).",
    "duration-seconds": "How long the run took.",
  },
  exits: {
    0: "every migration that was asked for is applied",
    3: "a dry run: a pending file does not go through on a private server",
    4: "the server refused a migration: what comes before it is applied, it is not",
    6: "another run holds the lease; who and since when is printed",
    7:
      "an applied file was changed, a file is broken or would be applied in another order, another tool " +
      "has applied it, another plan was approved, the schema is not what is to be " +
      "written down, or no verified backup holds what would be destroyed: nothing was touched",
  },
  examples: {
    cli: [
      "holdfast migrate --database-file ./database-url --migrations migrations --dry-run",
      "holdfast migrate --database-file ./database-url --migrations migrations --to 202611270900 --json",
    ],
    workflow: `jobs:
  migrate:
    runs-on: ubuntu-latest
    environment: production
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - uses: truststream/holdfast/actions/migrate@v1
        with:
          database: \${{ secrets.DATABASE_URL }}
          migrations: migrations
`,
  },
  cleansUp: true,
  async run(inputs, ports) {
    const { runMigrate } = await import("../../schema/apply/run.ts");
    return inTurn(inputs, { doing: "migrate", ifLost: IF_LOST }, ports, (held) => runMigrate(inputs, held));
  },
});
