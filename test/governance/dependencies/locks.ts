import { createHash } from "node:crypto";
import type { DependencyFiles } from "../../../src/governance/dependencies/judge.ts";

/** A published package of a made-up tree; what it needs is named with exact versions. */
export interface Made {
  readonly name: string;
  readonly version: string;
  readonly needs?: Readonly<Record<string, string>>;
  readonly script?: boolean;
  readonly licence?: string;
  readonly dev?: boolean;
}

/** A made-up project: what it asks for and what that was locked to. */
export interface Tree {
  readonly asked: Readonly<Record<string, string>>;
  readonly packages: readonly Made[];
}

const sha = (way: "sha512", made: Made, as: "base64" | "hex"): string =>
  createHash(way).update(`${made.name}@${made.version}`).digest(as);

/** As npm and pnpm write a checksum. */
export const integrityOf = (made: Made): string => `sha512-${sha("sha512", made, "base64")}`;

const tarball = ({ name, version }: Made): string =>
  `https://registry.npmjs.org/${name}/-/${name.slice(name.indexOf("/") + 1)}-${version}.tgz`;

/** Text of the package.json of a tree. */
export function manifestOf({ asked }: Tree): string {
  return `${JSON.stringify({ name: "made", version: "1.0.0", dependencies: asked }, null, 2)}\n`;
}

/** package-lock.json of either version; each name is there in one version. */
export function npmLock({ asked, packages }: Tree, lockfileVersion: 2 | 3 = 3): string {
  const entries = packages.map((made) => [
    `node_modules/${made.name}`,
    {
      version: made.version,
      resolved: tarball(made),
      integrity: integrityOf(made),
      ...(made.dev === true ? { dev: true } : {}),
      ...(made.script === true ? { hasInstallScript: true } : {}),
      license: made.licence ?? "MIT",
      ...(made.needs === undefined ? {} : { dependencies: made.needs }),
    },
  ]);
  const root = { name: "made", version: "1.0.0", dependencies: asked };
  const lock = {
    name: "made",
    version: "1.0.0",
    lockfileVersion,
    requires: true,
    packages: { "": root, ...Object.fromEntries(entries) },
    ...(lockfileVersion === 2 ? { dependencies: {} } : {}),
  };
  return `${JSON.stringify(lock, null, 2)}\n`;
}

const quoted = (key: string): string => (/^[@']/.test(key) ? `'${key}'` : key);

const indented = (needs: Readonly<Record<string, string>>, by: string): string[] =>
  Object.entries(needs).map(([name, version]) => `${by}${quoted(name)}: ${version}`);

const versionIn = ({ packages }: Tree, name: string): string =>
  packages.find((made) => made.name === name)?.version ?? "0.0.0";

/** pnpm-lock.yaml of version 9.0, or 6.0 without the word `importers`, as pnpm 8 writes for one project. */
export function pnpmLock(tree: Tree, version: "6.0" | "9.0" = "9.0"): string {
  const nine = version === "9.0";
  const importer = Object.entries(tree.asked).flatMap(([name, range]) => [
    `${quoted(name)}:`,
    `  specifier: ${range}`,
    `  version: ${versionIn(tree, name)}`,
  ]);
  const key = ({ name, version: of }: Made): string => quoted(`${nine ? "" : "/"}${name}@${of}`);
  const packages = tree.packages.flatMap((made) => [
    `  ${key(made)}:`,
    `    resolution: {integrity: ${integrityOf(made)}}`,
    `    engines: {node: '>=18'}`,
    ...(nine
      ? []
      : [
          ...(made.script === true ? ["    requiresBuild: true"] : []),
          ...(made.needs === undefined ? [] : ["    dependencies:", ...indented(made.needs, "      ")]),
          `    dev: ${made.dev === true}`,
        ]),
    "",
  ]);
  const snapshots = tree.packages.flatMap((made) => [
    `  ${key(made)}:${made.needs === undefined ? " {}" : ""}`,
    ...(made.needs === undefined ? [] : ["    dependencies:", ...indented(made.needs, "      ")]),
    "",
  ]);
  return [
    `lockfileVersion: '${version}'`,
    "",
    "settings:",
    "  autoInstallPeers: true",
    "  excludeLinksFromLockfile: false",
    "",
    ...(nine ? ["importers:", "", "  .:"] : []),
    `${nine ? "    " : ""}dependencies:`,
    ...importer.map((line) => `${nine ? "      " : "  "}${line}`),
    "",
    "packages:",
    "",
    ...packages,
    ...(nine ? ["snapshots:", "", ...snapshots] : []),
  ].join("\n");
}

/** Ranges under which packages are asked for, by the project and by others. */
function rangesOf({ asked, packages }: Tree): ReadonlyMap<string, readonly string[]> {
  const all = [asked, ...packages.map(({ needs }) => needs ?? {})].flatMap((each) => Object.entries(each));
  const byName = Map.groupBy(all, ([name]) => name);
  return new Map(
    [...byName].map(([name, pairs]) => [name, [...new Set(pairs.map(([, range]) => range))].sort()]),
  );
}

/** yarn.lock of yarn 1. */
export function classicLock(tree: Tree): string {
  const ranges = rangesOf(tree);
  const word = (text: string): string => (/^@|[ ,]/.test(text) ? `"${text}"` : text);
  const entries = tree.packages.flatMap((made) => [
    `${(ranges.get(made.name) ?? []).map((range) => word(`${made.name}@${range}`)).join(", ")}:`,
    `  version "${made.version}"`,
    `  resolved "${tarball(made)}#${"0".repeat(40)}"`,
    `  integrity ${integrityOf(made)}`,
    ...(made.needs === undefined ? [] : ["  dependencies:"]),
    ...Object.entries(made.needs ?? {}).map(([name, range]) => `    ${word(name)} "${range}"`),
    "",
  ]);
  return [
    "# THIS IS AN AUTOGENERATED FILE. DO NOT EDIT THIS FILE DIRECTLY.",
    "# yarn lockfile v1",
    "",
    "",
    ...entries,
  ].join("\n");
}

/** yarn.lock of yarn 4, or of yarn 3 (version 6 of the file), which writes ranges without `npm:`. */
export function berryLock(tree: Tree, version: 6 | 8 = 8): string {
  const ranges = rangesOf(tree);
  const range = (text: string): string => (version === 8 ? `"npm:${text}"` : text);
  const needs = (of: Readonly<Record<string, string>>): string[] =>
    Object.entries(of).map(([name, text]) => `    ${/^@/.test(name) ? `"${name}"` : name}: ${range(text)}`);
  const entries = tree.packages.flatMap((made) => [
    `"${(ranges.get(made.name) ?? []).map((each) => `${made.name}@npm:${each}`).join(", ")}":`,
    `  version: ${made.version}`,
    `  resolution: "${made.name}@npm:${made.version}"`,
    ...(made.needs === undefined ? [] : ["  dependencies:", ...needs(made.needs)]),
    `  checksum: ${version === 8 ? "10c0/" : ""}${sha("sha512", made, "hex")}`,
    "  languageName: node",
    "  linkType: hard",
    "",
  ]);
  return [
    '# This file is generated by running "yarn install" inside your project.',
    "# Manual changes might be lost - proceed with caution!",
    "",
    "__metadata:",
    `  version: ${version}`,
    "  cacheKey: 10c0",
    "",
    ...entries,
    '"made@workspace:.":',
    "  version: 0.0.0-use.local",
    '  resolution: "made@workspace:."',
    "  dependencies:",
    ...needs(tree.asked),
    "  languageName: unknown",
    "  linkType: soft",
    "",
  ].join("\n");
}

/** Every form of lock file that is read: name, path, and its text for a tree. */
export const FORMS: readonly {
  readonly form: string;
  readonly file: string;
  readonly write: (tree: Tree) => string;
}[] = [
  { form: "npm 2", file: "package-lock.json", write: (tree) => npmLock(tree, 2) },
  { form: "npm 3", file: "package-lock.json", write: (tree) => npmLock(tree, 3) },
  { form: "npm's shrinkwrap", file: "npm-shrinkwrap.json", write: (tree) => npmLock(tree, 3) },
  { form: "pnpm 6.0", file: "pnpm-lock.yaml", write: (tree) => pnpmLock(tree, "6.0") },
  { form: "pnpm 9.0", file: "pnpm-lock.yaml", write: (tree) => pnpmLock(tree, "9.0") },
  { form: "yarn 1", file: "yarn.lock", write: classicLock },
  { form: "yarn 3", file: "yarn.lock", write: (tree) => berryLock(tree, 6) },
  { form: "yarn 4", file: "yarn.lock", write: (tree) => berryLock(tree, 8) },
];

/** A tree as the files of a repository. */
export function filesOf(
  tree: Tree,
  file = "package-lock.json",
  write: (tree: Tree) => string = npmLock,
): DependencyFiles {
  return {
    manifests: [{ file: "package.json", text: manifestOf(tree) }],
    locks: [{ file, text: write(tree) }],
  };
}

/** Two that the project asks for, one that those need, all of them well. */
export const SMALL: Tree = {
  asked: { "@scope/b": "~2.1.0", a: "^1.2.0" },
  packages: [
    { name: "@scope/b", version: "2.1.4", needs: { c: "3.0.0" } },
    { name: "a", version: "1.5.0", needs: { "@scope/b": "2.1.4", c: "3.0.0" } },
    { name: "c", version: "3.0.0" },
  ],
};
