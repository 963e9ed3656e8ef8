import { store, storeSecret } from "../common-inputs.ts";
import { defineCommand } from "../define.ts";

/** `holdfast pr-policy`. */
export const prPolicy = defineCommand({
  name: "pr-policy",
  wing: "governance",
  summary: "Check that a store can be reached",
  description: `Opens the store and asks it whether it answers.`,
  branding: { icon: "box", color: "blue" },
  inputs: { store, "store-secret": storeSecret },
  outputs: { store: "URL of the store that answered." },
  exits: { 0: "the store answered" },
  examples: {
    cli: ["holdfast pr-policy --store file:///var/backups/holdfast"],
    workflow: `jobs:
  pr-policy:
    runs-on: ubuntu-latest
    steps:
      - uses: truststream/holdfast/actions/pr-policy@v1
        with:
          store: azure://mybackups/holdfast/prod
          store-secret: \${{ secrets.STORE_CONNECTION_STRING }}
`,
  },
  async run(inputs, ports) {
    const { runPrPolicy } = await import("../../governance/pr-policy/run.ts");
    return runPrPolicy(inputs, ports);
  },
});
