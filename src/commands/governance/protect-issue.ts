import { defineCommand } from "../define.ts";

/** `holdfast protect-issue`: one issue that says what an audit of protection found. */
export const protectIssue = defineCommand({
  name: "protect-issue",
  wing: "governance",
  summary: "Open, update or close the one issue that says how protection has drifted",
  description: `Takes what \`protect\` found in an audit, and keeps **one** issue up to date with it: \
opened at the first finding, rewritten by later audits, closed
when all is as declared again. A comment is written only when the findings are others than before.

- It is found again by its label and by a mark in its text, among open issues of programs and of people who \
belong to the repository. Whoever else writes the
mark is left alone.
- What cannot be seen, and an audit that ended without an answer, are told and close nothing.
- Where two runs open one at the same moment, the younger is closed as a duplicate.

It is a command of its own so that the job which writes the issue has \`issues: write\` and nothing else, \
and the token that sees rules never comes near it.`,
  branding: { icon: "alert-circle", color: "purple" },
  inputs: {
    audit: {
      type: "string",
      text: "The output `digest` of `protect`. Left out: the audit ended without an answer.",
    },
    label: {
      type: "string",
      default: "protection-drift",
      pattern: /^[A-Za-z0-9][A-Za-z0-9 :._/-]{0,49}$/,
      accepts: "a label's name of up to 50 letters",
      text: "Label of the issue; it is made where there is none.",
    },
    repository: {
      type: "string",
      text: "The repository, as `owner/name`. By default the one whose job this is (`GITHUB_REPOSITORY`).",
      example: "acme/shop",
    },
    token: {
      type: "secret",
      jobToken: true,
      text:
        "Token for GitHub, with `issues: write`. Without it `GITHUB_TOKEN`, then `GH_TOKEN` of the " +
        "environment is used.",
    },
  },
  outputs: {
    did: "`opened`, `updated`, `closed` or `nothing`.",
    issue: "Its number; null where there is none.",
    url: "Where it is read; null where there is none.",
  },
  exits: { 0: "the issue says what the audit found", 4: "GitHub could not be asked, or refused the token" },
  examples: {
    cli: ["holdfast protect-issue --repository acme/shop --token-file ./token"],
    workflow: `name: protection-audit
on:
  schedule:
    - cron: "17 5 * * 1"
permissions: {}
jobs:
  audit:
    runs-on: ubuntu-latest
    permissions:
      contents: read
    outputs:
      digest: \${{ steps.audit.outputs.digest }}
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - id: audit
        uses: truststream/holdfast/actions/protect@v1
        with:
          do: audit
          token: \${{ secrets.PROTECTION_TOKEN }}
  issue:
    needs: audit
    if: "!cancelled()"
    runs-on: ubuntu-latest
    permissions:
      issues: write
    steps:
      - uses: truststream/holdfast/actions/protect-issue@v1
        with:
          audit: \${{ needs.audit.outputs.digest }}
`,
  },
  async run(inputs, ports) {
    const { runProtectIssue } = await import("../../governance/protect/issue.ts");
    return runProtectIssue(inputs, ports);
  },
});
