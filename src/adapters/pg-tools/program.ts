import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import type { DatabaseAddress } from "../../ports/database.ts";
import type { ToolSet } from "../../ports/dump-tools.ts";
import type { ByteStream } from "../../kernel/streams.ts";
import type { Prefix } from "./large-writes.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import type { BaseEnvironment } from "./environment.ts";
import { Flow } from "./flow.ts";
import type { OutputSocket } from "./output-socket.ts";
import { heed, type ProgramBounds } from "./program-silence.ts";

/** Bytes of stderr that are remembered. */
const STDERR_MAX = 64 * 1024;
/**
 * Milliseconds a program has to end by itself after SIGTERM. pg_dump uses them to cancel its statement
 * on the server.
 */
const TERM_GRACE_MS = 5_000;

/** How a program ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** `exit code 3` or `signal SIGKILL`, for messages. */
export function describeEnding(ending: Ending): string {
  return ending.signal === null ? `exit code ${ending.code}` : `signal ${ending.signal}`;
}

/** Ends a process group when our own process is gone, `kill -9` included; disposing takes that back. */
export type Guard = (processGroup: number) => Disposable;

/** What every run of a program needs. */
export interface ProgramHost {
  readonly base: BaseEnvironment;
  readonly bounds: ProgramBounds;
  readonly guard: Guard | undefined;
}

/** How a program is started. */
export interface Start {
  readonly env: Record<string, string>;
  /** Where it connects to, as the environment says; absent of a program that asks no server. */
  readonly address?: DatabaseAddress;
  /** Where its standard output goes, to be read as {@link Program.content}; a pipe when absent. */
  readonly output?: OutputSocket;
  /** What its command line is put after. */
  readonly prefix?: Prefix | undefined;
  /** Called with every complete line of stderr. */
  readonly onLine?: (line: string) => void;
}

/**
 * One running PostgreSQL program. It is ended when it has gone silent: there is none that could be waited for
 * without that.
 */
export class Program {
  readonly name: string;
  /**
   * Settles after the program has ended *and* its pipes are drained; rejects when it could not be started, or
   * was ended because it had gone silent.
   */
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  readonly #flow: Flow | undefined;
  #stderr = "";
  /** Bytes of stderr, and bytes that were given to its stdin. */
  #complained = 0;
  #fed = 0;
  #gone = false;

  constructor(
    tools: ToolSet,
    name: string,
    args: readonly string[],
    { guard, bounds }: Pick<ProgramHost, "guard" | "bounds">,
    { env, address, output, prefix, onLine }: Start,
  ) {
    this.name = name;
    this.#flow = output === undefined ? undefined : new Flow(output.content);
    // Its own process group: a Ctrl-C at the terminal is for us, and pg_restore's workers can be
    // reached together.
    const [program, ...words] = [...(prefix ?? []), join(tools.binDir, name), ...args];
    this.#child = spawn(program, words, {
      env,
      stdio: ["pipe", output?.writer ?? "pipe", "pipe"],
      detached: true,
    });
    output?.writer.destroy();
    const guarded = this.#child.pid === undefined ? undefined : guard?.(this.#child.pid);
    // With the pipes, not with the leader: its workers hold them too.
    this.#child.once("close", () => guarded?.[Symbol.dispose]());
    const silence = heed({
      name,
      processGroup: this.#child.pid,
      bounds,
      server: address === undefined ? undefined : { address, applicationName: env["PGAPPNAME"]! },
      heard: () => this.#heard(),
      end: () => void this.stop(),
    });
    this.ended = new Promise((resolve, reject) => {
      this.#child.once("error", (error) => {
        if (this.#child.pid === undefined) reject(notStarted(tools, name, error));
      });
      this.#child.once("close", (code, signal) => {
        this.#gone = true;
        silence[Symbol.dispose]();
        if (silence.failure === undefined) resolve({ code, signal });
        else reject(silence.failure);
      });
    });
    this.ended.catch(() => undefined);
    // Its end is told by `ended`; a broken pipe is no news of its own.
    this.stdin.on("error", () => undefined);
    this.#listen(onLine);
  }

  /** What it writes to the {@link Start.output} that it was given. */
  get content(): ByteStream {
    return this.#flow!;
  }

  /** Changes with every byte that it takes or gives; undefined while it waits for us. */
  #heard(): string | undefined {
    const { writableLength, writableEnded, destroyed } = this.stdin;
    const isFed = writableLength > 0 || writableEnded || destroyed;
    if (!isFed || this.#flow?.isAwaited === false) return undefined;
    const written = this.#flow?.chunks ?? 0;
    return `${this.#fed - writableLength} ${written} ${this.#complained}`;
  }

  get stdin(): Writable {
    return this.#child.stdin!;
  }

  get stdout(): Readable {
    return this.#child.stdout!;
  }

  /** The last 64 kB it wrote to stderr. */
  get stderr(): string {
    return this.#stderr;
  }

  #listen(onLine: ((line: string) => void) | undefined): void {
    let rest = "";
    const stderr = this.#child.stderr!;
    stderr.setEncoding("utf8");
    stderr.on("data", (text: string) => {
      this.#complained += text.length;
      this.#stderr = (this.#stderr + text).slice(-STDERR_MAX);
      if (onLine === undefined) return;
      const lines = (rest + text).split("\n");
      // A line without end would otherwise be kept whole.
      rest = lines.pop()!.slice(0, STDERR_MAX);
      for (const line of lines) onLine(line);
    });
    stderr.on("end", () => {
      if (rest !== "") onLine?.(rest);
    });
  }

  /** Ends the program, politely first, and waits until it is gone. */
  async stop(): Promise<void> {
    if (!this.#gone) this.#child.kill("SIGTERM");
    const force = setTimeout(() => this.#force(), TERM_GRACE_MS);
    this.stdin.destroy();
    this.#child.stdout?.destroy();
    await this.ended.catch(() => undefined);
    clearTimeout(force);
  }

  /** The whole group: workers of a leader that does not listen any more would go on writing. */
  #force(): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, "SIGKILL");
    } catch {
      /* it ended in this very moment */
    }
  }

  /**
   * Feeds a stream to stdin until it ends or the program does not want any more.
   *
   * @throws what the stream throws
   */
  async feed(source: ByteStream): Promise<void> {
    // One that waits and is woken, not a race for every chunk: whatever loses a race is kept by what it was
    // run against, and the program's end is as far off as the stream's.
    let wake = (): void => undefined;
    let isOver = this.#gone || this.stdin.destroyed;
    const over = (): void => {
      isOver = true;
      wake();
    };
    this.ended.then(over, over);
    this.stdin.once("close", over);
    this.stdin.on("drain", () => wake());
    for await (const chunk of source) {
      if (isOver) return;
      this.#fed += chunk.length;
      this.stdin.write(chunk);
      while (this.stdin.writableNeedDrain && !isOver) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (isOver) return;
    }
    this.stdin.end();
  }
}

function notStarted(tools: ToolSet, name: string, error: unknown): HoldfastError {
  return new HoldfastError(
    "tool.missing",
    `${join(tools.binDir, name)} cannot be started: ${(error as Error).message}`,
    {
      hint: "Install the PostgreSQL client programs, or point HOLDFAST_PG_BIN at the folder that holds them.",
      cause: error,
    },
  );
}
