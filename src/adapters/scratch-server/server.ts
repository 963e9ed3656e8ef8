import { execFile, spawn, type ChildProcess } from "node:child_process";
import { chown, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ToolSet } from "../../ports/dump-tools.ts";
import type { DatabaseAddress } from "../../ports/database.ts";
import type { ScratchServer } from "../../ports/scratch-server.ts";
import { diskTrouble } from "../../kernel/disk-trouble.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import { serverAccount, type Account } from "./account.ts";
import { ownershipOf } from "./ownership.ts";
import { serverSettings } from "./settings.ts";
import { WATCHDOG } from "./watchdog.ts";

/** Folder names begin with this and the owner's process id, so that leftovers can be told from live ones. */
export const SCRATCH_PREFIX = "holdfast-scratch-";

/** A socket's path has to fit into 107 bytes: https://man7.org/linux/man-pages/man7/unix.7.html */
const SOCKET_PATH_MAX = 107;
/** Milliseconds; a slow disk takes seconds. */
const INITDB_TIMEOUT_MS = 5 * 60_000;
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;

/**
 * Makes a server's data folder at a path.
 *
 * @param initdb makes it there as the programs do
 */
export type MakeDataFolder = (tools: ToolSet, data: string, initdb: () => Promise<void>) => Promise<void>;

/** Starts a server from the given installation and waits until it accepts connections. */
export async function startServer(
  tools: ToolSet,
  root: string,
  makeDataFolder?: MakeDataFolder,
): Promise<ScratchServer> {
  const account = serverAccount();
  const folder = await makeFolder(root, account);
  try {
    const initdb = (): Promise<void> => initialise(tools, folder, account);
    await (makeDataFolder === undefined ? initdb() : makeDataFolder(tools, join(folder, "data"), initdb));
    const watchdog = spawnWatchdog(tools, folder, account);
    try {
      await ready(folder, watchdog);
    } catch (error) {
      await stop(watchdog, folder);
      throw error;
    }
    let stopped: Promise<void> | undefined;
    return {
      major: tools.major,
      address: (database) => addressOf(folder, database),
      [Symbol.asyncDispose]: () => (stopped ??= stop(watchdog, folder)),
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function makeFolder(root: string, account: Account): Promise<string> {
  const name = `${SCRATCH_PREFIX}${process.pid}-`;
  const tooLong = Buffer.byteLength(join(root, `${name}XXXXXX`, ".s.PGSQL.5432")) > SOCKET_PATH_MAX;
  const folder = await mkdtemp(join(tooLong ? "/tmp" : root, name)).catch((error: unknown) => {
    throw diskTrouble(error, "making a folder for a scratch server");
  });
  try {
    await writeFile(join(folder, "owner"), await ownershipOf(process.pid));
    if (account.uid !== undefined && account.gid !== undefined) await chown(folder, account.uid, account.gid);
  } catch (error) {
    // Without an owner no sweep would ever take it.
    await rm(folder, { recursive: true, force: true });
    throw diskTrouble(error, "making a folder for a scratch server");
  }
  return folder;
}

function initialise(tools: ToolSet, folder: string, account: Account): Promise<void> {
  const args = [
    "--pgdata",
    join(folder, "data"),
    "--username=postgres",
    "--auth=trust",
    "--encoding=UTF8",
    "--locale=C",
    "--no-sync",
  ];
  return new Promise((resolve, reject) => {
    execFile(
      join(tools.binDir, "initdb"),
      args,
      { cwd: folder, env: environment(folder), timeout: INITDB_TIMEOUT_MS, ...owner(account) },
      (error, _stdout, stderr) => {
        if (error === null) resolve();
        else reject(startFailed(tools, stderr.trim() || error.message));
      },
    );
  });
}

function spawnWatchdog(tools: ToolSet, folder: string, account: Account): ChildProcess {
  const settings = Object.entries(serverSettings(folder)).flatMap(([name, value]) => [
    "-c",
    `${name}=${value}`,
  ]);
  const words = [join(tools.binDir, "postgres"), folder, "-D", join(folder, "data"), ...settings];
  // Its own process group: a Ctrl-C at the terminal is for us, and we end the server in order.
  const child = spawn("/bin/sh", ["-c", WATCHDOG, "holdfast-watchdog", ...words], {
    cwd: folder,
    env: environment(folder),
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    ...owner(account),
  });
  child.on("error", () => undefined);
  child.stdin.on("error", () => undefined);
  // The server must not keep us alive when everything else is done; the pipe's end then removes it.
  child.unref();
  (child.stdin as unknown as { unref?: () => void }).unref?.();
  return child;
}

/** Waits for the word `ready` in the eighth line of postmaster.pid, as pg_ctl does. */
async function ready(folder: string, watchdog: ChildProcess): Promise<void> {
  const pidFile = join(folder, "data", "postmaster.pid");
  const deadline = AbortSignal.timeout(START_TIMEOUT_MS);
  for (;;) {
    const text = await readFile(pidFile, "utf8").catch(() => "");
    if (text.split("\n")[7]?.trim() === "ready") return;
    const log = await readFile(join(folder, "log"), "utf8").catch(() => "");
    if (watchdog.exitCode !== null || deadline.aborted || /FATAL|could not access/.test(log)) {
      throw startFailed(undefined, log.trim().split("\n").slice(-5).join("\n") || "it did not become ready");
    }
    await delay(25);
  }
}

/** Closes the watchdog's stdin and waits until it has stopped the server and removed the folder. */
async function stop(watchdog: ChildProcess, folder: string): Promise<void> {
  watchdog.ref();
  const gone =
    watchdog.exitCode !== null || watchdog.signalCode !== null
      ? Promise.resolve()
      : new Promise<void>((resolve) => watchdog.once("exit", () => resolve()));
  watchdog.stdin!.end();
  const late = delay(STOP_TIMEOUT_MS, "late" as const, { ref: false });
  if ((await Promise.race([gone, late])) === "late" && watchdog.pid !== undefined) {
    // The whole group: the watchdog and the server.
    try {
      process.kill(-watchdog.pid, "SIGKILL");
    } catch {
      /* it ended in this very moment */
    }
    await gone;
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

function addressOf(folder: string, database: string): DatabaseAddress {
  return {
    host: folder,
    port: 5432,
    user: "postgres",
    password: undefined,
    database,
    sslMode: "disable",
    sslRootCert: undefined,
    options: undefined,
  };
}

function owner(account: Account): { uid?: number; gid?: number } {
  return account.uid === undefined || account.gid === undefined ? {} : { uid: account.uid, gid: account.gid };
}

function environment(folder: string): Record<string, string> {
  return { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", HOME: folder, TMPDIR: tmpdir(), LC_ALL: "C", TZ: "UTC" };
}

function startFailed(tools: ToolSet | undefined, words: string): HoldfastError {
  const which = tools === undefined ? "" : ` ${tools.version} from ${tools.binDir}`;
  return new HoldfastError("tool.failed", `a scratch PostgreSQL server${which} did not start: ${words}`, {
    hint:
      "Read the server's words in the message. As root the server runs as another user, who must be able " +
      "to enter TMPDIR; or name another server (--scratch; of migrate-check, --shadow).",
  });
}
