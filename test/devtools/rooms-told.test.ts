import { expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const root = new URL("../../", import.meta.url);
const { ROOMS } = createRequire(import.meta.url)("../../walls.cjs") as { ROOMS: Record<string, string[]> };

it("every room with walls stands in the tree of docs/architecture.md", () => {
  const text = readFileSync(new URL("docs/architecture.md", root), "utf8");
  const [, tree] = /## Rooms\n\n```\n([^`]*)```/.exec(text)!;
  const words = new Set(tree!.match(/[a-z][a-z-]*/g));
  const untold = Object.keys(ROOMS).filter((room) => !words.has(room.split("/").at(-1)!));
  expect(Object.keys(ROOMS).length).toBeGreaterThan(100);
  expect(untold).toEqual([]);
});
