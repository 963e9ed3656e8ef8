import { defineCommand } from "../define.ts";

/** `holdfast protect`: keep branches and tags as they are declared. */
export const protect = defineCommand({
  name: "protect",
  wing: "governance",
  summary: "Plan, apply or audit the protection of branches and tags from one declaration",
  description: `Holds what is declared in the section \`protection\` of the settings file against what \
GitHub has, both ways: what is missing, what is
there beyond it (a rule, a value, a bypass actor, another ruleset), and what is off.

Of each thing there are three verdicts: **equal**, **drift**, and **cannot see**: refused to this token, or \
left out of the answer, such as bypass actors. That
is never taken for "none", and the missing permission is named.

- \`plan\` says what differs, and shows each payload that would be written.
- \`apply\` writes only what differs: first everything that tightens, then what loosens, so that a run which \
ends in the middle leaves nothing less protected than
it was or is to be. Afterwards all is read again. A run that is started again finishes.
- \`audit\` is for a schedule: it ends with 3 where something drifted.

Before that the declaration is held against the workflows of the checkout: every required check must be \
reported on \`pull_request\` and on \`merge_group\`, not only
for some files or branches, and not count as passed because its job was skipped; and against the release \
flow, such as a linear history where releases are merged
back. \`apply\` writes nothing while such an error stands.

**Tokens.** \`audit\` needs *Administration: read*, and to see who may bypass a ruleset *Administration: \
write*; \`apply\` needs *Administration: write*. A job's own
\`GITHUB_TOKEN\` has neither: give the token of an app. It sees rulesets all the same, and says what it \
does not see.`,
  branding: { icon: "shield", color: "purple" },
  inputs: {
    do: {
      type: "choice",
      choices: ["plan", "apply", "audit"],
      default: "plan",
      explicit: true,
      text: "What to do: say what would change, change it, or say whether it has changed.",
    },
    settings: {
      type: "string",
      default: ".github/holdfast.yml",
      text:
        "The settings file; its section `protection` is the declaration. The usual one is looked for from " +
        "the root of the checkout.",
    },
    workflows: {
      type: "string",
      default: ".github/workflows",
      text: "Folder of the workflows that report the required checks.",
    },
    repository: {
      type: "string",
      text: "The repository, as `owner/name`. By default the one whose job this is (`GITHUB_REPOSITORY`).",
      example: "acme/shop",
    },
    token: {
      type: "secret",
      text: "Token for GitHub. Without it `GITHUB_TOKEN`, then `GH_TOKEN` of the environment is used.",
    },
  },
  outputs: {
    verdict: "`equal`, `drift` or `cannot-see`.",
    drift:
      "What differs, as a JSON list: `subject`, `about`, `kind`, `wanted`, `live`, `message`, and whether " +
      "`apply` can mend it (`mendable`).",
    "cannot-see":
      "What this token is not shown, as a JSON list: `subject`, `about`, `message`, `permission`.",
    "missing-permissions": "The permissions that would show it, as a JSON list.",
    equal: "How many things are as declared.",
    writes: "What would be, or was, written, in order, as a JSON list: `subject`, `kind`, `effect`, `body`.",
    findings:
      "What is wrong with the declaration or with the workflows, as a JSON list: `rule`, `severity`, " +
      "`file`, `line`, `message`, `fix`.",
    digest:
      "All that in few words, cut to what another job can be given: the input `audit` of protect-issue.",
  },
  exits: {
    0: "everything is as declared; or a plan was made, whatever it holds",
    3: "something is not as declared; or the declaration contradicts itself or the workflows",
    4: "GitHub could not be asked, or this token is not shown something that is declared",
  },
  examples: {
    cli: [
      "holdfast protect --repository acme/shop --token-file ./token",
      "holdfast protect --do audit --repository acme/shop --token-file ./token --json",
    ],
    workflow: `name: protection
on:
  schedule:
    - cron: "17 5 * * 1"
permissions:
  contents: read
jobs:
  audit:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - uses: truststream/holdfast/actions/protect@v1
        with:
          do: audit
          token: \${{ secrets.PROTECTION_TOKEN }}
`,
  },
  async run(inputs, ports) {
    const { runProtect } = await import("../../governance/protect/run.ts");
    return runProtect(inputs, ports);
  },
});
