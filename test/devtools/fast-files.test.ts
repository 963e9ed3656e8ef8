import { beforeAll, describe, expect, it } from "@jest/globals";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FAST_FILES, SLOW_FILES } from "../fast-files.ts";
import { run, scratchFolder } from "../support/tools.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Ways out of the process, and none, as a test file would go them; `swallows` takes the refusal for an
 * answer.
 */
const CALLS: Readonly<Record<string, string>> = {
  spawns:
    'import { spawn } from "node:child_process"; const act = () => void spawn(process.execPath, ' +
    '["--version"]);',
  executes:
    'import { execFileSync } from "node:child_process"; const act = () => void ' +
    'execFileSync(process.execPath, ["--version"]);',
  connects:
    'import { connect } from "node:net"; const act = () => void connect(1, "127.0.0.1").on("error", ' +
    "() => undefined);",
  listens:
    'import { createServer } from "node:http"; const act = () => void createServer().listen(0).close();',
  swallows:
    'import { spawnSync } from "node:child_process"; const act = () => { try { spawnSync(process.execPath, ' +
    '["--version"]); } catch {} };',
  stays: "const act = () => undefined;",
};

it("the lists name files that are there, each once and in order", () => {
  for (const list of [FAST_FILES, SLOW_FILES]) expect([...list].sort()).toEqual(list);
  const all = [...FAST_FILES, ...SLOW_FILES];
  expect(all.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  expect(new Set(all).size).toBe(all.length);
});

describe("test files that leave their process, or do not", () => {
  let report: string;
  let stayed: string[];

  beforeAll(async () => {
    await using scratch = scratchFolder("fast-files");
    for (const [name, act] of Object.entries(CALLS)) {
      writeFileSync(
        join(scratch.path, `${name}.test.ts`),
        `import { it } from "@jest/globals";\n${act}\nit("does", () => { act(); });\n`,
      );
    }
    const shared = {
      rootDir: scratch.path,
      extensionsToTreatAsEsm: [".ts"],
      transform: { "\\.ts$": join(root, "test/support/strip-types-transform.js") },
    };
    const projects = ["forbid", "watch"].map((name) => ({
      ...shared,
      displayName: name,
      setupFilesAfterEnv: [join(root, `test/support/fast/${name}.ts`)],
    }));
    // In one process, one after the other: what is forbidden to one file must not be forbidden to the next.
    const words = [
      "--experimental-vm-modules",
      join(root, "node_modules/jest/bin/jest.js"),
      "--runInBand",
      "--config",
      JSON.stringify({ projects }),
    ];
    const notes = join(scratch.path, "stayed.txt");
    const { stderr } = await run(process.execPath, words, {
      cwd: scratch.path,
      env: { ...process.env, HOLDFAST_TEST_STAYED: notes },
    });
    report = stderr;
    stayed = readFileSync(notes, "utf8")
      .trimEnd()
      .split("\n")
      .map((path) => path.slice(scratch.path.length + 1));
  });

  it.each(["spawns", "executes", "connects", "listens", "swallows"])(
    "one that %s fails among the fast ones, with the call and what to do, and passes among the others",
    (name) => {
      expect(report).toContain(`FAIL forbid ./${name}.test.ts`);
      expect(report).toMatch(
        new RegExp(
          `${name}\\.test\\.ts is one of the fast tests \\(test/fast-files\\.ts\\), which start no program ` +
            ".* but it called (spawn|spawnSync|execFileSync|connect|listen)\\b.*: take it off that list",
        ),
      );
      expect(report).toContain(`PASS watch ./${name}.test.ts`);
    },
  );

  it("one that stays passes among both, and is noted where it does not belong", () => {
    expect(report).toContain("PASS forbid ./stays.test.ts");
    expect(report).toContain("PASS watch ./stays.test.ts");
    expect(stayed).toEqual(["stays.test.ts"]);
  });
});
