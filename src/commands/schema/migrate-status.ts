import { defineCommand } from "../define.ts";
import { migrationsDatabase, migrationsFolder } from "./schema-inputs.ts";

/** `holdfast migrate-status`: which migrations a database has. */
export const migrateStatus = defineCommand({
  name: "migrate-status",
  wing: "schema",
  summary: "Say which migrations a database has, which are pending, and whether its schema is still theirs",
  description: `Holds the folder against what the database remembers, and what it remembers against what it \
is. Nothing is changed.

- *changed*: applied, and the file is another one since;
- *missing*: applied, and not in this checkout;
- *late*: pending, and before one that is applied;
- *begun*: a run was killed, or failed, in the middle of a file that is no single transaction;
- *drift*: the schema is not what its last migration left; where it is that of another version on record, \
that one is named. Each object that is another one is named as well: the history is carried out anew on a \
private server, and the database held against that.`,
  branding: { icon: "list", color: "blue" },
  inputs: { database: migrationsDatabase, migrations: migrationsFolder },
  outputs: {
    version: "The version at which the database is.",
    applied: "Versions in the folder that are applied, as a JSON list.",
    pending: "Versions that are not.",
    late: "Of these, those that come before an applied one.",
    changed: "Applied versions whose file was changed since.",
    missing: "Applied versions that are not in the folder.",
    begun: "Versions that are half applied or half taken back.",
    drift: "Whether the schema is another than its last migration left; null where nobody can tell.",
    drifted: "Objects that are not what the migrations made, each with what is different, as a JSON list.",
    "matches-version": "The version whose schema it is, where there is drift and one is known.",
  },
  exits: {
    0: "history, folder and schema agree; migrations may be pending",
    3: "an applied file was changed, a migration is half applied, or the schema drifted",
  },
  examples: {
    cli: ["holdfast migrate-status --database-file ./database-url --migrations migrations --json"],
    workflow: `jobs:
  status:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - uses: truststream/holdfast/actions/migrate-status@v1
        with:
          database: \${{ secrets.DATABASE_URL }}
          migrations: migrations
`,
  },
  async run(inputs, ports) {
    const { runMigrateStatus } = await import("../../schema/status/run.ts");
    return runMigrateStatus(inputs, ports);
  },
});
