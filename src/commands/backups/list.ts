import { source, store, storeSecret, tierFilter } from "../common-inputs.ts";
import { defineCommand } from "../define.ts";

/** `holdfast list`: what a store holds. */
export const list = defineCommand({
  name: "list",
  wing: "backups",
  summary: "List the backups of a store, newest first, with what is known about each",
  description: `Reads the store's manifests and receipts and shows every backup with its age, size and state:
*verified* (a receipt says its content was proved), *unverified*, or *failed* (its newest verification said
no), and how many gaps were found when it was made. Blobs that belong to no backup, left by a run that was
killed, are counted at the end: they are harmless, and no backup.

A store that cannot be read completely is an error, never an empty list.`,
  branding: { icon: "list", color: "blue" },
  inputs: {
    store,
    "store-secret": storeSecret,
    source: { ...source, text: "Only backups of this source." },
    tier: { ...tierFilter, text: "Only backups of this tier; all of them, `safety` too, when left out." },
  },
  outputs: {
    backups:
      "The backups, newest first, as a JSON list of objects; `gaps` names what the database had " +
      "and the backup has not.",
    count: "How many there are.",
    latest: "Id of the newest backup; empty when there is none.",
    "latest-verified": "Id of the newest verified backup; empty when there is none.",
    orphans: "Paths of blobs that belong to no backup, as a JSON list.",
  },
  exits: {
    0: "the list is complete, even when it is empty; what lies in an archive is listed as such",
    4: "the store cannot be asked, or it refused or did not give faithfully one of several documents",
    5: "a manifest or receipt is damaged",
  },
  examples: {
    cli: [
      "holdfast list --store file:///var/backups/holdfast",
      "holdfast list --store azure://mybackups/holdfast/prod --source shop --tier tier2 --json",
    ],
    workflow: `name: what is there
on: workflow_dispatch
permissions:
  id-token: write
jobs:
  list:
    runs-on: ubuntu-latest
    steps:
      - uses: truststream/holdfast/actions/list@v1
        with:
          store: azure://mybackups/holdfast/prod
          store-secret: \${{ secrets.STORE_CONNECTION_STRING }}
`,
  },
  async run(inputs, ports) {
    const { runList } = await import("../../backups/list/run.ts");
    return runList(inputs, ports);
  },
});
