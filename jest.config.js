import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { FAST_FILES } from "./test/fast-files.ts";

/**
 * Jest on Node's own ES modules and type stripping; start it with `npm test [-- <path or -t title>]`, which
 * sets the node flag it needs, or for the project `fast` alone with `npm run test:fast`.
 */
const shared = {
  rootDir: ".",
  testEnvironment: "node",
  extensionsToTreatAsEsm: [".ts"],
  transform: { "\\.ts$": "<rootDir>/test/support/strip-types-transform.js" },
  // Built output holds a second package.json of the same tree; the haste map must not see it.
  modulePathIgnorePatterns: ["<rootDir>/dist/", "<rootDir>/.cache/"],
};

/**
 * What `npm run test:fast -- --coverage` measures: the rooms by which our own pull requests are judged, files
 * of them that no test loads too. They reach for nothing outside, so that the fast tests are all their tests.
 */
const { sources, exclude } = parse(
  readFileSync(new URL(".github/holdfast.yml", import.meta.url), "utf8"),
).coverage;

/** In a pattern, not as a path. */
const literally = (path) => `<rootDir>/${path.replace(/[.]/g, "\\.")}$`;

export default {
  projects: [
    {
      ...shared,
      displayName: "fast",
      testMatch: FAST_FILES.map((path) => `<rootDir>/${path}`),
      setupFilesAfterEnv: ["<rootDir>/test/support/fast/forbid.ts"],
    },
    {
      ...shared,
      displayName: "whole",
      testMatch: ["<rootDir>/test/**/*.test.ts"],
      testPathIgnorePatterns: ["/node_modules/", ...FAST_FILES.map(literally)],
      setupFilesAfterEnv: ["<rootDir>/test/support/fast/watch.ts"],
      globalSetup: "<rootDir>/test/support/global-setup.ts",
      globalTeardown: "<rootDir>/test/support/global-teardown.ts",
    },
  ],
  // Node counts by itself, so that a run with it takes no longer; every line counts, also a comment's.
  coverageProvider: "v8",
  coverageReporters: ["lcovonly"],
  coverageDirectory: "coverage",
  collectCoverageFrom: [...sources, ...exclude.map((path) => `!${path}`)],
  // Servers, child processes and megabytes are involved; a hang is still found in reasonable time.
  testTimeout: 180_000,
  maxWorkers: 2,
  // Workers gain memory with every file, and starting a program takes the longer the more they have: some
  // 0.15 ms for each MB.
  workerIdleMemoryLimit: "300MB",
};
