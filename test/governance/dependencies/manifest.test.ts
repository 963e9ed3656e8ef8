import { expect, it } from "@jest/globals";
import { readManifest } from "../../../src/governance/dependencies/manifest.ts";

const troubles = (text: string): string[] =>
  readManifest("package.json", text).troubles.map(({ line, message }) => `${line}: ${message}`);

it("a package.json tells what it asks for, with the lines of the names", () => {
  const text = `{
  "name": "made",
  "scripts": { "a": "echo \\"dependencies\\": { \\\\" },
  "dependencies": {
    "a": "^1.0.0", "b": "~2.0.0",
    "both": "1.0.0"
  },
  "optionalDependencies": { "both": "1.0.0" },
  "peerDependencies": {
    "a": "*"
  },
  "devDependencies": {},
  "workspaces": { "packages": ["packages/*"] },
  "pnpm": { "overrides": { "x>y@1": "2" } },
  "resolutions": { "**/z": "1" }
}`;
  expect(troubles(text)).toEqual([]);
  const { manifest } = readManifest("web/package.json", text);
  expect(manifest?.folder).toBe("web");
  expect(manifest?.asked).toEqual([
    { name: "a", group: "runtime", range: "^1.0.0", line: 5 },
    { name: "b", group: "runtime", range: "~2.0.0", line: 5 },
    { name: "both", group: "optional", range: "1.0.0", line: 8 },
    { name: "a", group: "peer", range: "*", line: 10 },
  ]);
  expect(manifest?.workspaces).toEqual(["packages/*"]);
  expect([...(manifest?.overridden ?? [])].sort()).toEqual(["y", "z"]);
});

it.each([
  [
    "holds two groups of one name",
    '{\n"dependencies": {},\n"dependencies": {"a": "1"}}',
    "3: the same key is there",
  ],
  [
    "holds a package twice",
    '{"dependencies": {\n"a": "1",\n"a": "2"}}',
    "3: the same key is there twice: 'a'",
  ],
  ["has a range that is no text", '{"dependencies": {\n"a": 1}}', "2: the range of 'a' is no text"],
  ["has a group that is a list", '{"dependencies": ["a"]}', "1: 'dependencies' is no object"],
  ["has a comma too many", '{\n"dependencies": {\n"a": "1",\n}}', "4: no valid JSON"],
  ["has a comment", '{\n// hello\n"name": "a"}', "2: no valid JSON"],
  ["is cut short", '{\n"dependencies": {\n"a": "1"', "3: the file is cut short"],
  ["is empty", "", "1: the file is empty"],
  ["is a list", "[]", "1: the file holds no object"],
  ["has the marks of a conflict", '{\n<<<<<<< HEAD\n"a": 1\n=======\n>>>>>>> b\n}', "2: the file still has"],
  [
    "is nested without an end",
    `${"[".repeat(500)}${"]".repeat(500)}`,
    "values are nested more than 100 deep",
  ],
])("a package.json is red that %s", (_what, text, message) => {
  expect(troubles(text).join("\n")).toContain(message);
});

it("a control character in a name is not printed", () => {
  expect(troubles('{"dependencies": {"a\\u001b[31m": 1}}')[0]).toBe(
    "1: the range of 'a\\u001b[31m' is no text",
  );
});
