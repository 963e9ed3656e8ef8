import { expect, it } from "@jest/globals";
import { cpSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  commandFiles,
  fastFilesWith,
  menuWith,
  newCommand,
  wallsWith,
  whyNot,
} from "../../src/devtools/new-command.ts";
import { scratchFolder } from "../support/tools.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

it("puts a new command at the end of the menu, with its import in order, once", () => {
  const menu = readFileSync(new URL("../../src/commands/menu.ts", import.meta.url), "utf8");
  const extended = menuWith(menu, "schema", "migrate-schema");
  expect(extended).toContain('import { migrateSchema } from "./schema/migrate-schema.ts";\n');
  expect(extended).toMatch(/MENU: readonly Command\[\] = \[[^\]]*,\s+migrateSchema,?\s*\];/);
  const paths = [...extended.matchAll(/^import .* from "(.*)";$/gm)].map(([, path]) => path ?? "");
  expect(paths).toEqual([...paths].sort((a, b) => a.localeCompare(b)));
  expect(() => menuWith(extended, "schema", "migrate-schema")).toThrow("in the menu already");
});

it("puts a new command behind walls of its own, in its wing or with a new one, once", () => {
  const walls = readFileSync(new URL("../../walls.cjs", import.meta.url), "utf8");
  // A name that nobody gives a real one, wherever in the list the real ones come.
  const more = wallsWith(walls, "backups", "never-made");
  expect(more).toMatch(/^ {4}capabilities: \["backup", .*"keygen".*, "never-made"\]/m);
  expect(() => wallsWith(more, "backups", "never-made")).toThrow("has walls already");
  const wing = wallsWith(walls, "releases", "promote");
  expect(wing).toContain('  releases: { capabilities: ["promote"], shared: {} },\n};');
  expect(wallsWith(wing, "releases", "promote-data")).toContain('["promote", "promote-data"]');
});

it("finds the lists also where they are broken over lines", () => {
  const one =
    'const WINGS = {\n  schema: {\n    capabilities: ["check"],\n    shared: { script: [] },\n  },\n};';
  expect(wallsWith(one, "schema", "migrate")).toBe(one.replace('["check"]', '["check", "migrate"]'));
  const many = one.replace('["check"]', '[\n      "check",\n      "plan",\n    ]');
  expect(wallsWith(many, "schema", "migrate")).toContain('"check",\n      "plan", "migrate"],');
  expect(() => wallsWith(many, "schema", "plan")).toThrow("has walls already");
  const menu =
    'import { list } from "./backups/list.ts";\n\nexport const MENU: readonly Command[] = [\n  list,\n];\n';
  expect(menuWith(menu, "schema", "migrate")).toContain("= [\n  list,\n  migrate,\n];");
});

it("has a name that is a word of ours alone, in a wing", () => {
  const menu = [{ name: "list", wing: "backups" }];
  const why = (wing: string, name: string): string | undefined =>
    whyNot(menu, ["backups", "kernel"], wing, name);
  expect([why("backups", "prune"), why("schema", "migrate")]).toEqual([undefined, undefined]);
  expect([why("backups", "delete"), why("schema", "list"), why("kernel", "prune")]).toEqual([
    "delete is a word of the language",
    "list is in the menu already, of the wing backups",
    "src/kernel/ is a room and no wing",
  ]);
});

it("is not called what the command line answers itself", () => {
  expect(["help", "version"].map((name) => whyNot([], [], "backups", name))).toEqual([
    "holdfast help is what the command line answers itself",
    "holdfast version is what the command line answers itself",
  ]);
});

it("puts its test among the fast ones, in order, once", () => {
  const list = readFileSync(join(root, "test/fast-files.ts"), "utf8");
  const more = fastFilesWith(list, "test/backups/prune/run.test.ts");
  const names = [...more.slice(0, more.indexOf("];")).matchAll(/^ {2}"(.*)",$/gm)].map(([, name]) => name!);
  expect(names).toContain("test/backups/prune/run.test.ts");
  expect(names).toEqual([...names].sort());
  expect(more.replace('  "test/backups/prune/run.test.ts",\n', "")).toBe(list);
  expect(() => fastFilesWith(more, "test/backups/prune/run.test.ts")).toThrow("already");
});

it("is written whole, with its place in every list, or refused in one line and not at all", async () => {
  await using scratch = scratchFolder("new-command");
  for (const path of ["src/commands", "walls.cjs", "test/fast-files.ts"]) {
    cpSync(join(root, path), join(scratch.path, path), { recursive: true });
  }
  const said: string[] = [];
  const make = (word?: string): number => newCommand(word, scratch.path, (text) => said.push(text));
  expect([make(), make("prune"), make("backups/Prune"), make("backups/help"), make("backups/list")]).toEqual([
    2, 2, 2, 2, 2,
  ]);
  expect(said).toHaveLength(5);
  for (const line of said) {
    expect(line).toMatch(/^new-command: .*(?:: npm run new-command -- <wing>\/<name>|: take another name)/);
  }
  expect(make("backups/prune")).toBe(0);
  expect(make("backups/prune")).toBe(2);
  for (const path of commandFiles("backups", "prune").keys()) {
    expect(existsSync(join(scratch.path, path))).toBe(true);
  }
  for (const path of ["src/commands/menu.ts", "walls.cjs", "test/fast-files.ts"]) {
    expect(readFileSync(join(scratch.path, path), "utf8")).toContain("prune");
  }
});

it("consists of a menu entry, a capability and a test", () => {
  const files = commandFiles("schema", "migrate");
  expect([...files.keys()]).toEqual([
    "src/commands/schema/migrate.ts",
    "src/schema/migrate/run.ts",
    "test/schema/migrate/run.test.ts",
  ]);
  expect(files.get("src/commands/schema/migrate.ts")).toContain(
    "${{ secrets.STORE_CONNECTION_STRING }}".replace("$", "\\$"),
  );
});
