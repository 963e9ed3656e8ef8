/**
 * The walls of the house, as docs/architecture.md draws them:
 *
 *   entry → commands → wings → nouns → ports → postgres → kernel;  adapters → ports, postgres, kernel
 *
 * They deny by default: a room may import what is written here, its own files, packages and Node, and nothing
 * else; a room that is not written here may import nothing of ours.
 */
const GROUND = ["ports", "postgres", "kernel"];

/**
 * What wings share, each noun with the nouns that it stands on. The files of content/ itself are the words
 * its rooms have in common.
 */
const NOUNS = {
  "nouns/server": [],
  "nouns/settings": [],
  "nouns/store": [],
  "nouns/forge": [],
  "nouns/seal": [],
  "nouns/migration-files": [],
  "nouns/release-unit": ["nouns/migration-files", "nouns/store"],
  "nouns/runbook": ["nouns/store", "nouns/catalog"],
  "nouns/content": [],
  "nouns/content/read": ["nouns/content", "nouns/server"],
  "nouns/content/rows": ["nouns/content/read", "nouns/content", "nouns/server"],
  "nouns/content/compare": ["nouns/content/rows", "nouns/content/read", "nouns/content"],
  "nouns/content/omissions": ["nouns/content/compare", "nouns/content/read", "nouns/content", "nouns/server"],
  "nouns/platform": ["nouns/content", "nouns/content/read"],
  "nouns/catalog": ["nouns/content", "nouns/content/omissions", "nouns/platform", "nouns/store"],
};
const EVERY_NOUN = Object.keys(NOUNS);

/** Wings, with what the capabilities of one share; capabilities do not import each other. */
const WINGS = {
  // Each shared room with those of the wing that it stands on.
  backups: {
    capabilities: ["backup", "validate", "restore", "list", "keygen"],
    shared: {
      "copy/databases": [],
      "copy/artifacts": [],
      "copy/rights": ["copy/artifacts"],
      "copy/loading": ["copy/rights", "copy/artifacts"],
      "copy/judging": ["copy/loading", "copy/rights", "copy/artifacts"],
    },
  },
  schema: {
    capabilities: ["check", "apply", "rollback", "status"],
    shared: {
      script: [],
      folder: ["script"],
      shadow: ["script"],
      proof: ["shadow", "script"],
      history: ["folder"],
      books: ["folder", "history"],
      live: ["proof", "history"],
      lease: ["history"],
      steps: ["script"],
    },
  },
  governance: {
    capabilities: [
      "pr-policy",
      "protect",
      "release-plan",
      "release-publish",
      "release-status",
      "release-cut",
      "hotfix",
    ],
    shared: {
      findings: [],
      merging: [],
      steps: [],
      versions: ["steps"],
      description: [],
      coverage: ["findings"],
      commits: ["findings"],
      patterns: [],
      dependencies: ["findings", "patterns"],
    },
  },
  rollout: {
    capabilities: [
      "deploy",
      "rollback",
      "watch",
      "functions/check",
      "functions/snapshot",
      "functions/deploy",
      "functions/rollback",
      "functions/status",
      "sandbox",
    ],
    shared: {
      app: [],
      "functions/manifest": [],
      "functions/sources": ["functions/manifest"],
      "functions/archive": ["functions/sources", "functions/manifest"],
      "functions/carry": ["functions/archive", "functions/sources", "functions/manifest"],
    },
  },
  configuration: { capabilities: ["settings-check", "init"], shared: {} },
};

/**
 * Capabilities that have rooms of their own, each room with those of them that it stands on, from the ground
 * up. The files of the capability itself are its story and stand on all of them; nobody else enters its
 * rooms.
 */
const WITHIN = {
  "backups/restore": {
    request: [],
    care: ["request"],
    chosen: ["care", "request"],
    target: ["chosen", "request"],
    beside: [],
    clear: ["target", "chosen", "care", "request"],
    rows: ["clear", "target", "chosen", "care", "request"],
    properties: ["target", "chosen", "care", "request"],
    rights: ["target", "chosen", "care", "request"],
    safety: ["rows", "chosen", "care", "request"],
    compare: ["rights", "properties", "rows", "beside", "target", "chosen", "request"],
    "project/ends": ["request"],
    "project/archive": ["project/ends", "chosen", "request"],
    "project/users": ["project/archive", "project/ends", "rights"],
    "project/ground": ["project/users", "project/archive", "rights", "clear", "chosen"],
    "project/not-made": [
      "project/ground",
      "project/users",
      "project/archive",
      "project/ends",
      "rights",
      "chosen",
    ],
    "project/definitions": ["request"],
    "project/rows": [
      "project/definitions",
      "project/users",
      "project/archive",
      "rights",
      "rows",
      "chosen",
      "care",
    ],
    "project/rights": [
      "project/definitions",
      "project/users",
      "project/ends",
      "properties",
      "clear",
      "chosen",
    ],
    project: [
      "project/rights",
      "project/rows",
      "project/definitions",
      "project/not-made",
      "project/ground",
      "project/users",
      "project/archive",
      "project/ends",
      "compare",
      "rights",
      "properties",
      "rows",
      "target",
      "chosen",
      "care",
      "request",
    ],
  },
};
const CAPABILITIES = Object.entries(WINGS).flatMap(([wing, { capabilities }]) =>
  capabilities.map((each) => `${wing}/${each}`),
);
const wings = () =>
  Object.entries(WINGS).flatMap(([wing, { capabilities, shared }]) => [
    ...Object.entries(shared).map(([room, below]) => [
      `${wing}/${room}`,
      [...below.map((each) => `${wing}/${each}`), ...EVERY_NOUN, ...GROUND],
    ]),
    ...capabilities.flatMap((room) =>
      capability(`${wing}/${room}`, [
        ...Object.keys(shared).map((each) => `${wing}/${each}`),
        ...EVERY_NOUN,
        ...GROUND,
      ]),
    ),
  ]);
/** A capability and its rooms; what is below the one is below the others. */
function capability(name, below) {
  const rooms = WITHIN[name] ?? {};
  const inIt = (room) => `${name}/${room}`;
  return [
    ...Object.entries(rooms).map(([room, own]) => [inIt(room), [...own.map(inIt), ...below]]),
    [name, [...Object.keys(rooms).map(inIt), ...below]],
  ];
}

/** Room → rooms that it may import. */
const ROOMS = Object.fromEntries([
  ["kernel", []],
  ["postgres", ["kernel"]],
  ["ports", ["postgres", "kernel"]],
  ...Object.entries(NOUNS).map(([noun, below]) => [noun, [...below, ...GROUND]]),
  ...wings(),
  ["commands", [...CAPABILITIES, ...EVERY_NOUN, ...GROUND]],
  ...[
    "actions-runner",
    "app-service",
    "azure-blob",
    "file-store",
    "github",
    "npm-registry",
    "pg-tools",
    "postgres",
    "scratch-server",
    "semantic-release",
    "source-tree",
    "store-decorators",
    "supabase",
    "system",
    "terminal",
  ].map((adapter) => [`adapters/${adapter}`, GROUND]),
  // The sandbox plays services: it touches, as adapters do. Its parts know the router, and not each other.
  ["sandbox/router", GROUND],
  ["sandbox/app-service", ["sandbox/router", ...GROUND]],
  ["sandbox", ["sandbox/router", "sandbox/app-service", "sandbox/supabase", ...GROUND]],
  ["sandbox/supabase", ["sandbox/router", ...GROUND]],
  ["entry/process", ["entry/inputs", "ports", "kernel"]],
  ["entry/inputs", ["commands", "kernel"]],
  ["entry/output", ["commands", "entry/process", "ports", "kernel"]],
  ...["cli", "action"].map((door) => [
    `entry/${door}`,
    ["entry", "entry/inputs", "entry/output", "entry/process", "commands", "ports", "kernel"],
  ]),
  // The one place that picks adapters, and the one that is started.
  [
    "entry",
    [
      "entry/cli",
      "entry/action",
      "entry/inputs",
      "entry/process",
      "adapters/[^/]+",
      "sandbox",
      "commands",
      "ports",
      "kernel",
    ],
  ],
  [
    "devtools",
    [
      "devtools/generate",
      "schema/check",
      "governance/pr-policy",
      "governance/dependencies",
      "rollout/functions/manifest",
      "commands",
      "entry",
      "entry/inputs",
      "entry/cli",
      ...EVERY_NOUN,
      ...GROUND,
    ],
  ],
  [
    "devtools/generate",
    // The documents print the rules' own texts.
    [
      "devtools",
      "schema/check",
      "governance/pr-policy",
      "governance/dependencies",
      "rollout/functions/manifest",
      "commands",
      "entry",
      "entry/inputs",
      "entry/cli",
      ...EVERY_NOUN,
      ...GROUND,
    ],
  ],
]);
/** These hold rooms beside files of their own. */
const WITH_ROOMS = new Set([
  "entry",
  "nouns/content",
  "devtools",
  "sandbox",
  "backups/restore",
  "backups/restore/project",
]);

/** Path pattern of the files that are a room's own. */
const inside = (room) => `^src/${room}/${WITH_ROOMS.has(room) ? "[^/]+$" : ""}`;

module.exports = { ROOMS, inside };
