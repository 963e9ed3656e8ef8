/** Jest on Node's own ES modules and type stripping; start it with `npm test [-- <path or -t title>]`, which sets the node flag it needs. */
const shared = {
  rootDir: ".",
  testEnvironment: "node",
  extensionsToTreatAsEsm: [".ts"],
  transform: { "\\.ts$": "<rootDir>/test/support/strip-types-transform.js" },
  // Built output holds a second package.json of the same tree; the haste map must not see it.
  modulePathIgnorePatterns: ["<rootDir>/dist/", "<rootDir>/.cache/"],
};

export default {
  ...shared,
  testMatch: ["<rootDir>/test/**/*.test.ts"],
  globalSetup: "<rootDir>/test/support/global-setup.ts",
  globalTeardown: "<rootDir>/test/support/global-teardown.ts",
  // Servers, child processes and megabytes are involved; a hang is still found in reasonable time.
  testTimeout: 180_000,
  maxWorkers: 2,
};
