import { startCluster, type Cluster } from "./cluster.ts";
import { SHARED } from "./postgres.ts";

declare global {
  /** The shared server, kept for the global tear-down, which runs in the same process. */
  var holdfastSharedCluster: Cluster | undefined;
}

/** Once per test run: one private PostgreSQL for everybody. */
export default async function globalSetup(): Promise<void> {
  const cluster = await startCluster();
  globalThis.holdfastSharedCluster = cluster;
  process.env[SHARED] = JSON.stringify(cluster.facts);
}
