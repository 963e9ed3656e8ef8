/**
 * node scripts/is-release.ts: whether the commit that is checked out is a release of ours: package.json has
 * the version that its commits ask for. That is so when the pull request of a release was merged; all other
 * pushes to main wait for the next one. Says so on standard output, and to later steps as `release`.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ownReference, packageVersion } from "../src/devtools/generate/own-reference.ts";

const cli = fileURLToPath(new URL("../dist/cli.js", import.meta.url));

/** What is true of a checkout, and the sentence that says it. */
interface Answer {
  readonly release: boolean;
  readonly why: string;
}

/** @throws Error when the version is neither released nor the one that comes next */
function ask(root: string): Answer {
  const version = packageVersion(root);
  const tag = `v${version}`;
  if (ownReference(version) !== tag) {
    return { release: false, why: `package.json says ${version}: nothing has been released yet` };
  }
  const git = (...words: string[]): string =>
    execFileSync("git", words, { cwd: root, encoding: "utf8" }).trim();
  if (git("tag", "--points-at", "HEAD").split("\n").includes(tag)) {
    return { release: true, why: `${tag} is this commit: what its release lacks is made` };
  }
  const next = nextVersion(root);
  if (next === version) return { release: true, why: `${version} comes next, and package.json says so` };
  if (git("tag", "--list", tag) !== "") {
    const waiting = next === "" ? "nothing asks for another" : `${next} waits for its pull request`;
    return { release: false, why: `${tag} is released, and ${waiting}` };
  }
  throw new Error(
    `package.json says ${version}, and the commits ask for ${next === "" ? "no release" : next}: ` +
      "open a pull request that sets the version they ask for (npm run set-version)",
  );
}

/** The version that the commits ask for; empty for none. */
function nextVersion(root: string): string {
  const words = [cli, "release", "plan", "--offline", "--json", "--branch", "main"];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`release plan ended with ${status}:\n${stdout}${stderr}`);
  return (JSON.parse(stdout) as { readonly version: string }).version;
}

const { release, why } = ask(process.cwd());
process.stdout.write(`${release ? "a release" : "no release"}: ${why}\n`);
const outputs = process.env["GITHUB_OUTPUT"] ?? "";
if (outputs !== "") appendFileSync(outputs, `release=${release}\n`);
