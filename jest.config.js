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
  // Servers, child processes and megabytes are involved; a hang is still found in reasonable time.
  testTimeout: 180_000,
  maxWorkers: 2,
};
