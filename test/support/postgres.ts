import { DatabaseHost, type DatabaseOptions, type HostFacts, type TestDatabase } from "./database-host.ts";
import { startCluster, type Cluster } from "./cluster.ts";
import type { Installation } from "./postgres-binaries.ts";
import type { ServerVersion } from "./servers/packages.ts";
import { findServer, server } from "./servers/servers.ts";

export {
  DatabaseHost,
  query,
  type DatabaseOptions,
  type HostFacts,
  type TestDatabase,
} from "./database-host.ts";
export { startCluster, type Cluster, type ClusterOptions } from "./cluster.ts";
export { installations, newestInstallation, type Installation } from "./postgres-binaries.ts";
export { findServer, server, type Found } from "./servers/servers.ts";
export { SERVER_VERSIONS, type ServerVersion } from "./servers/packages.ts";
export { startPgBouncer, type PgBouncer } from "./pgbouncer.ts";

/**
 * Name of the variable in which the global set-up hands the shared server's {@link HostFacts} to the workers.
 */
export const SHARED = "HOLDFAST_TEST_POSTGRES";

/**
 * The one server of this test run. Roles and `pg_database` are shared by all tests: make your own database,
 * and do not stop it.
 */
export function sharedServer(): DatabaseHost {
  const facts = process.env[SHARED];
  if (facts === undefined) {
    throw new Error(
      `${SHARED} is not set: run the tests with \`npm test\`, whose global set-up starts PostgreSQL, ` +
        "and keep tests with a server off the list in test/fast-files.ts",
    );
  }
  return new DatabaseHost(JSON.parse(facts) as HostFacts);
}

/** A new database on the shared server, owned by `holdfast`. Drop it, or leave it to the end of the run. */
export async function createDatabase(options: DatabaseOptions = {}): Promise<TestDatabase> {
  return await sharedServer().createDatabase(options);
}

/** A server alone, with TLS, XML, ICU and contrib, which no wheel has all of. */
const NEWEST: ServerVersion = "18.4";

/**
 * A PostgreSQL 18 server of the test's own: newer than the client programs of the shared installation (when
 * that is 17 or older).
 */
export async function startNewestCluster(): Promise<Cluster> {
  return await startCluster({ installation: await server(NEWEST) });
}

/**
 * The PostgreSQL 18 of {@link startNewestCluster}. It exists for Linux on x64; elsewhere this throws, because
 * a test of "server newer than every client" would prove nothing.
 */
export function embeddedInstallation(): Installation {
  const found = findServer(NEWEST);
  if ("reason" in found) throw new Error(`PostgreSQL ${NEWEST} is not here: ${found.reason}`);
  return found.installation;
}
