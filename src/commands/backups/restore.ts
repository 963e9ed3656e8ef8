import {
  dryRun,
  identity,
  installClient,
  snapshotLimit,
  source,
  store,
  storeSecret,
  tierFilter,
} from "../common-inputs.ts";
import { inTurn, turnOf } from "../environment-turn.ts";
import { defineCommand } from "../define.ts";

/** For whoever loses the environment's turn meanwhile. */
const IF_LOST =
  "The target may hold a part of the backup: look at it before anybody uses it, and restore again.";

/** `holdfast restore`: bring a backup back into a database. */
export const restore = defineCommand({
  name: "restore",
  wing: "backups",
  summary: "Restore a backup into a database, compare the result with what was backed up",
  description: `Restores the whole database, its schema, its data, or named tables. What is missing at the
target (roles, extensions, a new enough client) is said before anything is touched.

A database that holds anything is only restored onto with \`--confirm <its name>\`, and a **safety backup** of
it is made first. Mode \`beside\` restores next to the old database on the same server and swaps the names in
one transaction, so the old one stays until you drop it.

Afterwards the content is compared with what the source held at the backup's snapshot, exactly as
\`validate\` does.`,
  branding: { icon: "rotate-ccw", color: "orange" },
  inputs: {
    store,
    "store-secret": storeSecret,
    backup: {
      type: "string",
      default: "latest",
      pattern: /^(latest|latest-verified|\d{8}T\d{6}Z-[0-9a-f]{6})$/,
      accepts: "a backup id, latest or latest-verified",
      words: ["latest", "latest-verified"],
      text:
        "Which backup: an id, `latest`, or `latest-verified` (the newest whose restored " +
        "content was proved).",
      example: "latest-verified",
    },
    before: {
      type: "instant",
      explicit: true,
      text:
        "Only backups whose snapshot is not later than this; with `latest-verified` the newest " +
        "proved one of them.",
      example: "2026-11-22T18:30:00Z",
    },
    source: {
      ...source,
      text:
        "Only backups of this source; needed when the store holds several and the backup " +
        "is not given by id.",
    },
    tier: tierFilter,
    target: {
      type: "secret",
      required: true,
      text: "Connection URL of the database to restore into.",
      example: "postgresql://owner:secret@db.example.com:5432/shop?sslmode=verify-full",
    },
    identity,
    what: {
      type: "choice",
      explicit: true,
      choices: ["whole", "schema", "data"],
      default: "whole",
      text: "Restore everything, only the definitions, or only the rows.",
    },
    tables: {
      type: "list",
      explicit: true,
      text: "Only these tables, as `schema.table` (quoted as in SQL where names need it).",
      example: "public.orders",
    },
    mode: {
      type: "choice",
      explicit: true,
      choices: ["auto", "in-place", "beside"],
      default: "auto",
      text:
        "`in-place` restores into the target itself; `beside` into a new database on the same server " +
        "and then swaps the names; `auto` chooses and says which.",
    },
    into: {
      type: "choice",
      explicit: true,
      choices: ["auto", "project", "database"],
      default: "auto",
      text:
        "`project` keeps what the platform (Supabase) has in the target and replaces what is the user's; " +
        "`database` restores everything as into any database; `auto` takes `project` where backup " +
        "and target are of one such platform.",
    },
    "with-sessions": {
      type: "boolean",
      explicit: true,
      default: false,
      text:
        "Into a project: also bring back who is signed in. Sessions that were ended since " +
        "the backup live again.",
    },
    confirm: {
      type: "string",
      explicit: true,
      text:
        "Name of the target database, to confirm that what it holds may be replaced. " +
        "Only needed when it is not empty.",
      example: "shop",
    },
    "safety-backup": {
      type: "boolean",
      explicit: true,
      default: true,
      text: "Back the target up (tier `safety`, same store) before anything in it is replaced.",
    },
    recipients: {
      type: "list",
      pattern: /^age1[02-9ac-hj-np-z]{58}$/,
      accepts: "an age public key: age1 and 58 more characters",
      text:
        "Further age public keys that shall be able to open the safety backup; " +
        "the given identity always is.",
    },
    "allow-unencrypted": {
      type: "boolean",
      explicit: true,
      default: false,
      text: "Write the safety backup in the clear when there is neither an identity nor a recipient.",
    },
    "allow-gaps": {
      type: "boolean",
      explicit: true,
      default: false,
      text:
        "Go ahead although something of the backup cannot be had at the target (extensions; in a project " +
        "also what the role may not make or give away, and beside what only a superuser may make); " +
        "it and what depends on it are left out and named.",
    },
    "allow-empty-views": {
      type: "boolean",
      explicit: true,
      default: false,
      text:
        "Accept a copy in which materialized views stay empty because they cannot be refreshed there; " +
        "they are named. In mode `beside` it is put in place.",
    },
    "no-owner": {
      type: "boolean",
      explicit: true,
      default: false,
      text: "Let everything belong to the restoring role instead of its original owner.",
    },
    "no-privileges": { type: "boolean", explicit: true, default: false, text: "Do not restore GRANTs." },
    "create-roles": {
      type: "boolean",
      explicit: true,
      default: false,
      text: "Create roles the target lacks, without passwords and without login.",
    },
    jobs: {
      type: "integer",
      min: 1,
      max: 32,
      default: 2,
      text: "Parallel sessions, where there is enough local disk for the archive; otherwise it is streamed.",
    },
    "snapshot-limit": {
      ...snapshotLimit,
      text: "Longest time the safety backup may hold its snapshot open at the target.",
    },
    "install-client": installClient,
    "takes-turns-in": turnOf,
    "dry-run": {
      ...dryRun,
      text:
        "Show what would be done and stop before anything is changed. What would stop the restore is part " +
        "of what is shown, all of it, and gives the exit code; a confirmation that is only missing does not.",
    },
  },
  outputs: {
    id: "Id of the restored backup.",
    verdict: "`proved`, `gaps` or `failed`: how the restored content compares; empty after a dry run.",
    target: "Host and name of the database that was restored into.",
    "safety-backup": "Id of the backup made of the target beforehand; empty when none was needed.",
    "old-database": "Name under which the previous database is kept (mode `beside`); empty otherwise.",
    "first-difference": "The first thing that differs and how, in one sentence; empty when nothing does.",
    findings: "Every difference and gap, as a JSON list with `severity`, `about`, `name` and `message`.",
    notes:
      "What else a person should know, such as what was paused and what is to be done by hand, as a JSON " +
      "list of sentences.",
    "duration-seconds": "How long the run took.",
    plan: "What was, or would be, done, as JSON.",
  },
  exits: {
    0:
      "the backup is restored and its content is as it was, or the dry run shows what would be done, " +
      "with nothing but a confirmation missing",
    3: "restored, but something could not be proved or could not be restored; it is named",
    5: "the backup is damaged (nothing of it was kept), or the restored content differs",
    7: "the target is not empty and was not confirmed by name",
  },
  examples: {
    cli: [
      "holdfast restore --store file:///var/backups/holdfast --backup latest-verified --target-file " +
        "./target-url --identity-file ./holdfast-identity.txt",
      "holdfast restore --store azure://mybackups/holdfast/prod --before 2026-11-22T18:30:00Z " +
        "--target-file ./target-url --identity-file - --confirm shop --mode beside",
      "holdfast restore --store file:///var/backups/holdfast --tables public.orders --tables " +
        "public.customers --what data --target-file ./target-url --dry-run",
    ],
    workflow: `name: restore
on:
  workflow_dispatch:
    inputs:
      confirm:
        description: Name of the database that will be replaced
        required: true
permissions:
  id-token: write
jobs:
  restore:
    runs-on: ubuntu-latest
    steps:
      - uses: truststream/holdfast/actions/restore@v1
        with:
          store: azure://mybackups/holdfast/prod
          store-secret: \${{ secrets.STORE_CONNECTION_STRING }}
          backup: latest-verified
          target: \${{ secrets.DATABASE_URL }}
          identity: \${{ secrets.AGE_IDENTITY }}
          confirm: \${{ inputs.confirm }}
`,
  },
  cleansUp: true,
  async run(inputs, ports) {
    const [{ runRestore }, { takeSafetyBackup }] = await Promise.all([
      import("../../backups/restore/run.ts"),
      import("../../backups/backup/safety.ts"),
    ]);
    // Restore and backup are two capabilities that do not know each other; the command is where they meet.
    return inTurn(inputs, { doing: "restore", ifLost: IF_LOST }, ports, (held) =>
      runRestore(inputs, held, async ({ request, safetyRecipients }) =>
        takeSafetyBackup(
          {
            database: request.target,
            store: request.catalog.store,
            recipients: safetyRecipients,
            jobs: request.jobs,
            snapshotLimitMs: request.snapshotLimitMs,
          },
          held,
        ),
      ),
    );
  },
});
