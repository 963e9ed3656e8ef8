import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { MENU } from "../commands/menu.ts";
import { camelCase } from "../entry/inputs/parse-inputs.ts";

/**
 * `npm run new-command -- <wing>/<name>`: the files a new command consists of (its place in the menu, its
 * capability behind walls, its test, among the fast ones), small but working, so that the next thing to do is
 * to write what it is for. Afterwards `npm run generate`.
 */

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The new files of a command, by path from the repository's root. */
export function commandFiles(wing: string, name: string): ReadonlyMap<string, string> {
  const variable = camelCase(name);
  const type = `${variable[0]?.toUpperCase() ?? ""}${variable.slice(1)}`;
  return new Map([
    [
      `src/commands/${wing}/${name}.ts`,
      `import { store, storeSecret } from "../common-inputs.ts";
import { defineCommand } from "../define.ts";

/** \`holdfast ${name}\`. */
export const ${variable} = defineCommand({
  name: "${name}",
  wing: "${wing}",
  summary: "Check that a store can be reached",
  description: \`Opens the store and asks it whether it answers.\`,
  branding: { icon: "box", color: "blue" },
  inputs: { store, "store-secret": storeSecret },
  outputs: { store: "URL of the store that answered." },
  exits: { 0: "the store answered" },
  examples: {
    cli: ["holdfast ${name} --store file:///var/backups/holdfast"],
    workflow: \`jobs:
  ${name}:
    runs-on: ubuntu-latest
    steps:
      - uses: truststream/holdfast/actions/${name}@v1
        with:
          store: azure://mybackups/holdfast/prod
          store-secret: \\\${{ secrets.STORE_CONNECTION_STRING }}
\`,
  },
  async run(inputs, ports) {
    const { run${type} } = await import("../../${wing}/${name}/run.ts");
    return run${type}(inputs, ports);
  },
});
`,
    ],
    [
      `src/${wing}/${name}/run.ts`,
      `import { EXIT } from "../../kernel/errors.ts";
import type { Outcome } from "../../kernel/outcome.ts";
import type { Secret } from "../../kernel/secret.ts";
import type { Ports } from "../../ports/ports.ts";

/** The parsed inputs of \`holdfast ${name}\`. */
export interface ${type}Inputs {
  readonly store: string;
  readonly storeSecret: Secret | undefined;
}

/** \`holdfast ${name}\`: see src/commands/${wing}/${name}.ts. */
export async function run${type}(inputs: ${type}Inputs, ports: Pick<Ports, "openStore">): Promise<Outcome> {
  const store = await ports.openStore(inputs.store, inputs.storeSecret);
  await store.check(false);
  return {
    exit: EXIT.done,
    outputs: { store: store.url },
    report: { good: true, headline: \`\${store.url} answered\`, tables: [], notes: [] },
  };
}
`,
    ],
    [
      `test/${wing}/${name}/run.test.ts`,
      `import { expect, it } from "@jest/globals";
import { run${type} } from "../../../src/${wing}/${name}/run.ts";
import { MemoryStore } from "../../fakes/memory-store.ts";

it("says that the store answered", async () => {
  const store = new MemoryStore();
  const ports = { openStore: () => Promise.resolve(store) };
  expect(await run${type}({ store: store.url, storeSecret: undefined }, ports)).toMatchObject({
    exit: 0,
    outputs: { store: store.url },
  });
});
`,
    ],
  ]);
}

/** The menu with one more command at its end. */
export function menuWith(menu: string, wing: string, name: string): string {
  const variable = camelCase(name);
  const imports = [...menu.matchAll(/^import .*$/gm)].map(([line]) => line);
  const line = `import { ${variable} } from "./${wing}/${name}.ts";`;
  if (imports.includes(line)) throw new Error(`${name} is in the menu already`);
  const sorted = [...imports, line].sort((a, b) =>
    (a.split(" from ")[1] ?? "").localeCompare(b.split(" from ")[1] ?? ""),
  );
  const rest = menu.slice(menu.lastIndexOf(imports.at(-1) ?? "") + (imports.at(-1) ?? "").length);
  return (
    sorted.join("\n") +
    rest.replace(
      /(MENU: readonly Command\[\] = \[)([^\]]*?)(,\n)?\]/,
      (_, head: string, list: string, broken?: string) =>
        broken === undefined ? `${head}${list}, ${variable}]` : `${head}${list},\n  ${variable},\n]`,
    )
  );
}

/** The walls (`walls.cjs`) with one more capability in its wing, or with a new wing around it. */
export function wallsWith(walls: string, wing: string, name: string): string {
  // Also where the formatter gave each property, or each name, a line of its own.
  const listed = new RegExp(`^( {2}${wing}: \\{\\s+capabilities: \\[)([^\\]]*?),?\\s*\\]`, "m");
  const found = listed.exec(walls);
  if (found?.[2]?.includes(`"${name}"`) === true) {
    throw new Error(`${wing}/${name} has walls already`);
  }
  if (found !== null) return walls.replace(listed, `$1$2, "${name}"]`);
  const end = /^const WINGS = \{\n(?: {2}.*\n)*/m;
  if (!end.test(walls)) throw new Error("no `const WINGS = {` in walls.cjs");
  return walls.replace(end, (all) => `${all}  ${wing}: { capabilities: ["${name}"], shared: {} },\n`);
}

/** The list of fast tests (`test/fast-files.ts`) with one more, in its place: it starts no program. */
export function fastFilesWith(text: string, path: string): string {
  const found = /(FAST_FILES: readonly string\[\] = \[\n)((?: {2}".*",\n)*)/.exec(text);
  if (found === null) throw new Error("no `FAST_FILES: readonly string[] = [` in test/fast-files.ts");
  const [all, head = "", lines = ""] = found;
  const line = `  "${path}",`;
  const listed = lines.trimEnd().split("\n");
  if (listed.includes(line)) throw new Error(`${path} is among the fast files already`);
  return text.replace(all, () => `${head}${[...listed, line].sort().join("\n")}\n`);
}

/** Words that name nothing in JavaScript. */
const RESERVED = new Set(
  (
    "await break case catch class const continue debugger default delete do else enum export extends " +
    "false finally for function if implements import in instanceof interface let new null package private " +
    "protected public return static super switch this throw true try typeof var void while with yield"
  ).split(" "),
);

/** First words that the command line answers itself. */
const CLI_OWN = new Set(["help", "version"]);

/** Why a command cannot be called so; undefined where it can. */
export function whyNot(
  menu: readonly { readonly name: string; readonly wing: string }[],
  rooms: readonly string[],
  wing: string,
  name: string,
): string | undefined {
  if (RESERVED.has(name)) return `${name} is a word of the language`;
  if (CLI_OWN.has(name)) return `holdfast ${name} is what the command line answers itself`;
  const other = menu.find((command) => command.name === name);
  if (other !== undefined) return `${name} is in the menu already, of the wing ${other.wing}`;
  return rooms.includes(wing) && !menu.some((command) => command.wing === wing)
    ? `src/${wing}/ is a room and no wing`
    : undefined;
}

/** A word that makes no command: the person's to mend, so told without a stack. */
class Refused extends Error {}

/** What would be written: new files and changed ones, by path from the root. */
function planned(
  word: string | undefined,
  repository: string,
): { readonly files: ReadonlyMap<string, string>; readonly changed: ReadonlyMap<string, string> } {
  const [, wing, name] = /^([a-z]+)\/([a-z]+(?:-[a-z]+)*)$/.exec(word ?? "") ?? [];
  if (wing === undefined || name === undefined) {
    throw new Refused(
      `${word === undefined ? "no name was given" : `'${word}' is no <wing>/<name>`}: ` +
        "npm run new-command -- <wing>/<name>, such as backups/prune, in lower case",
    );
  }
  const why = whyNot(MENU, readdirSync(join(repository, "src")), wing, name);
  if (why !== undefined) throw new Refused(`${why}: take another name`);
  const files = commandFiles(wing, name);
  for (const path of files.keys()) {
    if (existsSync(join(repository, path))) {
      throw new Refused(`${path} exists already: remove it, or take another name`);
    }
  }
  const change = (path: string, edit: (text: string) => string): [string, string] => [
    path,
    edit(readFileSync(join(repository, path), "utf8")),
  ];
  const tests = [...files.keys()].filter((path) => path.endsWith(".test.ts"));
  const changed = new Map([
    change("src/commands/menu.ts", (menu) => menuWith(menu, wing, name)),
    change("walls.cjs", (walls) => wallsWith(walls, wing, name)),
    change("test/fast-files.ts", (list) => tests.reduce(fastFilesWith, list)),
  ]);
  return { files, changed };
}

/**
 * Writes a command's files and changes the lists that name it.
 *
 * @returns the exit code: 2 where nothing was written, because the word makes no command
 */
export function newCommand(
  word: string | undefined,
  repository: string,
  say: (text: string) => void,
): number {
  try {
    const { files, changed } = planned(word, repository);
    for (const [path, text] of files) {
      mkdirSync(dirname(join(repository, path)), { recursive: true });
      writeFileSync(join(repository, path), text, { flag: "wx" });
      say(`wrote ${path}`);
    }
    for (const [path, text] of changed) {
      writeFileSync(join(repository, path), text);
      say(`changed ${path}`);
    }
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(`new-command: ${error.message}`);
    return 2;
  }
  say("now run `npm run generate`");
  return 0;
}

if (import.meta.main) {
  process.exitCode = newCommand(process.argv[2], root, (text) => process.stderr.write(`${text}\n`));
}
