import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "@jest/globals";

const root = fileURLToPath(new URL("../..", import.meta.url));

it("the README lists every document", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const list = readme.slice(readme.indexOf("\n## Documents\n")).split("\n## ")[1]!;
  const documents = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
  expect(documents.length).toBeGreaterThan(10);
  expect(documents.filter((name) => !list.includes(`(docs/${name})`))).toEqual([]);
});
