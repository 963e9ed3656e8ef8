import js from "@eslint/js";
import regexp from "eslint-plugin-regexp";
import tseslint from "typescript-eslint";

/** Time, chance, environment and output are ports: only the edge of the house may touch the real ones. */
const EDGE_ONLY = {
  "no-console": "error",
  "no-restricted-globals": ["error", { name: "console", message: "Use the Log port." }],
  "no-restricted-imports": [
    "error",
    { name: "node:process", message: "Only src/entry and src/adapters/system may touch the process." },
  ],
  "no-restricted-properties": [
    "error",
    {
      object: "process",
      property: "env",
      message: "Only src/entry and src/adapters/system read the environment; take what you need as a value.",
    },
    {
      object: "process",
      property: "exit",
      message: "Only src/entry ends the process; throw or return instead.",
    },
    { object: "Date", property: "now", message: "Use the Clock port." },
    { object: "performance", property: "now", message: "Use the Clock port." },
    { object: "Math", property: "random", message: "Use the Random port." },
  ],
  "no-restricted-syntax": [
    "error",
    {
      selector: "NewExpression[callee.name='Date'][arguments.length=0]",
      message: "The current time comes from the Clock port.",
    },
    { selector: "ExportDefaultDeclaration", message: "Exports have names." },
    {
      selector: "CallExpression[callee.property.name='addEventListener'][arguments.0.value='abort']",
      message: "A signal that has aborted already tells nobody: use kernel/on-abort.ts or soon-after.ts.",
    },
    {
      selector: "ImportDeclaration[source.value='zod'] ImportSpecifier[imported.name='z']",
      message: "Write `import * as z`: the object `z` brings two thirds of zod along that nobody uses.",
    },
    {
      selector: "MemberExpression[property.name=/^toLocale|^localeCompare$/], Identifier[name='Intl']",
      message: "Its first call loads the tables of all languages: kernel/quantity.ts groups digits.",
    },
  ],
};

/**
 * What reaches out of this process. Whoever waits for it must bound the wait, so it is behind few doors, each
 * of which does; everybody else comes through one of them.
 */
const REACHING_OUT = ["child_process", "dgram", "http", "http2", "https", "net", "tls"].flatMap((name) => [
  { name, message: "Reach out through an adapter that bounds its waits." },
  {
    name: `node:${name}`,
    allowTypeImports: true,
    message: "Reach out through an adapter that bounds its waits.",
  },
]);
const DOORS = [
  "src/adapters/app-service/**",
  "src/adapters/azure-blob/**",
  "src/adapters/github/**",
  "src/adapters/npm-registry/advisories.ts",
  "src/adapters/pg-tools/{discovery,large-writes,output-socket,program}.ts",
  "src/adapters/postgres/{cancel,client,session,socket,start-up}.ts",
  "src/adapters/scratch-server/{server,sweep}.ts",
  "src/adapters/source-tree/git.ts",
  "src/adapters/supabase/{call-function,management-client}.ts",
  // Services that are played on this machine, and the programs that they start.
  "src/sandbox/**",
];
/** The driver's own client waits for ever. */
const DRIVER = {
  name: "pg",
  allowTypeImports: true,
  message: "Only the files that bound every wait of a session may have the driver.",
};

const BOUNDED_WAITS = {
  "@typescript-eslint/no-restricted-imports": ["error", { paths: [...REACHING_OUT, DRIVER] }],
  "no-restricted-globals": [
    ...EDGE_ONLY["no-restricted-globals"],
    { name: "fetch", message: "Reach out through an adapter that bounds its waits." },
  ],
};

/**
 * A limit is there to find drawers. A line holds less since it has 110 columns and every property its own:
 * what had been 250 and 70 lines became a third more.
 */
const SIZES = {
  "max-lines": ["error", { max: 330, skipBlankLines: true, skipComments: true }],
  "max-lines-per-function": ["error", { max: 95, skipBlankLines: true, skipComments: true }],
};

/**
 * Texts of pull requests, of files and of servers are matched everywhere: a pattern that tries the same
 * characters in more ways than one, or begins anew within them, keeps a run busy for as long as a stranger
 * likes.
 */
const PATTERNS = {
  plugins: { regexp },
  rules: {
    "regexp/no-super-linear-backtracking": ["error", { report: "potential" }],
    "regexp/no-super-linear-move": ["error", { report: "potential" }],
  },
};

export default tseslint.config(
  { ignores: ["dist/", "coverage/", ".cache/", "actions/", "node_modules/"] },
  js.configs.recommended,
  PATTERNS,
  {
    files: ["**/*.ts"],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/no-import-type-side-effects": "error",
      // A number or boolean in a template is plain; objects, which would read `[object Object]`,
      // stay forbidden.
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true, allowNullish: true },
      ],
      // Ports are asynchronous by contract, also where a fake or a small adapter has nothing to wait for.
      "@typescript-eslint/require-await": "off",
      // Wrong about everything that changes behind the compiler's back: an AbortSignal, a flag set
      // by an event.
      "@typescript-eslint/no-unnecessary-condition": "off",
      // What was caught is unknown and may be thrown on as it is, also later and elsewhere; literals may not.
      "@typescript-eslint/only-throw-error": "off",
      "no-throw-literal": "error",
      // A body below its condition needs braces; Prettier leaves that to whoever writes.
      curly: ["error", "multi-line"],
      // With noUncheckedIndexedAccess an index that was just checked needs it.
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-meaningless-void-operator": "off",
      // Control characters are looked for on purpose: names and server messages may hold them.
      "no-control-regex": "off",
      // () => void of a void call is how callbacks are written here.
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_", caughtErrorsIgnorePattern: "^_" },
      ],
    },
  },
  { files: ["src/**/*.ts"], rules: { ...SIZES, ...EDGE_ONLY, ...BOUNDED_WAITS } },
  {
    files: DOORS,
    rules: {
      "@typescript-eslint/no-restricted-imports": "off",
      "no-restricted-globals": EDGE_ONLY["no-restricted-globals"],
    },
  },
  {
    files: ["src/entry/**/*.ts", "src/adapters/system/**/*.ts", "src/devtools/**/*.ts"],
    rules: {
      "@typescript-eslint/no-restricted-imports": "off",
      "no-console": "off",
      "no-restricted-globals": "off",
      "no-restricted-imports": "off",
      "no-restricted-properties": "off",
      "no-restricted-syntax": "off",
    },
  },
  {
    // These are what everybody else uses.
    files: ["src/kernel/{on-abort,soon-after}.ts"],
    rules: { "no-restricted-syntax": "off" },
  },
  {
    // What other people's packages export is theirs to name.
    files: ["**/untyped-modules.d.ts"],
    rules: { "no-restricted-syntax": "off" },
  },
  {
    // What a test says it expects is often what its types cannot know; rejects.toThrow and friends are
    // awaited by the expect.
    files: ["test/**/*.ts", "bench/**/*.ts", "scripts/**/*.ts"],
    rules: {
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-return": "off",
      "@typescript-eslint/unbound-method": "off",
      "@typescript-eslint/no-base-to-string": "off",
      "@typescript-eslint/no-dynamic-delete": "off",
      "no-empty-pattern": "off",
    },
  },
  {
    files: ["**/*.js", "**/*.mjs", "**/*.cjs"],
    languageOptions: {
      globals: { process: "readonly", console: "readonly", URL: "readonly", module: "writable" },
    },
  },
);
