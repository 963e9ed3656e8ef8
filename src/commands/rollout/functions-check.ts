import { defineCommand } from "../define.ts";
import { functionsFolder, functionsStore, project, storeSecret } from "./functions-inputs.ts";

/** `holdfast functions check`: is the functions' manifest sound. */
export const functionsCheck = defineCommand({
  name: "functions-check",
  wing: "rollout",
  summary: "Check the manifest of edge functions: versions, dependencies, compatibility, rollback targets",
  description: `Reads \`function-manifest.json\` of the checkout and holds it against its form, against \
the folders of functions, and against itself: functions that need each other in a circle, dependencies \
that are unknown or of another version, API versions whose range does not take a function, rollback \
targets that are no target. **Every problem is told with its line**, and shown there in a pull request. \
Also called \`holdfast functions check\`.

With \`--project\` and \`--store\` it is also asked whether the store keeps sources of each rollback \
target; \`--project\` alone chooses the section of it in \`config.toml\`. Nothing is asked of Supabase, and \
nothing is written.`,
  branding: { icon: "check-square", color: "green" },
  inputs: {
    "functions-folder": functionsFolder,
    project: { ...project, required: false },
    store: { ...functionsStore, required: false },
    "store-secret": storeSecret,
  },
  outputs: {
    problems: "What is wrong, as a JSON list of line, key and message.",
    manifest: "Path of the manifest.",
    functions: "How many functions it has.",
    order: "Their names in the order in which they are deployed, as a JSON list of levels.",
  },
  exits: {
    0: "the manifest is sound",
    2: "there is no manifest",
    3: "something is wrong with it; each is told",
  },
  examples: {
    cli: ["holdfast functions-check", "holdfast functions-check --functions-folder functions --json"],
    workflow: `name: functions
on:
  pull_request:
permissions:
  contents: read
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - uses: truststream/holdfast/actions/functions-check@v1
`,
  },
  async run(inputs, ports) {
    const { runFunctionsCheck } = await import("../../rollout/functions/check/run.ts");
    return runFunctionsCheck(inputs, ports);
  },
});
