import { defineCommand } from "../define.ts";

/** `holdfast keygen`: a new key pair for encrypting backups. */
export const keygen = defineCommand({
  name: "keygen",
  wing: "backups",
  summary: "Make a new age key for encrypting backups, with a page for recovering without Holdfast",
  description: `Makes an [age](https://age-encryption.org) X25519 identity. Its public half (the *recipient*,
\`age1…\`) goes into \`backup\` and is no secret; the identity opens the backups and belongs where an attacker
of the database cannot reach it.

On the command line the identity is printed **once**, on standard output, and stored nowhere unless
\`--output\` names a file (made with mode 0600, never overwritten). In Actions \`output\` is required: a key
must never appear in a job log.

\`--kit\` writes the recovery kit: a page to print or keep beside the key, with the three commands that
restore a backup with nothing but \`age\`, \`zstd\` and \`pg_restore\`. It holds no secret.`,
  branding: { icon: "key", color: "purple" },
  inputs: {
    output: {
      type: "string",
      text: "File to write the identity to; must not exist. Required in Actions.",
      example: "./holdfast-identity.txt",
    },
    kit: {
      type: "string",
      text: "File to write the recovery kit to (Markdown, no secrets); must not exist.",
      example: "./recovery-kit.md",
    },
  },
  outputs: {
    recipient: "The public key, to be given to `backup` as a recipient.",
    "identity-file": "Path of the file that holds the identity; empty when none was asked for.",
    "kit-file": "Path of the recovery kit; empty when none was asked for.",
    identity:
      "The identity itself; only on the command line with `--json` and without `--output`, otherwise empty.",
  },
  exits: {
    0: "a key was made",
    2: "a file exists already, cannot be written, or `output` is missing in Actions",
  },
  examples: {
    cli: ["holdfast keygen", "holdfast keygen --output ./holdfast-identity.txt --kit ./recovery-kit.md"],
    workflow: `name: new backup key
on: workflow_dispatch
permissions: {}
jobs:
  keygen:
    runs-on: [self-hosted, vault]
    steps:
      - uses: truststream/holdfast/actions/keygen@v1
        with:
          output: /mnt/safe/holdfast-identity.txt
          kit: /mnt/safe/recovery-kit.md
`,
  },
  async run(inputs, ports) {
    const { runKeygen } = await import("../../backups/keygen/run.ts");
    return runKeygen(inputs, ports);
  },
});
