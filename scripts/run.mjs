// node scripts/run.mjs [--needs a,b,c] <script> [arguments …]
//
// Every npm script starts here, because a fresh clone has nothing but the machine's own Node (20 or newer):
// the locked dependencies are installed if they are missing or outdated, then the script is run by the
// project's Node (24).
import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ensureDependencies, projectNode } from "./dependencies.mjs";
import { putBackAbandoned } from "./package-manifest.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const words = process.argv.slice(2);
const needs = words[0] === "--needs" ? words.splice(0, 2)[1] : undefined;
const [script, ...args] = words;
if (script === undefined) {
  process.stderr.write("usage: node scripts/run.mjs [--needs a,b,c] <script> [arguments …]\n");
  process.exit(2);
}

putBackAbandoned(root);
ensureDependencies(root);
const node = projectNode(root);
const env = { ...process.env, PATH: `${root}node_modules/.bin:${process.env.PATH ?? ""}` };

if (needs !== undefined) {
  const asked = spawnSync(node, [`${root}scripts/prerequisites.ts`, ...needs.split(",")], {
    stdio: "inherit",
    env,
  });
  if (asked.status !== 0) process.exit(asked.status ?? 4);
}

// npm goes to the project's folder; paths on the command line are meant from where the person called it.
const cwd = script === "dist/cli.js" ? (process.env.INIT_CWD ?? process.cwd()) : process.cwd();
const child = spawn(
  node,
  ["--disable-warning=ExperimentalWarning", script.startsWith("/") ? script : root + script, ...args],
  { stdio: "inherit", env, cwd },
);
// Ctrl-C reaches the whole process group: the script cleans up and decides; this process only waits for it.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.on("error", (error) => {
  process.stderr.write(`${node} could not be started: ${error.message}\n`);
  process.exit(4);
});
child.on("close", (code, signal) => {
  if (signal === null) process.exit(code);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});
