import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { BlobServiceClient, type ContainerClient } from "@azure/storage-blob";

/**
 * The account and key every Azurite has; public knowledge:
 * https://learn.microsoft.com/azure/storage/common/storage-use-azurite
 */
export const AZURITE_ACCOUNT = "devstoreaccount1";
const AZURITE_KEY =
  "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/** Microsoft's emulator of Azure Blob Storage, on the loopback, everything in memory. */
export interface PrivateAzurite extends AsyncDisposable {
  readonly connectionString: string;
  readonly key: string;
  /** Process id of Azurite itself, to measure it. */
  readonly pid: number;
  container(name: string): ContainerClient;
}

const MAIN = join(
  dirname(createRequire(import.meta.url).resolve("azurite/package.json")),
  "dist/src/blob/main.js",
);
const START_TIMEOUT_MS = 30_000;

/**
 * Its parent: waits for the end of its stdin, which also comes when we are killed, and leaves nothing behind.
 * Words: the folder, the command.
 */
const GUARD = `folder=$1; shift
trap : INT TERM HUP
"$@" </dev/null & pid=$!
echo "$pid"
while read -r line; do :; done
kill -9 "$pid" 2>/dev/null; wait "$pid" 2>/dev/null
cd / && rm -rf "$folder"`;

/** Starts Azurite on a free port (or the one given) and waits until it listens. */
export async function startPrivateAzurite(port?: number): Promise<PrivateAzurite> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-azurite-"));
  const blobPort = String(port ?? (await freePort()));
  const flags = [
    "--blobHost",
    "127.0.0.1",
    "--blobPort",
    blobPort,
    "--inMemoryPersistence",
    "--disableTelemetry",
    "--silent",
  ];
  // The SDK is newer than the emulator and names a version of the protocol it does not know yet.
  flags.push("--skipApiVersionCheck");
  const guard = spawn("/bin/sh", ["-c", GUARD, "azurite", folder, process.execPath, MAIN, ...flags], {
    // A process group of its own: Ctrl-C is for us, and we stop it when nobody needs it any more.
    cwd: folder,
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  let words = "";
  guard.stderr.on("data", (chunk: Buffer) => (words += chunk.toString()));
  guard.stdin.on("error", () => undefined);
  const gone = once(guard, "exit");
  const stop = async (): Promise<void> => {
    guard.stdin.end();
    await gone;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const [first] = (await Promise.race([
      once(guard.stdout, "data"),
      gone.then(() => [Buffer.from("")]),
    ])) as [Buffer];
    const pid = Number(first.toString().trim());
    await listening(Number(blobPort), () => words);
    const endpoint = `http://127.0.0.1:${blobPort}/${AZURITE_ACCOUNT}`;
    const connectionString =
      `DefaultEndpointsProtocol=http;AccountName=${AZURITE_ACCOUNT};AccountKey=${AZURITE_KEY}` +
      `;BlobEndpoint=${endpoint};`;
    const service = BlobServiceClient.fromConnectionString(connectionString);
    return {
      connectionString,
      key: AZURITE_KEY,
      pid,
      container: (name) => service.getContainerClient(name),
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function listening(port: number, words: () => string): Promise<void> {
  const end = performance.now() + START_TIMEOUT_MS;
  while (!(await answers(port))) {
    if (words() !== "" || performance.now() > end) {
      throw new Error(`Azurite did not start: ${words() || "it does not listen"}`);
    }
    await delay(25);
  }
}

/** Whether something listens on this port of the loopback. */
export function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
