/**
 * npm run act [-- <trial> …]: the shipped workflows, called from a user's workflow and started by
 * hand, run by a real runner
 * (nektos/act in host mode) on the built dist/, against a private PostgreSQL and file:// stores. Where act
 * cannot be had it says so and exits 0. What act does not model: environments, concurrency and permissions.
 */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startCluster } from "../test/support/postgres.ts";
import { scratchFolder } from "../test/support/tools.ts";
import { tryBackups } from "./act/backups.ts";
import { tryCoverage } from "./act/coverage.ts";
import { tryGovernance } from "./act/governance.ts";
import { tryMigrations } from "./act/migrations.ts";
import { tryReleases } from "./act/releases.ts";
import { obtainAct } from "./act/obtain.ts";
import { tryReferences } from "./act/references.ts";
import { tryRollouts } from "./act/rollouts.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

const TRIALS = {
  backups: tryBackups,
  migrations: tryMigrations,
  governance: tryGovernance,
  releases: tryReleases,
  rollouts: tryRollouts,
  coverage: tryCoverage,
  references: tryReferences,
};

async function main(): Promise<void> {
  const act = obtainAct(root);
  if ("reason" in act) {
    process.stdout.write(`not run: ${act.reason}\n`);
    return;
  }
  if (!existsSync(join(root, "dist/cli.js"))) throw new Error("dist/ is missing: npm run build");
  await using scratch = scratchFolder("act");
  await using cluster = await startCluster();
  const wanted = process.argv.slice(2);
  for (const [name, tryOut] of Object.entries(TRIALS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const folder = join(scratch.path, name);
    mkdirSync(folder);
    await tryOut(act.path, folder, cluster);
  }
}

await main();
