import { expect, it } from "@jest/globals";
import { LineCounter, parseDocument } from "yaml";
import { readYaml } from "../../src/kernel/yaml.ts";
import { processorMs } from "../support/processor-time.ts";

it.each([
  "a: 1\nb: { c: 2, d: [e, { f: 3 }] }\n",
  "a: 1\na: 2\n",
  "x:\n  - a: 1\n    b: 2\n    a: 3\ny: { q: 1, q: 2 }\n",
  "1: a\n'1': b\n",
  "? [a]\n: 1\n? [a]\n: 2\n",
  "a: 1\n b: 2\na: [\n",
  "",
])("finds what the library finds in %j", (text) => {
  const words = ({ errors }: Pick<ReturnType<typeof readYaml>, "errors">): unknown[] =>
    errors.map(({ code, pos, message }) => [code, pos[0], message.split("\n")[0]!.replace(/:$/, "")]);
  const [ours, theirs] = [readYaml(text), parseDocument(text, { lineCounter: new LineCounter() })];
  expect(words(ours)).toEqual(words(theirs));
  expect(ours.toJS({}) as unknown).toEqual(theirs.toJS({}));
});

it("reads twenty thousand keys, and says which is there twice", () => {
  const keys = Array.from({ length: 20_000 }, (_, at) => `k${at}: ${at}\n`).join("");
  const begun = processorMs();
  const { errors } = readYaml(`${keys}k7: again\n`);
  // The library's own search for keys takes 4.5 s.
  expect(processorMs() - begun).toBeLessThan(2_000);
  expect(errors.map(({ message }) => message)).toEqual(["Map keys must be unique at line 20001, column 1"]);
});

it("tells of what is nested deeper than it can go", () => {
  for (const text of ["[".repeat(20_000), "- ".repeat(20_000), "{a: ".repeat(20_000)]) {
    const { errors } = readYaml(text);
    expect(errors.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^Values are nested too deep at line 1, column \d/),
    ]);
  }
});

it("tells of the first hundred mistakes", () => {
  expect(readYaml("a: 1\n".repeat(50_000)).errors).toHaveLength(100);
});
