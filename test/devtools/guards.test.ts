import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { run, temporaryFolder } from "../support/tools.ts";

/** A guard that cannot fail is none: each is shown a house with one thing wrong, and has to say which. */

const root = fileURLToPath(new URL("../..", import.meta.url));
const { ROOMS } = createRequire(import.meta.url)("../../walls.cjs") as {
  readonly ROOMS: Readonly<Record<string, readonly string[]>>;
};

/** A copy of the configuration around files of our own. */
function plant(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder("guards");
  for (const name of [
    "package.json",
    "tsconfig.json",
    "walls.cjs",
    ".dependency-cruiser.cjs",
    "eslint.config.js",
  ]) {
    copyFileSync(join(root, name), join(folder, name));
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** A file of a room, named after it. */
const fileOf = (room: string): string => `src/${room}/${room.replaceAll("/", "-")}-file.ts`;
const wordOf = (file: string): string => `x${file.replaceAll(/[^A-Za-z]+/g, "_")}`;

/** A file that imports others and is worth importing. */
function text(path: string, imports: readonly string[]): string {
  const names = imports.map(wordOf);
  const lines = imports.map(
    (other, index) =>
      `import { ${names[index]} } from "${"../".repeat(path.split("/").length - 1)}${other}";`,
  );
  return [...lines, `export const ${wordOf(path)}: readonly unknown[] = [${names.join(", ")}];`, ""].join(
    "\n",
  );
}

/**
 * A house with a file in every room, which imports one of each room that it may; of two that may know each
 * other, one does.
 */
function house(more: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const rooms = Object.keys(ROOMS);
  const files = rooms.map((room) => {
    // The door's own file stands for main.ts: only wire.ts picks adapters.
    const below = rooms.filter(
      (other) =>
        other !== room &&
        !(room === "entry" && other.startsWith("adapters/")) &&
        allows(room, other) &&
        !(allows(other, room) && other.startsWith(room)),
    );
    return [fileOf(room), text(fileOf(room), below.map(fileOf))];
  });
  return { ...(Object.fromEntries(files) as Record<string, string>), ...more };
}

/** A house that keeps every wall; everything hangs on its door. */
const HOUSE = house({
  "src/entry/main.ts": text("src/entry/main.ts", [fileOf("entry/cli"), fileOf("entry/action")]),
  "src/devtools/main.ts": text("src/devtools/main.ts", [fileOf("devtools/generate")]),
  "dist/cli.js": "export const cli = 1;\n",
});

async function layering(
  files: Readonly<Record<string, string>>,
): Promise<{ code: number | null; rules: string[]; said: string }> {
  const folder = plant(files);
  try {
    const program = join(root, "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs");
    const { code, stdout, stderr } = await run(
      process.execPath,
      [program, "--config", ".dependency-cruiser.cjs", "src"],
      { cwd: folder },
    );
    return {
      code,
      rules: [...stdout.matchAll(/^ *error ([\w-]+):/gm)].map((match) => match[1]!),
      said: stdout + stderr,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe("the layering guard", () => {
  it("is content with a house that keeps its walls", async () => {
    const { code, rules, said: words } = await layering(HOUSE);
    expect({ code, rules, said: words }).toEqual({
      code: 0,
      rules: [],
      said: expect.stringContaining("no dependency violations found"),
    });
  });

  it("sees every import from every room into every room that it may not know, by type too", async () => {
    // Beside the room's own file, which knows none of them: circles of all rooms would take a minute to find.
    const crossingFile = (room: string): string => `src/${room}/crossing.ts`;
    const crossing = (from: string): string[] =>
      Object.keys(ROOMS)
        .map((to) => [to, fileOf(to)] as const)
        .filter(([to]) => to !== from && !allows(from, to))
        .map(([, file]) => file);
    const files = Object.fromEntries(
      Object.keys(ROOMS).map((room) => {
        const path = crossingFile(room);
        const up = "../".repeat(path.split("/").length - 1);
        const forbidden = crossing(room).map((other, index) =>
          index % 2 === 0
            ? `import type { ${wordOf(other)} as y${wordOf(other)} } from "${up}${other}";`
            : `import { ${wordOf(other)} as y${wordOf(other)} } from "${up}${other}";`,
        );
        const used = crossing(room).map((other) => `typeof y${wordOf(other)}`);
        return [path, `${forbidden.join("\n")}\nexport type Y = [${used.join(", ")}];\n`];
      }),
    );
    const { code, said: words } = await layering({ ...HOUSE, ...files });
    const seen = new Set(
      [...words.matchAll(/^ *error not-in-allowed: (\S+) → (\S+)/gm)].map(
        ([, from, to]) => `${from} → ${to}`,
      ),
    );
    const planted = Object.keys(ROOMS).flatMap((room) =>
      crossing(room).map((other) => `${crossingFile(room)} → ${other}`),
    );
    expect(code).toBeGreaterThan(0);
    expect(planted.length).toBeGreaterThan(400);
    expect(planted.filter((each) => !seen.has(each))).toEqual([]);
  });

  /**
   * What is wrong with a file → the file, its text, and the rule that has to name it. All stand in one house.
   */
  const WRONG: readonly (readonly [what: string, path: string, words: string, rule: string])[] = [
    [
      "a room that nobody has listed",
      "src/attic/box.ts",
      text("src/attic/box.ts", [fileOf("kernel")]),
      "not-in-allowed",
    ],
    [
      "a room of a capability's that nobody has listed",
      "src/backups/restore/attic/box.ts",
      text("src/backups/restore/attic/box.ts", [fileOf("kernel")]),
      "not-in-allowed",
    ],
    [
      "a room of a capability's that knows the story it is a part of",
      "src/backups/restore/rows/story.ts",
      text("src/backups/restore/rows/story.ts", [fileOf("backups/restore")]),
      "not-in-allowed",
    ],
    [
      "somebody who enters a room of a capability's",
      "src/commands/enters.ts",
      text("src/commands/enters.ts", [fileOf("backups/restore/project")]),
      "not-in-allowed",
    ],
    [
      "a capability loaded lazily by another",
      "src/backups/backup/lazy.ts",
      'export const b = async () => import("../restore/backups-restore-file.ts");',
      "not-in-allowed",
    ],
    [
      "an adapter picked outside of wire.ts",
      "src/entry/picks.ts",
      text("src/entry/picks.ts", [fileOf("adapters/terminal")]),
      "entry-imports-no-adapters",
    ],
    [
      "the product using a file of the tools",
      "src/kernel/tools.ts",
      'import { ROOMS } from "../../walls.cjs";\nexport const m = ROOMS;',
      "not-in-allowed",
    ],
    [
      "the product using built files",
      "src/entry/built.ts",
      'import { cli } from "../../dist/cli.js";\nexport const m = cli;',
      "src-imports-only-src",
    ],
    [
      "a circle, if only of types",
      "src/kernel/two.ts",
      text("src/kernel/two.ts", ["src/kernel/three.ts"]),
      "no-cycles",
    ],
    ["a file nobody needs", "src/nouns/catalog/dead.ts", "export const dead = 1;", "no-orphans"],
    [
      "the product using a development package",
      "src/kernel/checked.ts",
      'import { z } from "fast-check";\nexport const m = z;',
      "no-undeclared-packages",
    ],
    [
      "an import that leads nowhere",
      "src/kernel/lost.ts",
      'import { n } from "./nowhere.ts";\nexport const m = n;',
      "no-unresolvable",
    ],
  ];
  let said = "";

  beforeAll(async () => {
    const back =
      'import type { xsrc_kernel_two_ts } from "./two.ts";\nexport const xsrc_kernel_three_ts = 1;\nexport ' +
      "type T = typeof xsrc_kernel_two_ts;\n";
    const found = await layering({
      ...HOUSE,
      "src/kernel/three.ts": back,
      ...Object.fromEntries(WRONG.map(([, path, words]) => [path, `${words}\n`])),
    });
    expect(found.code).toBeGreaterThan(0);
    said = found.said;
  });

  it.each(WRONG)("sees %s", (_, path, __, rule) => {
    expect(said.split(/^ +error /m).some((one) => one.startsWith(`${rule}:`) && one.includes(path))).toBe(
      true,
    );
  });
});

/** Whether the table of rooms says so; patterns stand for rooms too. */
function allows(from: string, to: string): boolean {
  return ROOMS[from]!.some((below) => new RegExp(`^${below}$`).test(to));
}

/** File → the rule that has to speak up about it, or undefined where the same words are allowed. */
const LINTED: readonly (readonly [path: string, text: string, rule: string | undefined])[] = [
  ["src/backups/backup/env.ts", 'export const a = process.env["HOME"];', "no-restricted-properties"],
  [
    "src/backups/backup/exit.ts",
    "export const a = (): never => process.exit(1);",
    "no-restricted-properties",
  ],
  ["src/backups/backup/now.ts", "export const a = Date.now();", "no-restricted-properties"],
  ["src/backups/backup/elapsed.ts", "export const a = performance.now();", "no-restricted-properties"],
  ["src/backups/backup/random.ts", "export const a = Math.random();", "no-restricted-properties"],
  ["src/backups/backup/date.ts", "export const a = new Date();", "no-restricted-syntax"],
  ["src/backups/backup/parsed-date.ts", "export const a = new Date(0);", undefined],
  ["src/backups/backup/default.ts", "export default 1;", "no-restricted-syntax"],
  [
    "src/backups/backup/console.ts",
    'export const a = (): void => {\n  console.log("x");\n};',
    "no-restricted-globals",
  ],
  [
    "src/backups/backup/process.ts",
    'import { env } from "node:process";\nexport const a = env;',
    "no-restricted-imports",
  ],
  // A wait for what is outside that nobody bounds.
  [
    "src/backups/backup/socket.ts",
    'import { connect } from "node:net";\nexport const a = connect(1);',
    "@typescript-eslint/no-restricted-imports",
  ],
  [
    "src/adapters/pg-tools/child.ts",
    'import { spawn } from "node:child_process";\nexport const a = spawn("true");',
    "@typescript-eslint/no-restricted-imports",
  ],
  [
    "src/adapters/postgres/driver.ts",
    'import pg from "pg";\nexport const a = new pg.Client().query("SELECT 1");',
    "@typescript-eslint/no-restricted-imports",
  ],
  ["src/rollout/fetch.ts", 'export const a = fetch("https://example.com");', "no-restricted-globals"],
  ["src/adapters/postgres/env.ts", 'export const a = process.env["HOME"];', "no-restricted-properties"],
  [
    "src/adapters/system/env.ts",
    'export const a = [process.env["HOME"], Date.now(), Math.random(), new Date()];',
    undefined,
  ],
  ["src/entry/env.ts", 'export const a = process.env["HOME"];', undefined],
  [
    "src/backups/backup/floating.ts",
    "const f = async (): Promise<void> => {};\nexport const a = (): void => {\n  f();\n};",
    "@typescript-eslint/no-floating-promises",
  ],
  [
    "src/backups/backup/switch.ts",
    'export const a = (x: "a" | "b"): number => {\n  switch (x) {\n    case "a":\n      return 1;\n  ' +
      "}\n  return 2;\n};",
    "@typescript-eslint/switch-exhaustiveness-check",
  ],
  [
    "src/backups/backup/types.ts",
    'import { Stats } from "node:fs";\nexport type S = Stats;',
    "@typescript-eslint/consistent-type-imports",
  ],
  [
    "src/backups/backup/any.ts",
    'export const a = JSON.parse("1");\nexport const b: string = a.c;',
    "@typescript-eslint/no-unsafe-member-access",
  ],
  [
    "src/backups/backup/long.ts",
    Array.from({ length: 331 }, (_, i) => `export const a${i} = ${i};`).join("\n"),
    "max-lines",
  ],
  [
    "src/backups/backup/long-enough.ts",
    Array.from({ length: 329 }, (_, i) => `export const a${i} = ${i};`).join("\n"),
    undefined,
  ],
  [
    "src/backups/backup/braces.ts",
    "export const a = (b: number): number => {\n  if (b > 0)\n    return 1;\n  return 2;\n};",
    "curly",
  ],
  [
    "src/backups/backup/function.ts",
    `export const a = (): number[] => {\n${"  void 0;\n".repeat(95)}  return [];\n};`,
    "max-lines-per-function",
  ],
];

describe("the lint guard", () => {
  const found = new Map<string, string[]>();
  let folder: string;

  beforeAll(async () => {
    folder = plant(Object.fromEntries(LINTED.map(([path, text]) => [path, `${text}\n`])));
    const { stdout, code } = await run(
      process.execPath,
      [join(root, "node_modules/eslint/bin/eslint.js"), "--format", "json", "src"],
      { cwd: folder },
    );
    expect(code).toBe(1);
    for (const { filePath, messages } of JSON.parse(stdout) as {
      filePath: string;
      messages: { ruleId: string }[];
    }[]) {
      found.set(
        filePath.slice(folder.length + 1),
        messages.map((message) => message.ruleId),
      );
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
