import { chownSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { query, type Cluster } from "./postgres.ts";
import { Cluster as Server } from "./cluster.ts";
import { eventually, freePort, runOk, serverAccount, temporaryFolder } from "./tools.ts";

/** A hot standby of a cluster, fed by streaming. */
export interface Standby extends AsyncDisposable {
  /** Connection URL of a database, as the superuser. */
  url(database: string): string;
  /** Waits until it has replayed what the primary has written so far. */
  caughtUp(): Promise<void>;
}

/**
 * Makes and starts a standby (https://www.postgresql.org/docs/current/app-pgbasebackup.html); the primary
 * needs `wal_level` replica and a sender.
 */
export async function startStandby(primary: Cluster): Promise<Standby> {
  const account = serverAccount();
  const folder = temporaryFolder("standby", account);
  const { binDir, adminPassword, superuser } = primary.facts;
  try {
    const source = `host=127.0.0.1 port=${primary.facts.port} user=${superuser}`;
    await runOk(
      join(binDir, "pg_basebackup"),
      ["-D", join(folder, "data"), "-R", "-X", "stream", "--checkpoint=fast", "--no-sync", "-d", source],
      {
        account,
        cwd: "/",
        env: { PATH: process.env["PATH"], LC_ALL: "C", PGPASSWORD: adminPassword },
      },
    );
    writeFileSync(join(folder, "server.log"), "");
    if (account.uid !== undefined) chownSync(join(folder, "server.log"), account.uid, account.gid);
    const facts = { ...primary.facts, port: await freePort() };
    const server = new Server(facts, folder, {
      max_connections: "100",
      max_locks_per_transaction: "256",
      ssl: "on",
      listen_addresses: "127.0.0.1",
      unix_socket_directories: folder,
    });
    await server.start();
    return {
      url: (database) => server.adminUrl(database),
      async caughtUp() {
        const [{ at }] = (await query(
          primary.adminUrl(),
          "SELECT pg_current_wal_flush_lsn()::text AS at",
        )) as [{ at: string }];
        await eventually("the standby to catch up", async () => {
          const [row] = await query(
            server.adminUrl(),
            `SELECT pg_last_wal_replay_lsn() >= '${at}'::pg_lsn AS there`,
          );
          return row?.["there"] === true;
        });
      },
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}
