/**
 * node scripts/package-manifest.ts publish|keep: what npm starts before and after `npm pack`.
 *
 * What is bundled into dist/ is in `dependencies`, because it is what we ship; whoever installs the package
 * would get all of it a second time. So while the tarball is written, package.json is one for users: without
 * dependencies, scripts and settings of development. The other one lies beside it meanwhile and is put back.
 * Where npm was killed in between, `node scripts/package-manifest.ts keep` does that.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where package.json lies while the one for users stands in its place. */
const KEPT = "package.json.kept";

type Manifest = Readonly<Record<string, unknown>>;

/** What a user's npm reads. */
const FOR_USERS: readonly string[] = [
  "name",
  "version",
  "description",
  "license",
  "repository",
  "private",
  "type",
  "engines",
  "bin",
  "files",
];

/** The package.json for users, from the one for developers. */
export function manifestForUsers(manifest: Manifest): Manifest {
  return Object.fromEntries(Object.entries(manifest).filter(([key]) => FOR_USERS.includes(key)));
}

/** Puts package.json back, where it was taken away. */
export function keepManifest(root: string): void {
  if (existsSync(join(root, KEPT))) renameSync(join(root, KEPT), join(root, "package.json"));
}

/**
 * Puts the package.json for users in place.
 *
 * @throws Error when dist/ says another version than package.json
 */
export function publishManifest(root: string): void {
  keepManifest(root);
  const path = join(root, "package.json");
  const manifest = JSON.parse(readFileSync(path, "utf8")) as Manifest;
  const baked = bakedVersion(root);
  if (baked !== manifest["version"]) {
    throw new Error(
      `dist/ is of version '${baked}', and package.json says '${String(manifest["version"])}': ` +
        "npm run generate, npm run build, then pack again",
    );
  }
  renameSync(path, join(root, KEPT));
  writeFileSync(path, `${JSON.stringify(manifestForUsers(manifest), undefined, 2)}\n`);
}

/** The version that the built program says. */
function bakedVersion(root: string): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(root, "dist/cli.js"), "--version"], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`dist/cli.js --version failed: ${stderr}`);
  return stdout.trim();
}

if (import.meta.main) {
  const root = fileURLToPath(new URL("..", import.meta.url));
  if (process.argv[2] === "publish") publishManifest(root);
  else keepManifest(root);
}
