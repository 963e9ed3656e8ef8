import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One package that went into the bundle. */
interface Bundled {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly text: string;
}

/**
 * The folders, relative to `root`, of the packages that modules lie in; nested node_modules make packages
 * of their own.
 *
 * @param modules paths, absolute or relative, maybe with a namespace before them
 */
export function packagesIn(root: string, modules: readonly string[]): string[] {
  const folders = new Set<string>();
  for (const module of modules) {
    const [folder] = /node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+/.exec(module) ?? [];
    if (folder !== undefined && existsSync(join(root, folder, "package.json"))) folders.add(folder);
  }
  return [...folders].sort();
}

/**
 * The text of dist/licenses.txt: every bundled package with version, licence and the licence file
 * it came with.
 */
export function licences(root: string, folders: readonly string[], heading: string): string {
  const packages = new Map<string, Bundled>();
  for (const folder of folders) {
    const { name, version, license } = JSON.parse(
      readFileSync(join(root, folder, "package.json"), "utf8"),
    ) as Record<string, string | undefined>;
    // A package.json without a name only marks a folder as ESM or CommonJS.
    if (name === undefined || version === undefined) continue;
    packages.set(`${name}@${version}`, {
      name,
      version,
      licence: license ?? "see below",
      text: licenceText(join(root, folder)),
    });
  }
  const sorted = [...packages.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  const sections = sorted.map(
    ([id, { licence, text }]) => `${"-".repeat(80)}\n${id}\n${licence}\n\n${text}\n`,
  );
  return (
    `${heading}\n\nThe bundle holds code of these packages, under their ` +
    `licences:\n\n${sections.join("\n")}`
  );
}

function licenceText(folder: string): string {
  const file = readdirSync(folder)
    .sort()
    .find((name) => /^(licen[cs]e|copying)(\.|-|$)/i.test(name));
  if (file === undefined) return "(the package comes without a licence file)";
  return readFileSync(join(folder, file), "utf8").replaceAll("\r\n", "\n").trim();
}
