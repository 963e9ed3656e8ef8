// node scripts/bootstrap.mjs: makes a fresh clone ready for everything: dependencies, PostgreSQL and the
// small tools of the tests.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ensureDependencies, projectNode } from "./dependencies.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
ensureDependencies(root);
const needs = ["postgres", "age", "zstd", "pgbouncer", "openssl", "unzip", "curl", "jq", "diff-cover"];
const asked = spawnSync(projectNode(root), [`${root}scripts/prerequisites.ts`, ...needs], {
  stdio: "inherit",
});
if (asked.status === 0) process.stderr.write("Ready: npm test, npm run demo.\n");
process.exitCode = asked.status ?? 4;
