import { spawn } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A user and group that a child process runs as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Who servers run as. PostgreSQL and PgBouncer refuse to be root, so root steps down to `postgres`,
 * else `nobody`; everybody else runs them as themselves (an empty object, so that it can be spread into
 * spawn options).
 */
export function serverAccount(): Account | Record<string, never> {
  if (process.getuid?.() !== 0) return {};
  const accounts = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const account =
    accounts.find(([name]) => name === "postgres") ?? accounts.find(([name]) => name === "nobody");
  if (account === undefined) {
    throw new Error("running as root, and /etc/passwd has neither postgres nor nobody to run PostgreSQL as");
  }
  return { uid: Number(account[2]), gid: Number(account[3]) };
}

/**
 * A new folder under the temporary folder. `account` owns it; others may enter, but not list, it. The
 * caller removes it.
 */
export function temporaryFolder(label: string, account: Account | Record<string, never> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), `hf-${label}-`));
  if (account.uid !== undefined) {
    chownSync(folder, account.uid, account.gid);
    chmodSync(folder, 0o711);
  }
  return folder;
}

/**
 * A temporary folder that goes away at the end of the block: `await using folder = scratchFolder("name")`.
 */
export function scratchFolder(label: string): AsyncDisposable & { readonly path: string } {
  const path = temporaryFolder(label);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** What a finished child left behind. `code` is null when a signal ended it. */
export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How {@link run} starts a child; `env` replaces the environment, `input` is written to stdin. */
export interface RunOptions {
  readonly env?: Record<string, string | undefined>;
  readonly cwd?: string;
  readonly input?: string | Uint8Array;
  readonly account?: Account | Record<string, never>;
  /** Kills the child with SIGKILL after this long; default 60 s. */
  readonly timeoutMs?: number;
}

/** Runs a program to its end and returns everything it said; a non-zero exit is a value, not an error. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: options.env ?? process.env,
      cwd: options.cwd,
      stdio: "pipe",
      timeout: options.timeoutMs ?? 60_000,
      killSignal: "SIGKILL",
      ...options.account,
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    // A child that does not read its input is its own business; the exit code tells.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      resolve({ code, signal, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
    });
  });
}

/** Like {@link run}, but throws with the child's own words unless it exits 0. */
export async function runOk(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { code, signal, stdout, stderr } = await run(command, args, options);
  if (code !== 0) {
    throw new Error(`${command} ${args.join(" ")} ended with ${code ?? signal}:\n${stdout}${stderr}`);
  }
  return stdout;
}

/** A TCP port on the loopback that nobody used a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => {
        resolve(port);
      });
    });
  });
}

/**
 * Asks `question` every 50 ms until it answers something other than undefined or false; throws
 * after `timeoutMs`.
 */
export async function eventually<T>(
  what: string,
  question: () => T | Promise<T>,
  timeoutMs = 20_000,
): Promise<NonNullable<T>> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const answer = await question();
    if (answer !== undefined && answer !== null && answer !== false) return answer;
    if (performance.now() > end) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Whether something on this machine accepts connections on the port. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => {
      resolve(false);
    });
  });
}
