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
 * The folders, relative to `root`, of the packages that webpack module identifiers lie in. An identifier is a path, with the loaders
 * before it and a query behind it; nested node_modules make packages of their own.
 */
export function packagesIn(root: string, identifiers: readonly string[]): string[] {
  const folders = new Set<string>();
  for (const identifier of identifiers) {
    for (const [, path = ""] of identifier.matchAll(/((?:[^|!?\s]*\/)?node_modules\/[^|!?\s]+)/g)) {
      const inside = path.slice(path.indexOf("node_modules/"));
      const match = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(inside);
      if (match !== null && !match[0].startsWith("node_modules/@vercel/ncc") && existsSync(join(root, match[0], "package.json"))) folders.add(match[0]);
    }
  }
  return [...folders].sort();
}

/** The text of dist/licenses.txt: every bundled package with version, licence and the licence file it came with. */
export function licences(root: string, folders: readonly string[], heading: string): string {
  const packages = new Map<string, Bundled>();
  for (const folder of folders) {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as Record<string, string | undefined>;
    // A package.json without a name only marks a folder as ESM or CommonJS.
    if (name === undefined || version === undefined) continue;
    packages.set(`${name}@${version}`, { name, version, licence: license ?? "see below", text: licenceText(join(root, folder)) });
  }
  const sorted = [...packages.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  const sections = sorted.map(([id, { licence, text }]) => `${"-".repeat(80)}\n${id}\n${licence}\n\n${text}\n`);
  return `${heading}\n\nThe bundle holds code of these packages, under their licences:\n\n${sections.join("\n")}`;
}

function licenceText(folder: string): string {
  const file = readdirSync(folder).sort().find((name) => /^(licen[cs]e|copying)(\.|-|$)/i.test(name));
  if (file === undefined) return "(the package comes without a licence file)";
  return readFileSync(join(folder, file), "utf8").replaceAll("\r\n", "\n").trim();
}
