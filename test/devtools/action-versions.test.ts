import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "@jest/globals";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Every action of others in text files of these folders, with its version: `# v7.0.1`, or a tag. */
function versionsIn(...folders: readonly string[]): [file: string, action: string, major: string][] {
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => /\.(?:md|ts|ya?ml)$/.test(file))
      .map((file) => join(folder, file)),
  );
  return files.flatMap((file) => {
    const text = readFileSync(join(root, file), "utf8");
    const uses = text.matchAll(/\b(actions\/[\w-]+)@(?:[0-9a-f]{40} # )?v(\d+)/g);
    return [...uses].map(([, action, major]): [string, string, string] => [file, action!, major!]);
  });
}

it("examples and documents name the versions of actions that the workflows here run", () => {
  const pinned = new Map(versionsIn(".github/workflows").map(([, action, major]) => [action, major]));
  expect(pinned.size).toBeGreaterThan(3);
  const shown = versionsIn("docs", "examples", "actions", "src/commands", "src/devtools");
  expect(shown.filter(([, action]) => pinned.has(action)).length).toBeGreaterThan(20);
  expect(shown.filter(([, action, major]) => (pinned.get(action) ?? major) !== major)).toEqual([]);
  // And all workflows the same.
  expect(versionsIn(".github/workflows").filter(([, action, major]) => pinned.get(action) !== major)).toEqual(
    [],
  );
});
