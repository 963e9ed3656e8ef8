import { expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { menuWith, commandFiles } from "../../src/devtools/new-command.ts";

it("puts a new command at the end of the menu, with its import in order, once", () => {
  const menu = readFileSync(new URL("../../src/commands/menu.ts", import.meta.url), "utf8");
  const extended = menuWith(menu, "migrate-schema");
  expect(extended).toContain('import { migrateSchema } from "./migrate-schema.ts";\n');
  expect(extended).toMatch(/MENU: readonly Command\[\] = \[.*, migrateSchema\];/);
  const paths = [...extended.matchAll(/^import .* from "(.*)";$/gm)].map(([, path]) => path ?? "");
  expect(paths).toEqual([...paths].sort((a, b) => a.localeCompare(b)));
  expect(() => menuWith(extended, "migrate-schema")).toThrow("in the menu already");
});

it("consists of a menu entry, a capability and a test", () => {
  expect([...commandFiles("migrate").keys()]).toEqual(["src/commands/migrate.ts", "src/migrate/run.ts", "test/migrate/run.test.ts"]);
  expect(commandFiles("migrate").get("src/commands/migrate.ts")).toContain("${{ secrets.STORE_CONNECTION_STRING }}".replace("$", "\\$"));
});
