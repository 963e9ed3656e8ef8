import { defineCommand } from "../define.ts";

/** `holdfast init`: what a repository needs to live by its settings. */
export const init = defineCommand({
  name: "init",
  wing: "configuration",
  summary: "Install a commit-msg hook, templates, settings and workflows; shows the difference first",
  description: `Shows what it would write, as a patch, and writes it with \`--write\`. Run again it changes \
nothing.

- \`.github/holdfast.yml\`, a pull-request template with the sections that \`pr-policy\` wants, and a stub \
of \`CODEOWNERS\`: made where there is none, and yours from then on.
- A **commit-msg hook** in plain sh that checks the header of a message by Conventional Commits, with the \
types of the settings, in some 10 ms. Where husky or lefthook is in use it joins them; \`core.hooksPath\` is \
honoured.
- Workflows: \`pr-policy.yml\`, and \`protection-audit.yml\`, which wants the secret \`PROTECTION_TOKEN\`: \
those that Holdfast's own repository runs, with the actions of others pinned by their commits.

The last lines say what is still to be done: the commit, the secret, the check to require.

What it keeps up to date has a line that says so, with a hash: a file that was changed by hand, or is \
somebody else's, is told and left. Nothing is written through a symbolic link or outside of the checkout and \
git's own folder, and each file is put in its place whole.`,
  branding: { icon: "package", color: "blue" },
  inputs: {
    write: {
      type: "boolean",
      default: false,
      explicit: true,
      text: "Write the files. Without it only the difference is shown.",
    },
    "dry-run": {
      type: "boolean",
      default: false,
      only: "cli",
      text: "Show the difference and write nothing, as without `--write`.",
    },
    owners: {
      type: "list",
      pattern: /^@[\w.-]+(?:\/[\w.-]+)?$/,
      accepts: "@user or @organisation/team",
      text: "Owners of everything, for a new `CODEOWNERS`.",
      example: "@acme/core",
    },
  },
  outputs: {
    files:
      "What becomes of each file, as a JSON list: `path`, `action` (`make`, `update`, `join`, `same` or " +
      "`leave`), `why`.",
    changes: "How many files differ from what they are to be.",
    written: "Paths that were written, as a JSON list.",
    difference: "The difference, as a patch.",
  },
  exits: { 0: "the difference was shown, or everything was written that is ours to write" },
  examples: {
    cli: ["holdfast init", "holdfast init --write --owners @acme/core"],
    workflow: `jobs:
  init:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - uses: truststream/holdfast/actions/init@v1
`,
  },
  async run(inputs, ports) {
    const [{ runInit }, { readPolicy }, { WORKFLOWS }] = await Promise.all([
      import("../../configuration/init/run.ts"),
      import("../../governance/pr-policy/sections.ts"),
      import("./workflows.ts"),
    ]);
    return runInit(inputs, ports, { policyOf: readPolicy, workflows: WORKFLOWS });
  },
});
