import { dryRun, identity, installClient, source, store, storeSecret, tierFilter } from "../common-inputs.ts";
import { defineCommand } from "../define.ts";

/** `holdfast validate`: prove that backups can be restored and hold what the source held. */
export const validate = defineCommand({
  name: "validate",
  wing: "backups",
  summary: "Prove backups: re-read, open or restore them and compare with what the source held",
  description: `Three depths, each including the ones before it:

- \`stored\`: every stored byte is read again and hashed against the manifest;
- \`opened\`: the archive is decrypted and decompressed to its last byte, and its table of contents compared
  with what was counted at the source;
- \`restored\`: the backup is restored into a private throw-away PostgreSQL server (or \`--scratch\`), and
  rows, sequences, constraints, indexes, policies, grants and extensions are compared with what the source
  held **at the dump's own snapshot**.

Every result is written to the store as a receipt, beside the backup and never into it. What could not be
proved here, such as an extension that cannot be installed, gives the verdict *gaps* and is named: never green
by omission. A gap that you know and that nobody can mend you may accept by name (\`accept-gaps\`): it is
still named, in the report and in the receipt, and does not count; so the night on which a *new* gap comes is
red. A difference can never be accepted.

**Whom you trust:** restoring a backup runs code that is in it (functions in CHECK constraints, indexes,
materialized views and the like) as superuser of the private server, and so with the rights of the account
that server runs as: yours, or \`postgres\` or \`nobody\` when you are root. That server has no network port
and none of your environment, but whoever could write the backup can do there what that account can. Prove
backups of databases you do not trust at depth \`opened\`, or on a machine that is thrown away.`,
  branding: { icon: "check-circle", color: "green" },
  inputs: {
    store,
    "store-secret": storeSecret,
    backup: {
      type: "string",
      default: "latest",
      pattern: /^(latest|latest-per-tier|\d{8}T\d{6}Z-[0-9a-f]{6}|\d{4}-\d{2}-\d{2})$/,
      accepts: "a backup id, latest, latest-per-tier or a day such as 2026-11-22",
      words: ["latest", "latest-per-tier"],
      text:
        "Which backups: an id, `latest`, `latest-per-tier`, or a day (UTC, `YYYY-MM-DD`) " +
        "for all backups of that day.",
      example: "latest-per-tier",
    },
    since: {
      type: "duration",
      text: "Every backup made in this long a time up to now, instead of `backup`.",
      example: "7d",
    },
    source: {
      ...source,
      text:
        "Only backups of this source; needed when the store holds several and the backup " +
        "is not given by id.",
    },
    tier: tierFilter,
    depth: {
      type: "choice",
      choices: ["stored", "opened", "restored"],
      text:
        "How far to go. By default `restored` where PostgreSQL is at hand (or `scratch` is given), " +
        "otherwise `opened`.",
    },
    scratch: {
      type: "secret",
      text:
        "Connection URL of a superuser of a throw-away PostgreSQL server, such as a service container; " +
        "databases are made there and dropped. By default a private server is started from local programs.",
      example: "postgresql://postgres:postgres@localhost:5432/postgres",
    },
    identity,
    jobs: {
      type: "integer",
      min: 1,
      max: 32,
      default: 2,
      text: "Parallel sessions for restoring and comparing.",
    },
    "accept-gaps": {
      type: "list",
      oneALine: true,
      explicit: true,
      text:
        "Gaps that you know and that do not count, each as its finding prints it: " +
        "what it is about and its name. One a line (or the flag repeated). " +
        "`*` for every name of what holds no rows, such as `extension *`. " +
        "What cannot be without an accepted extension goes with it, but for tables that held rows.",
      example: "extension pg_net",
    },
    "install-client": installClient,
    "dry-run": dryRun,
  },
  outputs: {
    verdict:
      "`proved`, `gaps` or `failed`: the worst of all validated backups; `gaps` too where one " +
      "could not be read.",
    backups: "The validated backups with verdict, depth, findings and accepted gaps, as a JSON list.",
    count: "How many backups were validated.",
    "first-difference": "The first thing that differs and how, in one sentence; empty when nothing does.",
    receipts: "Paths of the receipts written, as a JSON list.",
    "duration-seconds": "How long the run took.",
    plan: "What was, or would be, done, as JSON.",
  },
  exits: {
    0: "every validated backup is proved to the depth asked for, or has no gaps but accepted ones",
    3: "a backup could only be proved with gaps that are not accepted, or no backup matches",
    4: "the store, a server or a program cannot be asked, or one of several backups could not be read",
    5: "a backup is damaged, or its restored content differs",
  },
  examples: {
    cli: [
      "holdfast validate --store file:///var/backups/holdfast --identity-file ./holdfast-identity.txt",
      "holdfast validate --store azure://mybackups/holdfast/prod --since 7d --depth stored",
      "holdfast validate --store azure://mybackups/holdfast/prod --source shop --backup latest-per-tier " +
        "--identity-file ./holdfast-identity.txt --json",
    ],
    workflow: `name: validate
on:
  schedule:
    - cron: "0 6 * * 1"
permissions:
  id-token: write
jobs:
  validate:
    runs-on: ubuntu-latest
    steps:
      - uses: truststream/holdfast/actions/validate@v1
        with:
          store: azure://mybackups/holdfast/prod
          store-secret: \${{ secrets.STORE_CONNECTION_STRING }}
          since: 7d
          depth: restored
          identity: \${{ secrets.AGE_IDENTITY }}
`,
  },
  cleansUp: true,
  async run(inputs, ports) {
    const { runValidate } = await import("../../backups/validate/run.ts");
    return runValidate(inputs, ports);
  },
});
