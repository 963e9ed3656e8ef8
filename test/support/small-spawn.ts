import { createRequire } from "node:module";
import type * as ChildProcess from "node:child_process";
import { EventEmitter } from "node:events";
import { createInterface } from "node:readline";
import { PassThrough, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

/** What the small process is asked for while a program runs; bytes are base64. */
type Request =
  { readonly input: string } | { readonly inputEnds: true } | { readonly signal: NodeJS.Signals };
/** What it tells. */
interface Told {
  readonly id: number;
  readonly pid?: number;
  readonly stdout?: string;
  readonly stderr?: string;
  readonly error?: { readonly message: string };
  readonly ended?: { readonly code: number | null; readonly signal: NodeJS.Signals | null };
}
interface Program {
  readonly file: string;
  readonly words: readonly string[];
  readonly cwd: string | undefined;
  readonly env: NodeJS.ProcessEnv;
}

const PLACE = Symbol.for("holdfast.test.small-spawn");
type Spawn = (file: string, words: readonly string[], options: ChildProcess.SpawnOptions) => unknown;
// The module itself, which every test file of a worker shares: one small process for all of them.
const children = createRequire(import.meta.url)("node:child_process") as unknown as {
  spawn: Spawn;
  [PLACE]?: true;
};

/** Readers of histories run git by the hundred, and their tests by the ten thousand. */
const SMALL_PROGRAMS = ["git"];

/**
 * From now on a small process starts git where the tests' own process was asked to: starting a program copies
 * the page tables of whoever starts it, which takes a worker of the tests ten times longer than what git then
 * does. What comes back behaves as Node's own child does, in as far as whoever runs git needs it; a call for
 * anything else than three pipes is Node's own.
 *
 * @param started told of every program that is started so
 */
export function spawnSmall(started: (call: string) => void): void {
  if (children[PLACE] === true) return;
  children[PLACE] = true;
  const real = children.spawn;
  let starter: Starter | undefined;
  children.spawn = function (file, words, options, ...rest: unknown[]): unknown {
    if (!SMALL_PROGRAMS.includes(file) || !hasThreePipes(options)) {
      return (real as (...all: unknown[]) => unknown).call(this, file, words, options, ...rest);
    }
    started(`spawn ${file}`);
    starter ??= new Starter(real);
    return starter.start(
      { file, words, cwd: options.cwd?.toString(), env: options.env ?? process.env },
      options.signal,
    );
  };
}

function hasThreePipes(options: ChildProcess.SpawnOptions | undefined): boolean {
  const { stdio, detached, shell, uid, gid } = options ?? {};
  const pipes = Array.isArray(stdio) && stdio.length === 3 && stdio.every((each) => each === "pipe");
  return pipes && detached !== true && (shell ?? false) === false && (uid ?? gid) === undefined;
}

/** The small process, and who waits for what it tells. */
class Starter {
  readonly #process: ChildProcess.ChildProcess;
  readonly #running = new Map<number, SmallChild>();
  #last = 0;

  constructor(spawn: Spawn) {
    const script = fileURLToPath(new URL("small-spawn-helper.mjs", import.meta.url));
    this.#process = spawn(process.execPath, [script], {
      stdio: ["pipe", "pipe", "inherit"],
    }) as ChildProcess.ChildProcess;
    this.#hold(false);
    createInterface({ input: this.#process.stdout! }).on("line", (line) => {
      const told = JSON.parse(line) as Told;
      this.#running.get(told.id)?.hear(told);
      if (told.ended !== undefined || told.error !== undefined) this.#running.delete(told.id);
      if (this.#running.size === 0) this.#hold(false);
    });
  }

  start(program: Program, signal: AbortSignal | undefined): SmallChild {
    const id = (this.#last += 1);
    const child = new SmallChild((request) => {
      this.#process.stdin!.write(`${JSON.stringify({ id, ...request })}\n`);
    }, signal);
    this.#running.set(id, child);
    this.#hold(true);
    this.#process.stdin!.write(`${JSON.stringify({ id, program })}\n`);
    return child;
  }

  /** Whether this process stays because something runs there. */
  #hold(runs: boolean): void {
    const pipes = [this.#process, this.#process.stdin, this.#process.stdout] as unknown as NodeJS.Timeout[];
    for (const each of pipes) {
      if (runs) each.ref();
      else each.unref();
    }
  }
}

type Ask = (request: Request) => void;

/** Stands for a child of the small process. */
class SmallChild extends EventEmitter {
  readonly stdin: Writable;
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly stdio: readonly unknown[];
  pid: number | undefined;
  exitCode: number | null = null;
  signalCode: NodeJS.Signals | null = null;
  killed = false;
  readonly #ask: Ask;

  constructor(ask: Ask, signal: AbortSignal | undefined) {
    super();
    this.#ask = ask;
    this.stdin = new Writable({
      write(bytes: Buffer, _encoding, done) {
        ask({ input: bytes.toString("base64") });
        done();
      },
      final(done) {
        ask({ inputEnds: true });
        done();
      },
    });
    this.stdio = [this.stdin, this.stdout, this.stderr];
    signal?.addEventListener("abort", () => {
      if (this.#isOver()) return;
      this.kill();
      this.emit("error", Object.assign(new Error("The operation was aborted"), { name: "AbortError" }));
    });
  }

  kill(signal: NodeJS.Signals = "SIGTERM"): boolean {
    if (this.#isOver()) return false;
    this.killed = true;
    this.#ask({ signal });
    return true;
  }

  hear({ pid, stdout, stderr, error, ended }: Told): void {
    if (pid !== undefined) {
      this.pid = pid;
      this.emit("spawn");
    }
    if (stdout !== undefined) this.stdout.write(Buffer.from(stdout, "base64"));
    if (stderr !== undefined) this.stderr.write(Buffer.from(stderr, "base64"));
    if (error !== undefined) this.#end({ code: -2, signal: null }, error);
    else if (ended !== undefined) this.#end(ended);
  }

  #isOver(): boolean {
    return this.exitCode !== null || this.signalCode !== null;
  }

  /** In Node's order; closed is a child when its output was taken, too. What nobody reads is thrown away. */
  #end({ code, signal }: NonNullable<Told["ended"]>, error?: Told["error"]): void {
    if (this.#isOver()) return;
    [this.exitCode, this.signalCode] = [code, signal];
    this.stdin.destroy();
    if (error === undefined) this.emit("exit", code, signal);
    else this.emit("error", Object.assign(new Error(error.message), error));
    let open = 2;
    for (const stream of [this.stdout, this.stderr]) {
      stream.once("close", () => {
        open -= 1;
        if (open === 0) this.emit("close", code, signal);
      });
      stream.end();
      if (stream.readableFlowing !== true && stream.listenerCount("readable") === 0) stream.resume();
    }
  }
}
