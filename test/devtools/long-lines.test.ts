import { describe, expect, it } from "@jest/globals";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { longLines, WIDTH } from "../../scripts/long-lines.ts";
import { temporaryFolder } from "../support/tools.ts";

const long = `// ${"word ".repeat(30)}`;

describe("lines of code", () => {
  it("are told by path, line and width where they are longer, but for an address that has its line", () => {
    const folder = temporaryFolder("long-lines");
    try {
      mkdirSync(join(folder, "src/deep"), { recursive: true });
      const address = `https://example.com/${"a".repeat(WIDTH)}`;
      writeFileSync(
        join(folder, "src/deep/a.ts"),
        `${"a".repeat(WIDTH)}\n${"a".repeat(WIDTH + 1)}\n${long}\n`,
      );
      writeFileSync(join(folder, "src/b.ts"), ` * ${address}\n// ${address}\n// see ${address}\n`);
      writeFileSync(join(folder, "one.cjs"), long);
      writeFileSync(join(folder, "src/text.md"), long);
      expect(longLines(folder)).toEqual([
        `one.cjs:1 (${long.length})`,
        `src/b.ts:3 (${`// see ${address}`.length})`,
        "src/deep/a.ts:2 (111)",
        `src/deep/a.ts:3 (${long.length})`,
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
