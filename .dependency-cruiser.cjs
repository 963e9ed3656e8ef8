/** Rooms and what each may import are in walls.cjs; here is what a tool needs to hold the code to it. */
const { ROOMS, inside } = require("./walls.cjs");

/** `from` may import its own room and `to`. */
function door([from, to]) {
  return { from: { path: inside(from) }, to: { path: [from, ...to].map(inside) } };
}

module.exports = {
  allowedSeverity: "error",
  allowed: [
    ...Object.entries(ROOMS).map(door),
    // Packages and Node: which ones is said below.
    {
      from: { path: "^src/" },
      to: { pathNot: "^(src|test|scripts|bench|dist)/", dependencyTypesNot: ["local"] },
    },
    { from: { path: "^(test|scripts|bench)/" }, to: {} },
  ],
  forbidden: [
    {
      name: "entry-imports-no-adapters",
      comment: "Only wire.ts picks adapters.",
      severity: "error",
      from: { path: "^src/entry/", pathNot: "^src/entry/wire\\.ts$" },
      to: { path: "^src/adapters/" },
    },
    {
      name: "adapters-do-not-import-each-other",
      comment: "What two adapters need is a port's or the kernel's.",
      severity: "error",
      from: { path: "^src/adapters/([^/]+)/" },
      to: { path: "^src/adapters/([^/]+)/", pathNot: "^src/adapters/$1/" },
    },
    {
      name: "nobody-imports-devtools",
      comment: "Devtools are never bundled.",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/devtools/" },
      to: { path: "^src/devtools/" },
    },
    {
      name: "src-imports-only-src",
      comment: "What is shipped depends on nothing beside it: no tests, scripts, benchmarks or built files.",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "^(test|scripts|bench|dist)/" },
    },
    {
      name: "dist-is-started-not-imported",
      comment: "Built files are run as programs, as the runner does.",
      severity: "error",
      from: { path: "^(test|scripts|bench)/" },
      to: { path: "^dist/" },
    },
    {
      name: "no-cycles",
      comment: "A cycle is one thing in two files, also where it is one of types alone.",
      severity: "error",
      from: { path: "^src/" },
      to: { circular: true },
    },
    {
      name: "no-orphans",
      comment: "Nobody imports this file and it imports nobody: it is dead.",
      severity: "error",
      from: { orphan: true, path: "^src/", pathNot: "^src/(entry/main|devtools/[^/]+)\\.ts$|\\.d\\.ts$" },
      to: {},
    },
    {
      name: "no-undeclared-packages",
      comment: "What is shipped may only use the production dependencies of package.json.",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/devtools/" },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"] },
    },
    {
      name: "no-unresolvable",
      comment: "The import leads nowhere.",
      severity: "error",
      from: { path: "^(src|test|scripts|bench)/" },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules|^dist/" },
    // Type-only imports are walls too.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
      extensions: [".ts", ".mjs", ".js", ".cjs"],
    },
  },
};
