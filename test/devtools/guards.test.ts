import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { run, temporaryFolder } from "../support/tools.ts";

/** A guard that cannot fail is none: each is shown a house with one thing wrong, and has to say which. */

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A copy of the configuration around files of our own. */
function plant(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder("guards");
  for (const name of ["package.json", "tsconfig.json", ".dependency-cruiser.cjs", "eslint.config.js"]) copyFileSync(join(root, name), join(folder, name));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** A small house that keeps every wall. */
const HOUSE: Readonly<Record<string, string>> = {
  "src/kernel/bytes.ts": "export const KiB = 1024;\n",
  "src/ports/clock.ts": 'import { KiB } from "../kernel/bytes.ts";\nexport interface Clock { readonly tick: typeof KiB }\nexport const kib = KiB;\n',
  "src/ports/retry.ts": "export interface Clock { readonly now: 1 }\nexport const used = 1;\n",
  "src/commands/used.ts": 'import { used } from "../ports/retry.ts";\nexport const u = used;\n',
  "src/catalog/one.ts": 'import { two } from "./two.ts";\nexport const one = (): unknown => two;\n',
  "src/catalog/two.ts": 'import { kib } from "../ports/clock.ts";\nexport const two = kib;\n',
  "src/nouns/catalog/catalog.ts": 'import { kib } from "../ports/clock.ts";\nexport const catalog = kib;\n',
  "src/backups/backup/run.ts": 'import { catalog } from "../catalog/catalog.ts";\nexport const backup = catalog;\n',
  "src/backups/restore/run.ts": 'import { catalog } from "../catalog/catalog.ts";\nexport const restore = catalog;\n',
  "src/commands/menu.ts": 'import { backup } from "../backup/run.ts";\nimport { restore } from "../restore/run.ts";\nexport const MENU = [backup, restore];\n',
  "src/adapters/system/clock.ts": 'import { kib } from "../../ports/clock.ts";\nexport const system = kib;\n',
  "src/adapters/disk/disk.ts": 'import { kib } from "../../ports/clock.ts";\nexport const disk = kib;\n',
  "src/devtools/build.ts": 'import { MENU } from "../commands/menu.ts";\nexport const build = MENU;\n',
  "src/entry/wire.ts":
    'import { system } from "../adapters/system/clock.ts";\nimport { disk } from "../adapters/disk/disk.ts";\nexport const wire = [system, disk];\n',
  "src/entry/main.ts": 'import { MENU } from "../commands/menu.ts";\nimport { wire } from "./wire.ts";\nexport const main = [MENU, wire];\n',
  "dist/cli.js": "export const cli = 1;\n",
};

async function layering(files: Readonly<Record<string, string>>): Promise<{ code: number | null; rules: string[]; said: string }> {
  const folder = plant(files);
  try {
    const program = join(root, "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs");
    const { code, stdout, stderr } = await run(process.execPath, [program, "--config", ".dependency-cruiser.cjs", "src"], { cwd: folder });
    return { code, rules: [...stdout.matchAll(/^\s*error ([\w-]+):/gm)].map((match) => match[1]!), said: stdout + stderr };
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe("the layering guard", () => {
  it("is content with a house that keeps its walls", async () => {
    const { code, rules, said } = await layering(HOUSE);
    expect({ code, rules }).toEqual({ code: 0, rules: [] });
    expect(said).toMatch(/no dependency violations found \(15 modules/);
  });

  it.each([
    ["the kernel knowing a port, if only by type", "src/kernel/bytes.ts", 'import type { Clock } from "../ports/retry.ts";\nexport type C = Clock;', "kernel-imports-only"],
    ["a port knowing the catalog", "src/ports/clock.ts", 'import type { catalog } from "../catalog/catalog.ts";\nexport type C = typeof catalog;', "ports-imports-only"],
    ["the catalog knowing a capability", "src/nouns/catalog/catalog.ts", 'import { restore } from "../restore/run.ts";\nexport const c = restore;', "catalog-imports-only"],
    ["a capability using another", "src/backups/backup/run.ts", 'import { restore } from "../restore/run.ts";\nexport const b = restore;', "backup-imports-only"],
    ["a capability loaded lazily by another", "src/backups/backup/run.ts", 'export const b = async () => import("../restore/run.ts");', "backup-imports-only"],
    ["a capability picking an adapter", "src/backups/backup/run.ts", 'import { disk } from "../adapters/disk/disk.ts";\nexport const b = disk;', "backup-imports-only"],
    ["the menu picking an adapter", "src/commands/menu.ts", 'import { disk } from "../adapters/disk/disk.ts";\nexport const m = disk;', "commands-imports-only"],
    ["an adapter knowing the catalog", "src/adapters/disk/disk.ts", 'import { catalog } from "../../catalog/catalog.ts";\nexport const d = catalog;', "adapters-imports-only"],
    ["an adapter knowing another", "src/adapters/disk/disk.ts", 'import { system } from "../system/clock.ts";\nexport const d = system;', "adapters-do-not-import-each-other"],
    ["an adapter picked outside wire.ts", "src/entry/main.ts", 'import { disk } from "../adapters/disk/disk.ts";\nexport const m = disk;', "entry-imports-no-adapters"],
    ["the product using the devtools", "src/entry/main.ts", 'import { build } from "../devtools/build.ts";\nexport const m = build;', "nobody-imports-devtools"],
    ["the product using built files", "src/entry/main.ts", 'import { cli } from "../../dist/cli.js";\nexport const m = cli;', "src-imports-only-src"],
    ["a circle", "src/catalog/two.ts", 'import { one } from "./one.ts";\nexport const two = (): unknown => one;', "no-cycles"],
    ["a file nobody needs", "src/catalog/dead.ts", "export const dead = 1;", "no-orphans"],
    ["the product using a development package", "src/entry/main.ts", 'import { z } from "fast-check";\nexport const m = z;', "no-undeclared-packages"],
    ["an import that leads nowhere", "src/entry/main.ts", 'import { n } from "./nowhere.ts";\nexport const m = n;', "no-unresolvable"],
  ])("sees %s", async (_, path, text, rule) => {
    const { code, rules } = await layering({ ...HOUSE, [path]: `${text}\n` });
    expect(code).toBeGreaterThan(0);
    expect(rules).toContain(rule);
  });
});

/** File → the rule that has to speak up about it, or undefined where the same words are allowed. */
const LINTED: readonly (readonly [path: string, text: string, rule: string | undefined])[] = [
  ["src/backup/env.ts", 'export const a = process.env["HOME"];', "no-restricted-properties"],
  ["src/backup/exit.ts", "export const a = (): never => process.exit(1);", "no-restricted-properties"],
  ["src/backup/now.ts", "export const a = Date.now();", "no-restricted-properties"],
  ["src/backup/elapsed.ts", "export const a = performance.now();", "no-restricted-properties"],
  ["src/backup/random.ts", "export const a = Math.random();", "no-restricted-properties"],
  ["src/backup/date.ts", "export const a = new Date();", "no-restricted-syntax"],
  ["src/backup/parsed-date.ts", "export const a = new Date(0);", undefined],
  ["src/backup/default.ts", "export default 1;", "no-restricted-syntax"],
  ["src/backup/console.ts", 'export const a = (): void => {\n  console.log("x");\n};', "no-restricted-globals"],
  ["src/backup/process.ts", 'import { env } from "node:process";\nexport const a = env;', "no-restricted-imports"],
  ["src/adapters/postgres/env.ts", 'export const a = process.env["HOME"];', "no-restricted-properties"],
  ["src/adapters/system/env.ts", 'export const a = [process.env["HOME"], Date.now(), Math.random(), new Date()];', undefined],
  ["src/entry/env.ts", 'export const a = process.env["HOME"];', undefined],
  ["src/backup/floating.ts", "const f = async (): Promise<void> => {};\nexport const a = (): void => {\n  f();\n};", "@typescript-eslint/no-floating-promises"],
  [
    "src/backup/switch.ts",
    'export const a = (x: "a" | "b"): number => {\n  switch (x) {\n    case "a":\n      return 1;\n  }\n  return 2;\n};',
    "@typescript-eslint/switch-exhaustiveness-check",
  ],
  ["src/backup/types.ts", 'import { Stats } from "node:fs";\nexport type S = Stats;', "@typescript-eslint/consistent-type-imports"],
  ["src/backup/any.ts", "export const a = JSON.parse(\"1\");\nexport const b: string = a.c;", "@typescript-eslint/no-unsafe-member-access"],
  ["src/backup/long.ts", Array.from({ length: 251 }, (_, i) => `export const a${i} = ${i};`).join("\n"), "max-lines"],
  ["src/backup/long-enough.ts", Array.from({ length: 249 }, (_, i) => `export const a${i} = ${i};`).join("\n"), undefined],
  ["src/backup/function.ts", `export const a = (): number[] => {\n${"  void 0;\n".repeat(70)}  return [];\n};`, "max-lines-per-function"],
];

describe("the lint guard", () => {
  const found = new Map<string, string[]>();
  let folder: string;

  beforeAll(async () => {
    folder = plant(Object.fromEntries(LINTED.map(([path, text]) => [path, `${text}\n`])));
    const { stdout, code } = await run(process.execPath, [join(root, "node_modules/eslint/bin/eslint.js"), "--format", "json", "src"], { cwd: folder });
    expect(code).toBe(1);
    for (const { filePath, messages } of JSON.parse(stdout) as { filePath: string; messages: { ruleId: string }[] }[]) {
      found.set(filePath.slice(folder.length + 1), messages.map((message) => message.ruleId));
    }
  });

  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  it.each(LINTED)("judges %s", (path, _, rule) => {
    const rules = found.get(path);
    if (rule === undefined) expect(rules).toEqual([]);
    else expect(rules).toContain(rule);
  });
});
