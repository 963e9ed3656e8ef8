import { describe, expect, it } from "@jest/globals";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "../../src/commands/define.ts";
import { MENU } from "../../src/commands/menu.ts";
import { inputsOffered, OFFERS, workflowSections } from "../../src/devtools/generate/workflow-inputs.ts";
import { declaredInputs, jobsOf, triggerInputs } from "./rules.ts";

const folder = fileURLToPath(new URL("../../.github/workflows", import.meta.url));
const read = (name: string): string => readFileSync(join(folder, `${name}.yml`), "utf8");

/** What every workflow hands over to our own actions, as one text. */
function handedOver(text: string): string {
  return Object.values(jobsOf(text))
    .flatMap(({ steps = [] }) => steps)
    .filter(({ uses }) => uses?.startsWith("truststream/holdfast/actions/") === true)
    .flatMap((step) => Object.values(step.with ?? {}).map(String))
    .join("\n");
}

it("every workflow that others call has its inputs from the menu, but the one that runs no command", () => {
  const called = readdirSync(folder)
    .map((file) => basename(file, ".yml"))
    .filter((name) => /^ {2}workflow_call:/m.test(read(name)));
  expect(called.filter((name) => OFFERS[name] === undefined)).toEqual(["comment"]);
  expect(handedOver(read("comment"))).toBe("");
  expect(called).toEqual(expect.arrayContaining(Object.keys(OFFERS)));
});

describe.each(Object.keys(OFFERS))("%s.yml", (name) => {
  const text = read(name);
  const offer = OFFERS[name]!;
  const offered = inputsOffered(offer, MENU);

  it("says of no input that its commands lack what it is here", () => {
    const commands = MENU.filter((command) => offer.commands.includes(command.name));
    const all = commands.flatMap((command) => Object.keys(command.inputs));
    const named = [
      ...(offer.form ?? []),
      ...Object.keys(offer.notes ?? {}),
      ...Object.keys(offer.required ?? {}),
      ...Object.keys(offer.defaults ?? {}),
    ];
    expect(commands).toHaveLength(offer.commands.length);
    expect(named.filter((input) => !all.includes(input))).toEqual([]);
  });

  it("takes each of the others, and hands it over", () => {
    const declared = triggerInputs(text, "workflow_call");
    const handed = handedOver(text);
    for (const [input] of offered) {
      const secret = offer.secrets?.[input];
      if (secret === undefined) expect(declared).toContain(input);
      // Reports of tests and built files go by way of a folder of the job's.
      if (name === "release" && input === "assets") expect(text).toContain("${{ inputs.assets }}");
      expect(handed).toContain(secret === undefined ? `inputs.${input}` : `secrets.${secret}`);
    }
  });

  it("has no more fields in its form than GitHub takes, and a number that nobody gives is no 0", () => {
    expect(Object.keys(declaredInputs(text, "workflow_dispatch")).length).toBeLessThanOrEqual(10);
    const numbers = Object.entries(declaredInputs(text, "workflow_call")).filter(
      ([, { type, default: usual }]) => type === "number" && usual === undefined,
    );
    expect(numbers).toEqual([]);
  });
});

it("an input that a command gets is offered by its workflow at once", () => {
  const cut = MENU.find(({ name }) => name === "release-cut")!;
  const inputs = { ...cut.inputs, tomorrow: { type: "string", text: "What is new." } as const };
  const menu = [{ ...cut, inputs } as Command];
  const { inputs: taken, given, form } = workflowSections("release-cut", menu)!;
  expect(taken).toContain('tomorrow:\n  description: "What is new."\n  type: string');
  expect(given).toContain("tomorrow: ${{ inputs.tomorrow }}");
  expect(form).not.toContain("tomorrow");
});
