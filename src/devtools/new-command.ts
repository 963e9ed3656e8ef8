import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { camelCase } from "../entry/inputs/parse-inputs.ts";

/**
 * `node src/devtools/new-command.ts <name>`: the files a new command consists of (its place in the menu, its capability, its test), small
 * but working, so that the next thing to do is to write what it is for. Afterwards `npm run generate`.
 */

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The new files of a command, by path from the repository's root. */
export function commandFiles(name: string): ReadonlyMap<string, string> {
  const variable = camelCase(name);
  const type = `${variable[0]?.toUpperCase() ?? ""}${variable.slice(1)}`;
  return new Map([
    [
      `src/commands/${name}.ts`,
      `import { store, storeSecret } from "./common-inputs.ts";
import { defineCommand } from "./define.ts";

/** \`holdfast ${name}\`. */
export const ${variable} = defineCommand({
  name: "${name}",
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
    const { run${type} } = await import("../${name}/run.ts");
    return run${type}(inputs, ports);
  },
});
`,
    ],
    [
      `src/${name}/run.ts`,
      `import { EXIT } from "../kernel/errors.ts";
import type { Outcome } from "../kernel/outcome.ts";
import type { Secret } from "../kernel/secret.ts";
import type { Ports } from "../ports/ports.ts";

/** The parsed inputs of \`holdfast ${name}\`. */
export interface ${type}Inputs {
  readonly store: string;
  readonly storeSecret: Secret | undefined;
}

/** \`holdfast ${name}\`: see commands/${name}.ts. */
export async function run${type}(inputs: ${type}Inputs, ports: Ports): Promise<Outcome> {
  const store = await ports.openStore(inputs.store, inputs.storeSecret);
  await store.check(false);
  return { exit: EXIT.done, outputs: { store: store.url }, report: { good: true, headline: \`\${store.url} answered\`, tables: [], notes: [] } };
}
`,
    ],
    [
      `test/${name}/run.test.ts`,
      `import { expect, it } from "@jest/globals";
import { run${type} } from "../../src/${name}/run.ts";
import type { Ports } from "../ports/ports.ts";
import { MemoryStore } from "../fakes/memory-store.ts";

it("says that the store answered", async () => {
  const store = new MemoryStore();
  const ports = { openStore: () => Promise.resolve(store) } as unknown as Ports;
  expect(await run${type}({ store: store.url, storeSecret: undefined }, ports)).toMatchObject({ exit: 0, outputs: { store: store.url } });
});
`,
    ],
  ]);
}

/** The menu with one more command at its end. */
export function menuWith(menu: string, name: string): string {
  const variable = camelCase(name);
  const imports = [...menu.matchAll(/^import .*$/gm)].map(([line]) => line);
  const line = `import { ${variable} } from "./${name}.ts";`;
  if (imports.includes(line)) throw new Error(`${name} is in the menu already`);
  const sorted = [...imports, line].sort((a, b) => (a.split(" from ")[1] ?? "").localeCompare(b.split(" from ")[1] ?? ""));
  const rest = menu.slice(menu.lastIndexOf(imports.at(-1) ?? "") + (imports.at(-1) ?? "").length);
  return `${sorted.join("\n")}${rest.replace(/(MENU: readonly Command\[\] = \[)([^\]]*)\]/, `$1$2, ${variable}]`)}`;
}

function main(name: string | undefined): void {
  if (name === undefined || !/^[a-z]+(-[a-z]+)*$/.test(name)) throw new Error("usage: node src/devtools/new-command.ts <name-in-lower-case>");
  const files = commandFiles(name);
  for (const path of files.keys()) if (existsSync(join(root, path))) throw new Error(`${path} exists already`);
  const menu = join(root, "src/commands/menu.ts");
  const extended = menuWith(readFileSync(menu, "utf8"), name);
  for (const [path, text] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text, { flag: "wx" });
    process.stderr.write(`wrote ${path}\n`);
  }
  writeFileSync(menu, extended);
  process.stderr.write("added to src/commands/menu.ts; now add the room to .dependency-cruiser.cjs and run `npm run generate`\n");
}

if (import.meta.main) main(process.argv[2]);
