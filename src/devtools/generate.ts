import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { MENU } from "../commands/menu.ts";
import { generatedFiles } from "./generate/files.ts";

/**
 * `npm run generate`: writes everything that is made from the menu (action.yml files, their READMEs, the
 * reference, the schemas) and removes what a command that is gone has left. CI runs it and fails when
 * anything in the work tree changed.
 */

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Folders in which everything is generated. */
const OWNED = ["actions", "docs/reference", "schemas"];

async function main(): Promise<void> {
  const files = await generatedFiles(root, MENU);
  let changed = 0;
  for (const [path, text] of files) {
    const target = join(root, path);
    if (read(target) === text) continue;
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
    changed += 1;
    process.stderr.write(`wrote ${path}\n`);
  }
  for (const path of leftovers(files)) {
    rmSync(join(root, path));
    changed += 1;
    process.stderr.write(`removed ${path}\n`);
  }
  process.stderr.write(`${files.size} generated files, ${changed} changed\n`);
}

function leftovers(files: ReadonlyMap<string, string>): string[] {
  return OWNED.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
      .filter((path) => !files.has(path)),
  );
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

if (import.meta.main) await main();
