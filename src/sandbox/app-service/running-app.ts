import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { connect, createServer, type AddressInfo } from "node:net";
import type { Clock } from "../../ports/clock.ts";
import type { Start } from "./package.ts";

/** What running somebody's package needs from outside. */
export interface Running {
  readonly clock: Pick<Clock, "sleep" | "elapsed">;
  /** Ends a process group when this process is gone, by whatever; disposing takes that back. */
  readonly guard: (processGroup: number) => Disposable;
  /** PATH of the package's process; nothing else of our environment is given to it. */
  readonly path: string;
  /** Hears what the package prints, line by line. */
  readonly printed: (line: string) => void;
}

/** How long an app may take to listen, and how long one that is told to end may take. */
const START_MS = 30_000;
const STOP_MS = 3_000;
const LOOK_EVERY_MS = 20;

/** A package that runs: a process group of its own, listening on a port of loopback. */
export class RunningApp implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #will: Disposable | undefined;
  readonly #running: Running;
  readonly #gone: Promise<unknown>;
  #ready: Promise<boolean> | undefined;

  private constructor(child: ChildProcess, port: number, running: Running) {
    this.port = port;
    this.#child = child;
    this.#running = running;
    this.#will = child.pid === undefined ? undefined : running.guard(child.pid);
    // A program that cannot be started is told by `error`, and then nothing exits.
    this.#gone = Promise.race([once(child, "exit"), once(child, "error")]).catch(() => undefined);
  }

  /**
   * Starts a package as App Service's Node image does: with its settings as environment, and PORT.
   * Whether it listens is told by {@link isReady}.
   */
  static async start(
    start: Start,
    settings: Readonly<Record<string, string>>,
    running: Running,
  ): Promise<RunningApp> {
    const port = await freePort();
    const [program, ...words] = start.command;
    const child = spawn(program, words, {
      cwd: start.folder,
      env: {
        PATH: running.path,
        HOME: start.folder,
        NODE_ENV: "production",
        ...settings,
        PORT: String(port),
      },
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text: string) => {
        for (const line of text.split("\n")) if (line.trim() !== "") running.printed(line);
      });
    }
    return new RunningApp(child, port, running);
  }

  get hasEnded(): boolean {
    return this.#child.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Waits until it listens; false where it has ended instead, or has not listened in time. */
  isReady(): Promise<boolean> {
    return (this.#ready ??= this.#listens());
  }

  /** The status with which it answers a path; undefined where it does not. */
  async ping(path: string, signal: AbortSignal): Promise<number | undefined> {
    if (!(await this.isReady())) return undefined;
    const asked = request({ host: "127.0.0.1", port: this.port, path, agent: false, signal });
    asked.setTimeout(START_MS, () => asked.destroy(new Error("no answer")));
    asked.end();
    try {
      const [answer] = (await once(asked, "response")) as [IncomingMessage];
      answer.resume();
      answer.on("error", () => undefined);
      return answer.statusCode;
    } catch {
      signal.throwIfAborted();
      return undefined;
    }
  }

  /** Ends it, and whatever it has started: politely, then by force. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { pid } = this.#child;
    if (pid !== undefined) {
      signalGroup(pid, "SIGTERM");
      const late = new AbortController();
      const isLate = this.#running.clock.sleep(STOP_MS, late.signal).then(
        () => true,
        () => false,
      );
      if (!this.hasEnded) await Promise.race([this.#gone, isLate]);
      late.abort();
      // Also when it has ended: what it started may not have.
      signalGroup(pid, "SIGKILL");
      if (!this.hasEnded) await this.#gone;
    }
    this.#will?.[Symbol.dispose]();
  }

  async #listens(): Promise<boolean> {
    const { clock } = this.#running;
    for (const until = clock.elapsed() + START_MS; clock.elapsed() < until;) {
      if (this.hasEnded) return false;
      if (await isListening(this.port)) return true;
      await clock.sleep(LOOK_EVERY_MS);
    }
    return false;
  }
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // It is gone already.
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
