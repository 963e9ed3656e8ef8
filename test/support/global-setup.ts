import { rmSync } from "node:fs";
import { startCluster, type Cluster } from "./cluster.ts";
import { keepDataFolders } from "./data-folder.ts";
import { SHARED } from "./postgres.ts";

declare global {
  /** What the global tear-down stops and removes; it runs in the same process. */
  var holdfastShared: { cluster: Cluster; dataFolders: string } | undefined;
}

/**
 * Once per test run: one private PostgreSQL for everybody, and data folders that further ones are copied
 * from.
 */
export default async function globalSetup(): Promise<void> {
  const dataFolders = keepDataFolders();
  // Also when the run is told to end before its tear-down.
  process.on("exit", () => rmSync(dataFolders, { recursive: true, force: true }));
  const cluster = await startCluster();
  globalThis.holdfastShared = { cluster, dataFolders };
  process.env[SHARED] = JSON.stringify(cluster.facts);
}
