import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  appendFileSync,
  chownSync,
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { cheapPassword } from "./cheap-password.ts";
import { makeDataFolder } from "./data-folder.ts";
import { DatabaseHost, type HostFacts } from "./database-host.ts";
import { enterableBinDir, newestInstallation, type Installation } from "./postgres-binaries.ts";
import { eventually, freePort, run, runOk, serverAccount, temporaryFolder } from "./tools.ts";

/** How a private cluster is made. */
export interface ClusterOptions {
  /**
   * Default: the newest installation with server and client. One that is made is made in the cluster's
   * folder, and goes with it.
   */
  readonly installation?: Installation | ((folder: string) => Installation);
  /** Lines of postgresql.conf, such as `{ max_connections: "5" }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** More words for initdb, such as `["--encoding=SQL_ASCII"]`. */
  readonly initdb?: readonly string[];
  /**
   * Name of the superuser that initdb makes. Default `postgres`; hosted platforms keep that name for
   * a lesser role.
   */
  readonly superuser?: string;
}

const SETTINGS = {
  // Nothing here outlives the run, so no time is spent on making it durable.
  fsync: "off",
  full_page_writes: "off",
  shared_buffers: "64MB",
  max_connections: "100",
  max_locks_per_transaction: "256",
  // It would start a process in each of hundreds of databases, in turn, all the time.
  autovacuum_naptime: "1h",
};

/**
 * A PostgreSQL cluster of a test's own, which may be killed, stopped and started again. It dies with the
 * process that started it.
 */
export class Cluster extends DatabaseHost implements AsyncDisposable {
  readonly #folder: string;
  readonly #settings: Readonly<Record<string, string>>;
  #guard: ChildProcess | undefined;

  constructor(facts: HostFacts, folder: string, settings: Readonly<Record<string, string>>) {
    super(facts);
    this.#folder = folder;
    this.#settings = settings;
  }

  /** Process id of the running postmaster. */
  get pid(): number {
    return Number(readFileSync(join(this.#folder, "data/postmaster.pid"), "utf8").split("\n")[0]);
  }

  /** Everything the server logged since it was last started. */
  get log(): string {
    return readFileSync(join(this.#folder, "server.log"), "utf8");
  }

  /**
   * Starts the server and waits until it answers. A small shell stands guard: when its stdin closes, which
   * happens even if this process is killed, it stops the server; nothing is left running.
   */
  async start(): Promise<void> {
    // After a kill the old backends hold the shared memory until they notice; the server refuses to
    // start beside them.
    await eventually("PostgreSQL to answer", () => this.#tryStart());
  }

  async #tryStart(): Promise<boolean> {
    writeFileSync(join(this.#folder, "server.log"), "");
    const account = serverAccount();
    const words = Object.entries({ ...this.#settings, port: String(this.facts.port) }).flatMap(
      ([name, value]) => ["-c", `${name}=${value}`],
    );
    const guard = spawn(
      "/bin/sh",
      ["-c", GUARD, "guard", join(this.facts.binDir, "postgres"), "-D", join(this.#folder, "data"), ...words],
      {
        stdio: ["pipe", "ignore", "ignore"],
        // A process group of its own: Ctrl-C reaches only the test run, which then stops the server in order.
        detached: true,
        cwd: "/",
        env: { PATH: process.env["PATH"], LC_ALL: "C", HF_FOLDER: this.#folder },
        ...account,
      },
    );
    this.#guard = guard;
    // A server that was told to go may be gone, and its guard with it, before the guard is told to keep the
    // folder (EPIPE).
    guard.stdin.on("error", () => undefined);
    guard.unref();
    (guard.stdin as unknown as { unref(): void }).unref();
    return (
      (await eventually("PostgreSQL to answer or end", async () => {
        if (await this.answers()) return "up";
        if (guard.exitCode === null) return undefined;
        if (/pre-existing shared memory block/.test(this.log)) return "down";
        throw new Error(`PostgreSQL did not start:\n${this.log}`);
      })) === "up"
    );
  }

  /**
   * Stops the server. `fast` ends sessions politely, `immediate` is a crash that recovers at the next start.
   */
  async stop(mode: "fast" | "immediate" = "fast"): Promise<void> {
    const guard = this.#guard;
    if (guard === undefined || guard.exitCode !== null) return;
    const gone = ended(guard);
    try {
      process.kill(this.pid, mode === "fast" ? "SIGINT" : "SIGQUIT");
    } catch {
      // No pid file or no process: it is already on its way out, and the guard's end is what counts.
    }
    guard.stdin?.end("keep\n");
    await gone;
    this.#guard = undefined;
  }

  async restart(mode: "fast" | "immediate" = "fast"): Promise<void> {
    await this.stop(mode);
    await this.start();
  }

  /** Kills the postmaster outright, as the kernel does when memory runs out; {@link start} recovers. */
  async kill(): Promise<void> {
    const guard = this.#guard;
    if (guard === undefined) return;
    const gone = ended(guard);
    process.kill(this.pid, "SIGKILL");
    guard.stdin?.end("keep\n");
    await gone;
    this.#guard = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("immediate");
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  async answers(): Promise<boolean> {
    const client = new pg.Client({ connectionString: this.adminUrl() });
    client.on("error", () => undefined);
    try {
      await client.connect();
      return true;
    } catch (error) {
      if (isNotYet(error)) return false;
      throw error;
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

/** Resolves when the guard has ended; from here on this process stays alive for it. */
function ended(guard: ChildProcess): Promise<unknown> {
  guard.ref();
  return new Promise((resolve) => guard.once("close", resolve));
}

/**
 * Waits for stdin to close or the server to end, whichever comes first; without the word `keep` its owner
 * died, and all is removed.
 */
const GUARD = `"$@" >>"$HF_FOLDER/server.log" 2>&1 </dev/null & server=$!
exec 3<&0
{ read word <&3; [ "$word" = keep ] || : >"$HF_FOLDER/orphaned"; kill -QUIT $server 2>/dev/null; } & watch=$!
exec 3<&-
wait $server; code=$?
kill $watch 2>/dev/null
[ -e "$HF_FOLDER/orphaned" ] && rm -rf "$HF_FOLDER"
exit $code`;

/** Refused or reset while starting; 57P03: the server says it is still starting up. */
function isNotYet(error: unknown): boolean {
  const code = (error as { code?: string }).code ?? "";
  return (
    ["ECONNREFUSED", "ECONNRESET", "57P03"].includes(code) || /Connection terminated/.test(String(error))
  );
}

/**
 * Makes and starts a private cluster; `await using cluster = await startCluster()` removes it at the end
 * of the block.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const folder = temporaryFolder("pg", serverAccount());
  try {
    return await makeCluster(options, folder);
  } catch (error) {
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    throw error;
  }
}

async function makeCluster(options: ClusterOptions, folder: string): Promise<Cluster> {
  const account = serverAccount();
  const given = options.installation ?? newestInstallation();
  const installation = typeof given === "function" ? given(folder) : given;
  const binDir = enterableBinDir(installation, folder);
  const password = `secret-${randomBytes(9).toString("hex")}`;
  writeFileSync(join(folder, "server.log"), "");
  mkdirSync(join(folder, "run"));
  if (account.uid !== undefined) {
    for (const name of ["server.log", "run"]) chownSync(join(folder, name), account.uid, account.gid);
  }
  const data = join(folder, "data");
  const superuser = options.superuser ?? "postgres";
  const words = options.initdb ?? ["--locale=C.UTF-8", "--encoding=UTF8"];
  const adminPassword = await makeDataFolder({ binDir, data, superuser, words });
  const certificate = await makeCertificate(folder);
  const facts: HostFacts = {
    binDir,
    major: installation.major,
    host: "127.0.0.1",
    port: await freePort(),
    socketFolder: join(folder, "run"),
    superuser,
    adminPassword,
    password,
    certificate,
  };
  const ssl = (await speaksTls(binDir, data)) ? "on" : "off";
  const settings = {
    ...SETTINGS,
    ssl,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: join(folder, "run"),
    ...options.settings,
  };
  const cluster = new Cluster(facts, folder, settings);
  try {
    await cluster.start();
    noteStarted(installation.version);
    await cluster.admin(`
      alter role ${pg.escapeIdentifier(superuser)} password '${cheapPassword(adminPassword)}';
      create role holdfast login createdb password '${cheapPassword(password)}'`);
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
  return cluster;
}

/** For `npm test`, which says at its end which servers it has run. */
function noteStarted(version: string): void {
  const path = process.env["HOLDFAST_TEST_STARTED"] ?? "";
  if (path !== "") appendFileSync(path, `${version}\n`);
}

/** Whether the server was built with TLS; the setting is refused where it was not. */
async function speaksTls(binDir: string, data: string): Promise<boolean> {
  const words = ["-D", data, "-c", "ssl=on", "-C", "ssl"];
  const { code, stderr } = await run(join(binDir, "postgres"), words, {
    account: serverAccount(),
    cwd: "/",
    env: { LC_ALL: "C" },
  });
  if (code !== 0 && !/SSL is not supported by this build/.test(stderr)) {
    throw new Error(`${binDir}/postgres -C ssl: ${stderr}`);
  }
  return code === 0;
}

/**
 * A self-signed certificate for localhost, which is also its own trusted root, put where the server
 * looks for it.
 */
async function makeCertificate(folder: string): Promise<string> {
  const account = serverAccount();
  const config = join(folder, "certificate.cnf");
  const request = [
    "[req]",
    "distinguished_name=dn",
    "x509_extensions=ext",
    "prompt=no",
    "[dn]",
    "CN=localhost",
  ];
  const extensions = ["[ext]", "basicConstraints=CA:TRUE", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  writeFileSync(config, `${[...request, ...extensions].join("\n")}\n`);
  const key = join(folder, "data/server.key");
  const certificate = join(folder, "data/server.crt");
  await runOk("openssl", [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-days",
    "30",
    "-config",
    config,
    "-keyout",
    key,
    "-out",
    certificate,
  ]);
  chmodSync(key, 0o600);
  if (account.uid !== undefined) {
    for (const path of [key, certificate]) chownSync(path, account.uid, account.gid);
  }
  // Clients read this copy: the data folder is the server's alone.
  const copy = join(folder, "root.crt");
  copyFileSync(certificate, copy);
  chmodSync(copy, 0o644);
  return copy;
}
