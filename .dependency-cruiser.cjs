/**
 * The walls of the house, as docs/architecture.md draws them:
 *
 *   entry → commands → orchestrations → capabilities → shared nouns → ports → kernel;  adapters → ports, kernel
 *
 * Each room may import what is written here, and itself; nothing else.
 */
const CAPABILITIES = ["backup", "validate", "restore", "list", "keygen"];
const ORCHESTRATIONS = ["rollback", "recovery", "maintenance"];
const NOUNS = ["content", "catalog", "platform", "seal", "archive", "runbook", "settings"];

/** Type-only: capabilities name the bundle of ports that a command hands them; nothing of the menu is loaded. */
const MENU_TYPES = "^src/commands/(define|ports)\\.ts$";

const room = (names) => `^src/(${[names].flat().join("|")})/`;

/** `from` may import only `to` (and its own room, and packages). */
function wall(from, to, comment) {
  return {
    name: `${from}-imports-only`,
    comment,
    severity: "error",
    from: { path: room(from) },
    to: { path: "^src/", pathNot: [room(from), ...to.map((each) => (each.startsWith("^") ? each : room(each)))] },
  };
}

module.exports = {
  forbidden: [
    wall("kernel", [], "The kernel imports nothing of ours."),
    wall("ports", ["kernel"], "A port knows the kernel only."),
    ...["content", "seal", "runbook", "settings"].map((noun) => wall(noun, ["ports", "kernel"], "A shared noun stands on ports and kernel.")),
    wall("platform", ["content", "ports", "kernel"], "A platform's record says whose the objects of a content record are."),
    wall("catalog", ["content", "platform", "ports", "kernel"], "A manifest holds content records, and whose they are."),
    wall("archive", ["catalog", "seal", "content", "platform", "ports", "kernel"], "An archive is what the catalog names, sealed."),
    ...CAPABILITIES.map((capability) =>
      wall(capability, [...NOUNS, "ports", "kernel", MENU_TYPES], "Capabilities do not import each other: what two need is a noun, and gets a room."),
    ),
    ...ORCHESTRATIONS.map((each) => wall(each, [...CAPABILITIES, ...NOUNS, "ports", "kernel", MENU_TYPES], "Orchestrations alone may use several capabilities.")),
    wall("commands", [...ORCHESTRATIONS, ...CAPABILITIES, ...NOUNS, "ports", "kernel"], "The menu calls capabilities; it knows neither entry nor adapters."),
    wall("adapters", ["ports", "kernel"], "An adapter touches the world for a port."),
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
      comment: "A cycle is one thing in two files. Where one of the imports is of types alone, nothing is loaded in a circle.",
      severity: "error",
      from: { path: "^src/" },
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "no-orphans",
      comment: "Nobody imports this file and it imports nobody: it is dead.",
      severity: "error",
      from: { orphan: true, path: "^src/", pathNot: "^src/(entry/main|devtools/[^/]+)\\.ts$" },
      to: {},
    },
    {
      name: "no-undeclared-packages",
      comment: "What is shipped may only use the production dependencies of package.json.",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/devtools/" },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"] },
    },
    { name: "no-unresolvable", comment: "The import leads nowhere.", severity: "error", from: { path: "^(src|test|scripts|bench)/" }, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: "node_modules|^dist/" },
    // Type-only imports are walls too.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"], extensions: [".ts", ".mjs", ".js", ".cjs"] },
  },
};
