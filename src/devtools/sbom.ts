import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle } from "./bundle.ts";
import { packageVersion } from "./generate/own-reference.ts";
import { packagesIn } from "./licences.ts";

/**
 * `npm run sbom [-- <file>]`: the bill of materials of dist/ in CycloneDX. npm writes one of all
 * dependencies in the lock file but those of development, with hashes and licences; what is left of it here
 * is what went into the bundle. The same commit gives the same bytes, so that whoever has a release can make
 * its own and compare.
 */

/** What of CycloneDX is looked at; the rest goes through as npm wrote it. */
export interface Sbom {
  readonly serialNumber?: string;
  readonly metadata: {
    readonly timestamp?: string;
    readonly component: Readonly<Record<string, unknown>> & { readonly "bom-ref": string };
    readonly [more: string]: unknown;
  };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
  readonly [more: string]: unknown;
}

interface Component {
  readonly "bom-ref": string;
  readonly name: string;
  readonly version: string;
  readonly [more: string]: unknown;
}

/** What the release is, for the head of the document. */
export interface Released {
  readonly version: string;
  /** When its commit was made. */
  readonly timestamp: string;
}

/**
 * @param all npm's bill of everything that is not for development
 * @param bundled `name@version` of every package that went into the bundle
 * @throws Error when a bundled package is not in `all`
 */
export function sbomOf(all: Sbom, bundled: readonly string[], { version, timestamp }: Released): Sbom {
  const ids = new Set(bundled);
  const components = all.components.filter(({ name, version: its }) => ids.has(`${name}@${its}`));
  const known = new Set(components.map(({ name, version: its }) => `${name}@${its}`));
  const lacking = [...ids].filter((id) => !known.has(id));
  if (lacking.length > 0) {
    throw new Error(
      `bundled, and not among the locked dependencies, or only for development: ${lacking.join(", ")}; ` +
        "put it into dependencies of package.json",
    );
  }
  const own = all.metadata.component["bom-ref"];
  const refs = new Set([own, ...components.map((each) => each["bom-ref"])]);
  const dependencies = all.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((each) => refs.has(each)) }));
  const component = { ...all.metadata.component, type: "application", name: "holdfast", version };
  const made = { ...all, metadata: { ...all.metadata, timestamp, component }, components, dependencies };
  return { ...made, serialNumber: serialOf({ ...made, serialNumber: undefined }) };
}

/** A UUID (of version 8, which leaves its bits to whoever makes it) that follows from the document. */
function serialOf(document: object): string {
  const hex = createHash("sha256").update(JSON.stringify(document)).digest("hex");
  const variant = "89ab"[parseInt(hex[16]!, 16) % 4]!;
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, variant + hex.slice(17, 20)];
  return `urn:uuid:${parts.join("-")}-${hex.slice(20, 32)}`;
}

/** `name@version` of every package that the bundle of `root` is made of. */
export async function bundledPackages(root: string): Promise<string[]> {
  const { modules } = await bundle(root);
  const ids = packagesIn(root, modules).flatMap((folder) => {
    const { name, version } = JSON.parse(
      readFileSync(join(root, folder, "package.json"), "utf8"),
    ) as Readonly<Record<string, string | undefined>>;
    // One without a name only marks a folder as ESM or CommonJS.
    return name === undefined || version === undefined ? [] : [`${name}@${version}`];
  });
  return [...new Set(ids)].sort();
}

/**
 * npm's bill of the lock file of `root`, without what is for development. Asked to leave that out itself
 * (`--omit dev`), npm leaves out whatever a package for development needs too; so it is shown a lock file
 * that does not have it.
 */
export function lockedPackages(root: string): Sbom {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-sbom-"));
  try {
    const read = (name: string): unknown => JSON.parse(readFileSync(join(root, name), "utf8"));
    const manifest = forProduction(read("package.json") as object);
    const { packages, ...lock } = read("package-lock.json") as { readonly packages: Packages };
    const kept = Object.entries(packages).filter(([, { dev }]) => dev !== true);
    const production = { ...Object.fromEntries(fetched(kept)), "": forProduction(packages[""]!) };
    writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
    writeFileSync(join(folder, "package-lock.json"), JSON.stringify({ ...lock, packages: production }));
    const words = ["sbom", "--sbom-format", "cyclonedx", "--package-lock-only"];
    const options = { cwd: folder, encoding: "utf8", maxBuffer: 1 << 28 } as const;
    return JSON.parse(execFileSync("npm", words, options)) as Sbom;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Locked {
  readonly version?: string;
  readonly dev?: boolean;
  /** It comes inside of another package's tarball, and so without a hash of its own. */
  readonly inBundle?: boolean;
}

type Packages = Readonly<Record<string, Locked>>;

/**
 * npm names a package once, be it there several times: one that also comes inside of another's tarball is
 * told as the one that was fetched, by its hash.
 */
function fetched(entries: readonly (readonly [string, Locked])[]): readonly (readonly [string, Locked])[] {
  const idOf = (path: string, { version }: Locked): string =>
    `${path.split("node_modules/").at(-1)}@${version}`;
  const own = new Map(
    entries
      .filter(([, entry]) => entry.inBundle !== true)
      .map(([path, entry]) => [idOf(path, entry), entry] as const),
  );
  return entries.map(([path, entry]) => [path, own.get(idOf(path, entry)) ?? entry]);
}

/** A package.json, or the lock's entry of it, without the tools. */
function forProduction(manifest: object): object {
  const tools = ["devDependencies", "optionalDependencies"];
  return Object.fromEntries(Object.entries(manifest).filter(([key]) => !tools.includes(key)));
}

async function main(root: string, [file, ...more]: readonly string[]): Promise<number> {
  if (more.length > 0 || file?.startsWith("-") === true) {
    process.stderr.write("usage: npm run sbom [-- <file>]\n");
    return 2;
  }
  const version = packageVersion(root);
  const path = resolve(file ?? join(root, `.cache/holdfast-${version}.cdx.json`));
  const git = ["-C", root, "log", "-1", "--format=%cI", "HEAD"];
  const timestamp = new Date(execFileSync("git", git, { encoding: "utf8" }).trim()).toISOString();
  const made = sbomOf(lockedPackages(root), await bundledPackages(root), { version, timestamp });
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(made, undefined, 2)}\n`);
  process.stderr.write(`${path}: ${made.components.length} packages\n`);
  return 0;
}

if (import.meta.main) {
  process.exitCode = await main(fileURLToPath(new URL("../..", import.meta.url)), process.argv.slice(2));
}
