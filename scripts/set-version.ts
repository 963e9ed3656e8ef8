/**
 * npm run set-version -- 1.3.0: everything in which the version stands, for the pull request of a release:
 * package.json and its lock, what is generated from it (the version that the program says, and the tag by
 * which workflows and pages name our own actions), and dist/.
 */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { valid } from "semver";

const root = fileURLToPath(new URL("..", import.meta.url));

function step(program: string, ...words: string[]): void {
  const { status, error } = spawnSync(program, words, { cwd: root, stdio: ["ignore", 2, 2] });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ${words.join(" ")} ended with ${status}`);
}

function main([version, ...more]: readonly string[]): number {
  if (version === undefined || valid(version) !== version || more.length > 0) {
    process.stderr.write(
      `'${version ?? ""}' is no version: npm run set-version -- 1.3.0, as "holdfast release plan" says\n`,
    );
    return 2;
  }
  step("npm", "version", "--no-git-tag-version", "--ignore-scripts", "--allow-same-version", version);
  // What is installed is still what the lock asks for, which is looked at again where this is missing.
  rmSync(join(root, "node_modules/.holdfast-lock"), { force: true });
  for (const script of ["src/devtools/generate.ts", "src/devtools/build.ts"]) {
    step(process.execPath, "--disable-warning=ExperimentalWarning", script);
  }
  return 0;
}

process.exitCode = main(process.argv.slice(2));
