import { describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { InputSpec } from "../../src/commands/define.ts";
import { MENU } from "../../src/commands/menu.ts";
import { fillWorkflow, OFFERS, workflowSections } from "../../src/devtools/generate/workflow-inputs.ts";
import { declaredInputs, jobsOf, triggerInputs } from "./rules.ts";

const folder = fileURLToPath(new URL("../../.github/workflows", import.meta.url));
const read = (name: string): string => readFileSync(join(folder, `${name}.yml`), "utf8");
const menuOf = (name: string): Readonly<Record<string, InputSpec>> =>
  MENU.find((command) => command.name === name)!.inputs;

/** What only the workflow knows: where it runs, and who it is at Azure. */
const JOBS_OWN = [
  ...["azure-client-id", "azure-tenant-id", "environment", "runner", "server-major", "timeout-minutes"],
];

describe.each(["backup", "validate", "restore"])("%s.yml", (name) => {
  const text = read(name);
  const job = jobsOf(text)[name]!;
  const step = job.steps!.at(-1)!;
  const { secrets = {}, defaults = {} } = OFFERS[name]!;

  it("has every input of its command, as an input or a secret, and hands all of them over", () => {
    const all = Object.keys(menuOf(name));
    const open = all.filter((input) => secrets[input] === undefined);
    const called = triggerInputs(text, "workflow_call");
    expect(called.filter((input) => !JOBS_OWN.includes(input))).toEqual(open);
    expect(Object.keys(step.with!)).toEqual(all);
    for (const [input, value] of Object.entries(step.with!)) {
      expect(value).toContain(`${secrets[input] === undefined ? "inputs" : "secrets"}.`);
    }
    expect(job.outputs).toEqual(
      Object.fromEntries(
        Object.keys(MENU.find((each) => each.name === name)!.outputs).map((output) => [
          output,
          `\${{ steps.${name}.outputs.${output} }}`,
        ]),
      ),
    );
  });

  it("has the command's defaults, in the form too, where it does not say otherwise on purpose", () => {
    const [called, byHand] = [
      declaredInputs(text, "workflow_call"),
      declaredInputs(text, "workflow_dispatch"),
    ];
    for (const [input, spec] of Object.entries(menuOf(name))) {
      if (secrets[input] !== undefined) continue;
      const usual = defaults[input] ?? ("default" in spec ? spec.default : undefined);
      for (const declared of [called[input]!, ...(byHand[input] === undefined ? [] : [byHand[input]])]) {
        expect([input, declared.default]).toEqual([input, usual]);
      }
    }
    expect(Object.keys(byHand).filter((input) => called[input] === undefined)).toEqual([]);
    // GitHub refuses more when the form is filled in by hand.
    expect(Object.keys(byHand).length).toBeLessThanOrEqual(10);
  });

  it("tells the command who it is at Azure, and signs in nowhere before", () => {
    expect(step.env).toEqual({
      AZURE_CLIENT_ID: "${{ inputs.azure-client-id || vars.AZURE_CLIENT_ID }}",
      AZURE_TENANT_ID: "${{ inputs.azure-tenant-id || vars.AZURE_TENANT_ID }}",
    });
    expect(job.permissions).toEqual({ "id-token": "write" });
    expect(text).not.toContain("azure/login");
  });

  it("waits in a group that tells stores and sources apart, and is cancelled by none", () => {
    const { group, ...rest } = job.concurrency!;
    expect(rest).toEqual({ "cancel-in-progress": false, queue: "max" });
    expect(group).toContain("inputs.store");
    expect(group).toContain("inputs.source");
  });
});

it("backup.yml insists on the source, which alone tells databases of one store apart", () => {
  for (const trigger of ["workflow_call", "workflow_dispatch"] as const) {
    expect(declaredInputs(read("backup"), trigger)["source"]!.required).toBe(true);
  }
});

it("restore.yml tells targets apart by their environment", () => {
  expect(jobsOf(read("restore"))["restore"]!.concurrency!.group).toContain("inputs.environment || 'restore'");
});

describe("what is filled into a workflow", () => {
  const FRAME =
    "on:\n  inputs:\n    # generated:inputs by hand\n    stale: 1\n    # /generated:inputs\n    mine: 2\n";

  it("takes the place of what stood there, indented as its frame, and leaves the rest", () => {
    const filled = fillWorkflow(FRAME, { inputs: "a:\n  b: 3" });
    expect(filled).toBe(FRAME.replace("    stale: 1", "    a:\n      b: 3"));
    expect(fillWorkflow(filled, { inputs: "a:\n  b: 3" })).toBe(filled);
  });

  it("is refused where a section is missing, does not end, or is nobody's", () => {
    expect(() => fillWorkflow("on: push\n", { inputs: "a: 1" })).toThrow("the sections inputs are missing");
    const endless = FRAME.replace("    # /generated:inputs\n", "");
    expect(() => fillWorkflow(endless, { inputs: "a: 1" })).toThrow("or do not end");
    expect(() => fillWorkflow(FRAME, {})).toThrow("nothing to fill the section generated:inputs with");
  });

  it("is made for workflows of the list alone", () => {
    expect(workflowSections("ci", MENU)).toBeUndefined();
    expect(workflowSections("backup", [])).toBeUndefined();
  });

  it("lets a form keep a default that it has no field for, also where that is true", () => {
    const { given } = workflowSections("restore", MENU)!;
    expect(given).toContain("install-client: ${{ toJSON(inputs.install-client) != 'false' }}");
    expect(given).toContain("backup: ${{ inputs.backup }}");
  });

  it("says what may be chosen where no list shows it, and what a workflow has to add", () => {
    const { inputs, form } = workflowSections("backup", MENU)!;
    const proof = (text: string): string => /^proof:\n((?: .*\n)*)/m.exec(text)![1]!;
    expect(proof(inputs!)).toContain("One of: content, rows, none.");
    expect(proof(form!)).toContain("options: [content, rows, none]");
    expect(proof(form!)).not.toContain("One of");
    expect(workflowSections("migrate", MENU)!["inputs"]).toContain("here it is `none`, or left out.");
  });
});
