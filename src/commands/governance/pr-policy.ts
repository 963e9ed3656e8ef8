import { defineCommand } from "../define.ts";

/** `holdfast pr-policy`: judge a pull request by what the repository has declared. */
export const prPolicy = defineCommand({
  name: "pr-policy",
  wing: "governance",
  summary: "Judge a pull request: branch, title, commits, description, coverage, dependencies",
  description: `Holds a pull request against what is declared in the settings file, as the **base** has it: \
whoever is judged does not decide by what. Without a file the defaults count.

- **Title and every commit** by [Conventional Commits](https://www.conventionalcommits.org/en/v1.0.0/), and \
the message that the merge will really write: a breaking
change or a feature under a lesser title is refused, with the title that would be right.
- **Description**: sections on what, why, how and testing evidence with something in them, every box ticked, \
an issue, and a document that is changed or a reason why not.
Comments, what stands in the template too and words that only keep a place count as empty.
- **Coverage**, where reports are given (lcov, Cobertura, Istanbul's \`coverage-final.json\`): of \
everything, and of the changed lines, which git tells, in whole numbers.
What is unknown is red: a report that is cut off, of another commit, or that lacks a changed file.
- **Dependencies**, where the settings have that section.
- **Branch and base**, where the settings say which belong together.

On \`merge_group\` the group's pull requests are found again, and each is judged as before. One that could \
not be asked about has not passed: that ends with 4.
When a run is started again, title and description are asked for anew, because its event is as old as the \
run; without a token it says which text was judged.

Nothing of the pull request is run. With \`--local\` nothing is asked over the network, but where \
\`--audit\` is given, and it tells a developer the same before there is a pull request.`,
  branding: { icon: "check-square", color: "purple" },
  inputs: {
    local: {
      type: "boolean",
      default: false,
      text:
        "Judge what is checked out, and what is given here, instead of the pull request of the job. A job " +
        "of none is judged so anyway, and says it.",
    },
    judge: {
      type: "choice",
      choices: ["all", "all-but-coverage", "coverage"],
      default: "all",
      text:
        "What to judge: everything, or all that needs no test to have run, or what the tests have " +
        "reported. In two workflows an edited title does not run the tests again.",
    },
    base: {
      type: "string",
      text:
        "The branch or commit that this is to be merged into. By default the pull request's base, or else " +
        "the remote's main branch.",
      example: "origin/main",
    },
    branch: {
      type: "string",
      text:
        "Name of the branch that is merged, where none is checked out. It is needed where the settings say " +
        "which branches belong together.",
      example: "feature/cart",
    },
    title: {
      type: "string",
      text: "The title that the pull request will have. By default the header of the only commit.",
      example: "fix(cart): keep items after a reload",
    },
    "title-file": {
      type: "string",
      text: "A file with that title instead: one line, which no shell has to read.",
      example: "title.txt",
    },
    "body-file": {
      type: "string",
      text: "A file with the description that the pull request will have, in Markdown.",
      example: "description.md",
    },
    coverage: {
      type: "list",
      text:
        "Reports of coverage: lcov, Cobertura, or Istanbul's coverage-final.json. Several are put " +
        "together.",
      example: "coverage/lcov.info",
    },
    audit: {
      type: "boolean",
      default: false,
      text:
        "Ask a registry for known vulnerabilities of what the lock files hold. It is told names and " +
        "versions; of what could not be asked nobody says that it has none.",
    },
    "audit-registry": {
      type: "string",
      default: "https://registry.npmjs.org",
      text: "The registry that is asked, by https.",
    },
    settings: {
      type: "string",
      default: ".github/holdfast.yml",
      text:
        "The settings file, by its path from the repository's root. One that is named must be in the base; " +
        "of the usual name none need be.",
    },
    token: {
      type: "secret",
      jobToken: true,
      text:
        "Token for GitHub, with `contents: read` and `pull-requests: read`. On `merge_group` it is needed; " +
        "without it `GITHUB_TOKEN`, then `GH_TOKEN` of the environment is used.",
    },
  },
  outputs: {
    verdict: "`passed` or `refused`.",
    findings:
      "What was found, as a JSON list: `rule`, `severity`, `file`, `line`, `message`, `fix`; `file` and " +
      "`line` are null where it is about no file.",
    coverage:
      "Lines that tests run, as JSON: `covered` and `total`, and the same of what is `changed`; null " +
      "without a report.",
    dependencies: "What became of dependencies, as JSON; null where they are not judged.",
    "pull-requests":
      "Numbers of the pull requests that were judged, as a JSON list; several in a merge group.",
    commits: "How many commits were judged.",
    files: "How many files they change.",
  },
  exits: {
    0: "no finding is an error",
    3: "a finding is an error",
    4: "git or GitHub could not say what the verdict hangs on: that is never a pass",
  },
  examples: {
    cli: [
      "holdfast pr-policy --local --base origin/main --body-file description.md",
      "holdfast pr-policy --local --base origin/main --judge coverage --coverage coverage/lcov.info --json",
    ],
    workflow: `name: pr-policy
on:
  pull_request:
    types: [opened, edited, synchronize, reopened, ready_for_review, converted_to_draft]
  merge_group:
permissions:
  contents: read
  pull-requests: read
jobs:
  pr-policy:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          fetch-depth: 0
          persist-credentials: false
      - uses: truststream/holdfast/actions/pr-policy@v1
        with:
          judge: all-but-coverage
`,
  },
  async run(inputs, ports) {
    const [{ runPrPolicy }, { SETTINGS_SECTIONS }] = await Promise.all([
      import("../../governance/pr-policy/run.ts"),
      import("../configuration/sections.ts"),
    ]);
    return runPrPolicy(inputs, ports, SETTINGS_SECTIONS);
  },
});
