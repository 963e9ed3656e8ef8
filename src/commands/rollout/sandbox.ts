import { defineCommand } from "../define.ts";

/** `holdfast sandbox`: App Service, played on this machine. */
export const sandbox = defineCommand({
  name: "sandbox",
  wing: "rollout",
  summary: "Play Azure App Service on this machine, with slots that really serve what is deployed to them",
  description: `Starts an HTTPS server on loopback that plays Azure Resource Manager for App Service (sites,
slots, swaps with their phases and locks, settings) and each slot's deployment service, and runs what is
deployed: a Node package for each slot, at an address of its own. Health checks, build ids and swaps are real
HTTP; Azure's own clients work against it. Nothing is asked of Azure, and any bearer token is good.

Prints its addresses and the variables that clients need, and runs until Ctrl-C. \`--faults\` names a script
of what is to go wrong: a swap that fails though it happened, throttling, cut connections, a build that fails.
Packages run with your rights and outside of any container: deploy only what you would run yourself.

[What is played, and scripts of faults](https://github.com/truststream/holdfast/blob/main/docs/sandbox.md).`,
  branding: { icon: "box", color: "blue" },
  inputs: {
    app: {
      type: "string",
      text: "Name of the app that is there from the beginning.",
      default: "shop",
      pattern: /^[a-z0-9][a-z0-9-]{0,58}[a-z0-9]$/i,
      accepts: "2 to 60 letters, digits and dashes",
    },
    "resource-group": { type: "string", text: "Its resource group.", default: "sandbox" },
    subscription: {
      type: "string",
      text: "Its subscription.",
      default: "00000000-0000-0000-0000-000000000000",
    },
    plan: {
      type: "choice",
      text: "Size of its plan: how many slots there may be follows from it (S1 five, P1v3 twenty, B1 none).",
      choices: ["F1", "B1", "S1", "P1v3"],
      default: "S1",
    },
    project: {
      type: "string",
      text: "Reference of the Supabase project that is there from the beginning.",
      default: "abcdefghijklmnopqrst",
      pattern: /^[a-z]{20}$/,
      accepts: "twenty small letters",
    },
    port: {
      type: "integer",
      text: "Port of the management address; 0 takes a free one. Slots always take free ones.",
      min: 0,
      max: 65_535,
      default: 0,
    },
    phase: {
      type: "duration",
      text: "How long each thing takes that takes long in Azure: a new slot, a build, a phase of a swap.",
      default: "1s",
    },
    faults: {
      type: "string",
      text: "File with a script of faults (JSON).",
      example: "./faults.json",
    },
    "ready-file": {
      type: "string",
      text: "File to write once it answers: addresses and variables, as JSON. Must not exist.",
      example: "./sandbox.json",
    },
    for: {
      type: "duration",
      text: "Ends by itself after this time. Required in Actions, where nobody presses Ctrl-C.",
      example: "10m",
    },
  },
  outputs: {
    address: "The management address it had.",
    "app-id": "Resource id of the app.",
  },
  exits: {
    0: "it ran, and was ended by Ctrl-C or its time",
    2: "the script of faults is none, or `for` is missing in Actions",
    4: "the port is taken",
  },
  examples: {
    cli: ["holdfast sandbox", "holdfast sandbox --port 8443 --phase 1ms --faults ./faults.json"],
    workflow: `jobs:
  rehearse:
    runs-on: ubuntu-latest
    steps:
      - uses: truststream/holdfast/actions/sandbox@v1
        with:
          for: 10m
`,
  },
  async run(inputs, ports) {
    const { runSandbox } = await import("../../rollout/sandbox/run.ts");
    return runSandbox(inputs, ports);
  },
});
