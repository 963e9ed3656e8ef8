// The locked npm dependencies and the project's Node. Runs on Node 20 without any dependency.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Written by {@link ensureDependencies}: the hash of the lock file that node_modules was installed from. */
const STAMP = "node_modules/.holdfast-lock";

/**
 * Why node_modules is not what package-lock.json says, or undefined when it is. npm writes what it installed
 * into node_modules/.package-lock.json; packages for other platforms (`optional`) may be missing there.
 */
export function dependencyDrift(root) {
  const installedPath = join(root, "node_modules/.package-lock.json");
  if (!existsSync(installedPath)) return "the dependencies are not installed";
  // npm also writes its file for changes of the lock alone (--package-lock-only); the stamp knows what was
  // really installed.
  const stamp = join(root, STAMP);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") !== lockHash(root)) {
    return "package-lock.json has changed";
  }
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const installed = JSON.parse(readFileSync(installedPath, "utf8")).packages;
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === "" || entry.link === true) continue;
    const there = installed[path];
    if (there === undefined && entry.optional === true) continue;
    if (there?.version !== entry.version || there?.integrity !== entry.integrity) {
      return `${path} is not ${entry.version}`;
    }
  }
  return undefined;
}

/**
 * Installs exactly what package-lock.json says, when something else or nothing is installed. Exits 4 with
 * npm's words if that fails.
 */
export function ensureDependencies(root) {
  const drift = dependencyDrift(root);
  if (drift === undefined) return;
  process.stderr.write(`Installing the locked dependencies (${drift}); this takes one to three minutes …\n`);
  // --include=dev: NODE_ENV=production must not leave out the tools; ignore-scripts=false: Node itself comes
  // by an install script.
  const words = [
    "ci",
    "--include=dev",
    "--ignore-scripts=false",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
  ];
  const npm = spawnSync("npm", words, {
    cwd: root,
    stdio: ["ignore", 2, 2],
    env: { ...process.env, NODE_ENV: "" },
  });
  if (npm.status === 0) {
    writeFileSync(join(root, STAMP), lockHash(root));
    return;
  }
  process.stderr.write(
    `\nnpm ${words.join(" ")} failed${npm.error ? `: ${npm.error.message}` : ""}. ` +
      `Look at its message above, then run it again in ${root}\n`,
  );
  process.exit(4);
}

function lockHash(root) {
  return createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
}

/** The Node to run the project with: the installed one, else the running one, if it is 24 or newer. */
export function projectNode(root) {
  const installed = join(root, "node_modules/.bin/node");
  const asked = spawnSync(installed, ["--version"], { encoding: "utf8" });
  if (asked.status === 0 && isNewEnough(asked.stdout)) return installed;
  if (isNewEnough(process.version)) return process.execPath;
  process.stderr.write(
    `Node 24 is needed; this is ${process.version}, and the npm package node did not bring one. ` +
      "Install Node 24 and run this again.\n",
  );
  return process.exit(4);
}

function isNewEnough(version) {
  return Number(/^v(\d+)\./.exec(version)?.[1]) >= 24;
}
