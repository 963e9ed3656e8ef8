import { describe, expect, it } from "@jest/globals";
import * as z from "zod";
import { readSettings } from "../../../src/nouns/settings/read-settings.ts";

const SCHEMAS = {
  policy: z.strictObject({
    names: z.array(z.string().min(1)).default([]),
    share: z.number().max(100).default(85),
  }),
  coverage: z.strictObject({ total: z.number().default(85) }),
};

/** Lists of references to the list before; all of them together would fill the memory. */
const REFERENCES = Array.from({ length: 12 }, (_, at) => {
  const [name, before] = [`l${at + 1}`, `l${at}`];
  return `${name}: &${name} [${`*${before}, `.repeat(9)}]`;
}).join("\n");

const read = (text: string): unknown => readSettings(text, "holdfast.yml", SCHEMAS);

/** The lines of the message below its first. */
function problems(text: string): string[] {
  try {
    read(text);
  } catch (error) {
    expect(error).toMatchObject({ code: "input.malformed" });
    return (error as Error).message.split("\n  - ").slice(1);
  }
  return [];
}

describe("a settings file", () => {
  it("gives the sections that are asked for, and nothing for those it has not", () => {
    expect(read("policy:\n  names: [a]\nprotection: { anything: 1 }\n")).toEqual({
      policy: { names: ["a"], share: 85 },
    });
    expect(read("policy:\n")).toEqual({ policy: { names: [], share: 85 } });
    expect([read(""), read("# nothing\n"), read("---\n")]).toEqual([{}, {}, {}]);
  });

  it("is told everything that is wrong with it together, by line and column", () => {
    const text =
      "polcy: {}\npolicy:\n  names: [a, '']\n  share: 101\n  nmaes: []\n  other: 1\n" +
      "coverage:\n  total: eighty\n";
    expect(problems(text)).toEqual([
      "1:1 polcy: is no section that is known here; did you mean policy?",
      expect.stringMatching(/^3:14 policy\.names\[1\]: /),
      expect.stringMatching(/^4:10 policy\.share: /),
      "5:3 policy.nmaes: is no key that is known here; did you mean names?",
      "6:3 policy.other: is no key that is known here",
      expect.stringMatching(/^8:10 coverage\.total: /),
    ]);
  });

  it.each([
    ["is no YAML", "policy: [a", /^1:\d+ /],
    ["has a key twice", "policy: {}\npolicy: {}\n", /^2:1 this key is here twice/],
    ["is a list", "- policy\n", /it is no map of sections/],
    ["is a word", "policy\n", /it is no map of sections/],
    [
      "is more than one document",
      "policy: {}\n---\npolicy: {}\n",
      /^\d+:\d+ Source contains multiple documents/,
    ],
    ["refers to itself in ever more places", `l0: &l0 [x, x]\n${REFERENCES}`, /alias/i],
  ])("that %s is refused", (_, text, words) => {
    expect(problems(text)[0]).toMatch(words);
  });
});
