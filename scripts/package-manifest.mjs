// node scripts/run.mjs scripts/package-manifest.mjs swap|put-back: what npm starts before and after its
// `npm pack`.
//
// What is bundled into dist/ is in `dependencies`, because it is what we ship; whoever installs the package
// would get all of it a second time. So while the tarball is written, package.json has no dependencies; the
// other one lies beside it and is put back. Where npm ends in between, everything but that goes on working,
// and the next npm script puts it back.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where package.json lies while the one for users stands in its place. */
const KEPT = "package.json.kept";

/** What is to be one of the two, and is not wholly written yet. */
const NEW = `${KEPT}.new`;

/** A tarball is written in seconds; what is older was left behind. */
const ABANDONED_AFTER_MS = 60_000;

/** What npm would install with the package. */
const INSTALLED = ["dependencies", "optionalDependencies"];

/** Puts package.json back, where it was taken away. */
export function putBack(root) {
  rmSync(join(root, NEW), { force: true });
  if (existsSync(join(root, KEPT))) renameSync(join(root, KEPT), join(root, "package.json"));
}

/** The same, unless somebody may be packing at this moment. */
export function putBackAbandoned(root) {
  if (!existsSync(join(root, KEPT))) return;
  const swappedAt = statSync(join(root, "package.json")).mtimeMs;
  // One of the future was written by a clock that has been set since.
  if (Math.abs(Date.now() - swappedAt) > ABANDONED_AFTER_MS) putBack(root);
}

/** Puts the package.json for users in place; throws where dist/ is of another version. */
function swap(root) {
  putBack(root);
  const path = join(root, "package.json");
  const manifest = JSON.parse(readFileSync(path, "utf8"));
  const baked = bakedVersion(root);
  if (baked !== manifest.version) {
    throw new Error(
      `dist/ is of version '${baked}', and package.json says '${manifest.version}': ` +
        "npm run generate, npm run build, then pack again",
    );
  }
  const forUsers = Object.fromEntries(Object.entries(manifest).filter(([key]) => !INSTALLED.includes(key)));
  // Wherever this ends there is a package.json, without which no npm script could put the other one back.
  const made = join(root, NEW);
  copyFileSync(path, made);
  renameSync(made, join(root, KEPT));
  writeFileSync(made, `${JSON.stringify(forUsers, undefined, 2)}\n`);
  renameSync(made, path);
}

/** The version that the built program says. */
function bakedVersion(root) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(root, "dist/cli.js"), "--version"], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`dist/cli.js --version failed: ${stderr}`);
  return stdout.trim();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL("..", import.meta.url));
  if (process.argv[2] === "swap") swap(root);
  else putBack(root);
}
