import { DatabaseHost, type DatabaseOptions, type HostFacts, type TestDatabase } from "./database-host.ts";
import { startCluster, type Cluster } from "./cluster.ts";
import { embeddedInstallation } from "./postgres-binaries.ts";

export { DatabaseHost, query, type DatabaseOptions, type HostFacts, type TestDatabase } from "./database-host.ts";
export { startCluster, type Cluster, type ClusterOptions } from "./cluster.ts";
export { embeddedInstallation, installations, newestInstallation, type Installation } from "./postgres-binaries.ts";
export { startPgBouncer, type PgBouncer } from "./pgbouncer.ts";

/** Name of the variable in which the global set-up hands the shared server's {@link HostFacts} to the workers. */
export const SHARED = "HOLDFAST_TEST_POSTGRES";

/** The one server of this test run. Roles and `pg_database` are shared by all tests: make your own database, and do not stop it. */
export function sharedServer(): DatabaseHost {
  const facts = process.env[SHARED];
  if (facts === undefined) throw new Error(`${SHARED} is not set: run the tests with \`npm test\`, whose global set-up starts PostgreSQL`);
  return new DatabaseHost(JSON.parse(facts) as HostFacts);
}

/** A new database on the shared server, owned by `holdfast`. Drop it, or leave it to the end of the run. */
export async function createDatabase(options: DatabaseOptions = {}): Promise<TestDatabase> {
  return await sharedServer().createDatabase(options);
}

/** A PostgreSQL 18 server of the test's own: newer than the client programs of the shared installation (when that is 17 or older). */
export async function startNewestCluster(): Promise<Cluster> {
  return await startCluster({ installation: embeddedInstallation() });
}
