import { defineCommand } from "../define.ts";

/** `holdfast migrate-check`: prove the rollbacks of migrations before they are merged. */
export const migrateCheck = defineCommand({
  name: "migrate-check",
  wing: "schema",
  summary: "Prove that rollbacks of new migrations restore schema and data; find unsafe operations",
  description: `Every new migration is tried on a throw-away PostgreSQL server: forward, back, forward \
again. After the rollback the schema must be what it was,
object by object and field by field (the same inventory by which backups are compared), and rows that were \
in the tables must be there: *canary* rows with a value in
every column are put into each table that the migration touches. No production database is needed or asked.

A pair is **proved**; or proved but for the order of columns (**column-order**); or it **loses-data**, \
**differs**, is **missing** a rollback, or **failed**.
Beside the verdicts the statements are looked at by PostgreSQL's own grammar, and watched while they run: \
which locks they take on tables that were there before, what these
keep others from, whether a table is written anew or read whole. What would hurt in production is a \
*finding* with its safe form; tables that the same file creates are left alone.

Files stay plain SQL: \`X.sql\` with \`X_rollback.sql\` beside it or in \`rollback/\`; \`X.up.sql\` with \
\`X.down.sql\` (golang-migrate, sqlx); folders with
\`up.sql\` and \`down.sql\` (diesel) or \`migration.sql\` (Prisma); one file with \`-- migrate:up\` and \`-- \
migrate:down\` (dbmate); \`V1__x.sql\` with \`U1__x.sql\` (Flyway).
A difference that is meant is allowed by a comment in the file: \`-- holdfast: allow loses-data because the \
column was never filled\`.

**Whom you trust:** the scripts run as superuser of the private server, and so with the rights of the \
account that server runs as. It has no network port, and is started without your environment; but where it \
runs under the job's own account (anybody but root),
a script can read what the job can, its processes' environment too. So run this with a read-only token and \
no secrets, as a pull request's checks should be.`,
  branding: { icon: "git-pull-request", color: "green" },
  inputs: {
    migrations: {
      type: "string",
      default: "migrations",
      text: "The folder that holds the migrations.",
      example: "supabase/migrations",
    },
    all: {
      type: "boolean",
      default: false,
      text: "Judge every migration of the folder, not only those that the base does not have.",
    },
    base: {
      type: "string",
      text:
        "The branch or commit that this is to be merged into; what it has already is applied " +
        "and not judged. By default the pull request's base, or else the remote's main branch.",
      example: "origin/main",
    },
    "server-major": {
      type: "integer",
      min: 12,
      max: 18,
      text:
        "Major version of the PostgreSQL server in production, for the private server. " +
        "By default the newest that is installed.",
    },
    shadow: {
      type: "secret",
      text:
        "Connection URL of a server to try on instead of a private one, such as a service container " +
        "of a platform's image; databases are made there and dropped, and so are roles that the scripts " +
        "make. Roles that stand in stay.",
      example: "postgresql://postgres:postgres@localhost:5432/postgres",
    },
    platform: {
      type: "choice",
      choices: ["auto", "supabase", "none"],
      default: "auto",
      text:
        "What stands in the database before the first migration. `supabase`: roles, schemas and functions " +
        "that its projects have; `auto`: that, where the folder is `supabase/migrations` or its files " +
        "refer to `auth.users`, `auth.uid()` or `storage.objects` and do not make these schemas.",
    },
    "fail-on": {
      type: "choice",
      choices: ["error", "warning"],
      default: "error",
      text: "The lightest finding that makes the verdict a no. Rollbacks that are not proved always do.",
    },
  },
  outputs: {
    verdict: "`good` or `bad`.",
    pairs:
      "The judged pairs as a JSON list: `file`, `rollback`, `verdict`, `differences` (each an `object` " +
      "and a `message`), `waived`, `destroys`, `statements` with their locks.",
    findings:
      "What was found beside the verdicts, as a JSON list: `rule`, `level`, `file`, `line`, `object`, " +
      "`message`, `hint`, `waived`.",
    counts: "How many pairs have each verdict, and how many findings each level, as JSON.",
    migrations: "How many migrations the folder holds.",
    judged: "How many of them were judged.",
    shadow:
      "The server it was tried on, with the platform that was stood in for, the roles that were made on it " +
      "and the extensions it lacks, as JSON.",
    "duration-seconds": "How long the run took.",
  },
  exits: {
    0: "every judged rollback is proved, or what is not is allowed in its file, and nothing unsafe was found",
    3: "a rollback is not proved, or a finding is as heavy as `fail-on` says",
  },
  examples: {
    cli: [
      "holdfast migrate-check --migrations migrations --base origin/main",
      "holdfast migrate-check --migrations supabase/migrations --all --json",
    ],
    workflow: `name: migrations
on: pull_request
permissions:
  contents: read
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          fetch-depth: 0
          persist-credentials: false
      - uses: truststream/holdfast/actions/migrate-check@v1
        with:
          migrations: migrations
          server-major: 16
`,
  },
  cleansUp: true,
  async run(inputs, ports) {
    const { runMigrateCheck } = await import("../../schema/check/run.ts");
    return runMigrateCheck(inputs, ports);
  },
});
