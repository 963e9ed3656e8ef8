import { expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { commandFiles, menuWith, wallsWith, whyNot } from "../../src/devtools/new-command.ts";

it("puts a new command at the end of the menu, with its import in order, once", () => {
  const menu = readFileSync(new URL("../../src/commands/menu.ts", import.meta.url), "utf8");
  const extended = menuWith(menu, "schema", "migrate-schema");
  expect(extended).toContain('import { migrateSchema } from "./schema/migrate-schema.ts";\n');
  expect(extended).toMatch(/MENU: readonly Command\[\] = \[.*, migrateSchema\];/);
  const paths = [...extended.matchAll(/^import .* from "(.*)";$/gm)].map(([, path]) => path ?? "");
  expect(paths).toEqual([...paths].sort((a, b) => a.localeCompare(b)));
  expect(() => menuWith(extended, "schema", "migrate-schema")).toThrow("in the menu already");
});

it("puts a new command behind walls of its own, in its wing or with a new one, once", () => {
  const walls = readFileSync(new URL("../../walls.cjs", import.meta.url), "utf8");
  const more = wallsWith(walls, "backups", "prune");
  expect(more).toMatch(/^ {2}backups: \{ capabilities: \[.*, "keygen", "prune"\]/m);
  expect(() => wallsWith(more, "backups", "prune")).toThrow("has walls already");
  const wing = wallsWith(walls, "schema", "migrate");
  expect(wing).toContain('  schema: { capabilities: ["migrate"], shared: [] },\n};');
  expect(wallsWith(wing, "schema", "migrate-check")).toContain('["migrate", "migrate-check"]');
});

it("has a name that is a word of ours alone, in a wing", () => {
  const menu = [{ name: "list", wing: "backups" }];
  const why = (wing: string, name: string): string | undefined => whyNot(menu, ["backups", "kernel"], wing, name);
  expect([why("backups", "prune"), why("schema", "migrate")]).toEqual([undefined, undefined]);
  expect([why("backups", "delete"), why("schema", "list"), why("kernel", "prune")]).toEqual([
    "delete is a word of the language", "list is in the menu already, of the wing backups", "src/kernel/ is a room and no wing",
  ]);
});

it("consists of a menu entry, a capability and a test", () => {
  const files = commandFiles("schema", "migrate");
  expect([...files.keys()]).toEqual(["src/commands/schema/migrate.ts", "src/schema/migrate/run.ts", "test/schema/migrate/run.test.ts"]);
  expect(files.get("src/commands/schema/migrate.ts")).toContain("${{ secrets.STORE_CONNECTION_STRING }}".replace("$", "\\$"));
});
