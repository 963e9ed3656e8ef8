import { spawn } from "node:child_process";
import { chownSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { HostFacts } from "./database-host.ts";
import { eventually, freePort, isListening, serverAccount, temporaryFolder } from "./tools.ts";

/** A running PgBouncer. */
export interface PgBouncer extends AsyncDisposable {
  readonly port: number;
  /** As `holdfast`, through the pooler. */
  url(database: string): string;
}

/**
 * Starts PgBouncer in front of a server (https://www.pgbouncer.org/config.html). In transaction mode every
 * transaction may land on another server session, as behind port 6543 of the managed services.
 */
export async function startPgBouncer(
  server: HostFacts,
  mode: "transaction" | "session" = "transaction",
  {
    databases = ["*"],
    size = 10,
    clients = 100,
    addsHost = false,
  }: {
    readonly databases?: readonly string[];
    readonly size?: number;
    readonly clients?: number;
    /** Names of sessions get the client's address. */
    readonly addsHost?: boolean;
  } = {},
): Promise<PgBouncer> {
  const account = serverAccount();
  const folder = temporaryFolder("pool", account);
  const port = await freePort();
  const files = {
    "users.txt": `"holdfast" "${server.password}"\n"postgres" "${server.adminPassword}"\n`,
    "pgbouncer.ini": [
      "[databases]",
      ...databases.map((name) => `${name} = host=${server.host} port=${server.port}`),
      "[pgbouncer]",
      "listen_addr = 127.0.0.1",
      `listen_port = ${port}`,
      "unix_socket_dir =",
      "auth_type = scram-sha-256",
      `auth_file = ${join(folder, "users.txt")}`,
      `pool_mode = ${mode}`,
      `default_pool_size = ${size}`,
      `max_client_conn = ${clients}`,
      "query_wait_timeout = 0",
      `application_name_add_host = ${addsHost ? 1 : 0}`,
      "server_tls_sslmode = disable",
      "ignore_startup_parameters = extra_float_digits,options",
      `logfile = ${join(folder, "pgbouncer.log")}`,
      "",
    ].join("\n"),
  };
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    if (account.uid !== undefined) chownSync(join(folder, name), account.uid, account.gid);
  }
  // The package puts it into /usr/sbin, which is not on everybody's PATH.
  const env = { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/usr/local/sbin` };
  const child = spawn("pgbouncer", ["-q", join(folder, "pgbouncer.ini")], {
    stdio: "ignore",
    cwd: "/",
    env,
    ...account,
  });
  const failed = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => {
      reject(new Error(`pgbouncer ended with ${code}`));
    });
  });
  failed.catch(() => undefined);
  await Promise.race([failed, eventually("PgBouncer to answer", () => isListening(port))]);
  return {
    port,
    url: (database) =>
      `postgresql://holdfast:${server.password}@127.0.0.1:${port}/${encodeURIComponent(database)}`,
    async [Symbol.asyncDispose]() {
      const gone = new Promise((resolve) => child.once("close", resolve));
      if (child.exitCode === null) child.kill("SIGKILL");
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
