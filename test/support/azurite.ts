import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { BlobServiceClient, type ContainerClient } from "@azure/storage-blob";
import { eventually, freePort, isListening, runOk, temporaryFolder } from "./tools.ts";

/**
 * The account and key every Azurite has; public knowledge:
 * https://learn.microsoft.com/azure/storage/common/storage-use-azurite
 */
export const AZURITE_ACCOUNT = "devstoreaccount1";
export const AZURITE_KEY =
  "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/** A running blob service of Microsoft's emulator, everything in memory. */
export interface Azurite extends AsyncDisposable {
  readonly connectionString: string;
  /** Blob endpoint with the account in its path. */
  readonly endpoint: string;
  readonly port: number;
  /** PEM of the certificate it serves with; only with `oauth`. */
  readonly certificate: string | undefined;
  /** Process id of Azurite itself, for tests that stop and continue it. */
  readonly pid: number;
  /** Makes a new empty container; its name is fresh unless given. */
  makeContainer(name?: string): Promise<ContainerClient>;
  stop(): Promise<void>;
}

/** How Azurite is started. */
export interface AzuriteOptions {
  /**
   * Serve HTTPS with a certificate made just now and accept bearer tokens (any unsigned JWT of
   * the right shape).
   */
  readonly oauth?: boolean;
  readonly port?: number;
}

const MAIN = join(
  dirname(createRequire(import.meta.url).resolve("azurite/package.json")),
  "dist/src/blob/main.js",
);

/**
 * Starts Azurite on a free loopback port and waits until it listens. It dies with the process
 * that started it.
 */
export async function startAzurite(options: AzuriteOptions = {}): Promise<Azurite> {
  const folder = temporaryFolder("azurite");
  const port = options.port ?? (await freePort());
  const flags = [
    "--blobHost",
    "127.0.0.1",
    "--blobPort",
    String(port),
    "--inMemoryPersistence",
    "--disableTelemetry",
    "--silent",
  ];
  // The SDK is newer than the emulator and names a version of the protocol it does not know yet.
  flags.push("--skipApiVersionCheck", "--blobKeepAliveTimeout", "600");
  let certificate: string | undefined;
  if (options.oauth === true) {
    certificate = await makeCertificate(folder);
    flags.push("--oauth", "basic", "--cert", join(folder, "cert.pem"), "--key", join(folder, "key.pem"));
  }
  const pidFile = join(folder, "pid");
  // A shell stands guard: its stdin closes when we end, even by SIGKILL, and it takes Azurite with it.
  const script = `"$@" </dev/null & echo $! > "${pidFile}"; cat >/dev/null; kill -9 $!; wait`;
  const guard = spawn("sh", ["-c", script, "azurite", process.execPath, MAIN, ...flags], {
    cwd: folder,
    stdio: ["pipe", "ignore", "pipe"],
  });
  let errors = "";
  guard.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const stop = (): Promise<void> => end(guard, folder);
  try {
    await eventually(
      "Azurite to listen",
      async () => {
        if (errors !== "") throw new Error(`Azurite did not start: ${errors}`);
        return await isListening(port);
      },
      30_000,
    );
  } catch (error) {
    await stop();
    throw error;
  }
  const endpoint = `${certificate === undefined ? "http" : "https"}://127.0.0.1:${port}/${AZURITE_ACCOUNT}`;
  const connectionString =
    `DefaultEndpointsProtocol=${endpoint.split(":")[0]};AccountName=${AZURITE_ACCOUNT}` +
    `;AccountKey=${AZURITE_KEY};BlobEndpoint=${endpoint};`;
  return {
    connectionString,
    endpoint,
    port,
    certificate,
    pid: Number(readFileSync(pidFile, "utf8")),
    async makeContainer(name = `test-${randomBytes(6).toString("hex")}`) {
      const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient(name);
      await container.create();
      return container;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function end(guard: ChildProcess, folder: string): Promise<void> {
  const ended =
    guard.exitCode !== null ? Promise.resolve() : new Promise((resolve) => guard.once("exit", resolve));
  guard.stdin?.end();
  await ended;
  await rm(folder, { recursive: true, force: true });
}

/** A certificate of its own for 127.0.0.1, valid for two days. */
async function makeCertificate(folder: string): Promise<string> {
  const out = join(folder, "cert.pem");
  await runOk("openssl", [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-days",
    "2",
    "-subj",
    "/CN=127.0.0.1",
    "-addext",
    "subjectAltName=IP:127.0.0.1",
    "-keyout",
    join(folder, "key.pem"),
    "-out",
    out,
  ]);
  return readFileSync(out, "utf8");
}
